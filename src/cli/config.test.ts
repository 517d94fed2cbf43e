import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {run} from './program.ts'

let cwd: string
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'cli-config-'))
  await writeFile(
    join(cwd, 'mesh.yaml'),
    `mesh: {type: linkerd, autoInject: true}
environments:
  staging: {mesh: {telemetry: {samplingRate: 1}}}
  production: {extends: staging, use: secure, mesh: {tracing: {sampleRate: 0.1}}}
`,
  )
  await writeFile(join(cwd, 'bad.yaml'), 'mesh:\n  typ: istio\n  autoInject: 7\n')
})
afterAll(() => rm(cwd, {recursive: true, force: true}))

async function config(line: string, {stdin = '', env = {}}: {stdin?: string; env?: Record<string, string>} = {}) {
  let stdout = ''
  let stderr = ''
  const code = await run(['config', ...line.split(' ')], {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: {write: (text) => (stdout += text)},
    stderr: {write: (text) => (stderr += text)},
    env,
    cwd,
  })
  return {code, stdout, stderr}
}

describe('config render', () => {
  test('prints the environment that is asked for, with origins', async () => {
    const {code, stdout} = await config('render --config mesh.yaml --env staging')
    expect({code, stdout}).toEqual({
      code: 0,
      stdout: `mesh:
  type: linkerd # mesh.yaml:1:14 (base)
  autoInject: true # mesh.yaml:1:35 (base)
  telemetry:
    samplingRate: 1 # mesh.yaml:3:46 (environment staging)
`,
    })
  })

  test('takes the environment from MESHWRIGHT_ENV where no flag names one', async () => {
    const env = {MESHWRIGHT_ENV: 'production'}
    const {stdout} = await config('render --config mesh.yaml -o json', {env})
    expect(JSON.parse(stdout)).toMatchObject({mesh: {telemetry: {samplingRate: 0.1}, security: {mutualTLS: true}}})
    const other = await config('render --config mesh.yaml -o json --env staging', {env})
    expect(JSON.parse(other.stdout)).toMatchObject({mesh: {telemetry: {samplingRate: 1}}})
  })

  test('lays later files over earlier ones, and --mesh over all', async () => {
    const {stdout} = await config('render --config mesh.yaml --config - --mesh consul', {
      stdin: 'mesh: {autoInject: false}',
    })
    expect(stdout).toContain('type: consul # (--mesh)\n')
    expect(stdout).toContain('autoInject: false # stdin:1:20 (base)\n')
  })

  test('tells on stderr what the mesh cannot follow', async () => {
    const {code, stderr} = await config('render --config - --mesh linkerd', {
      stdin: 'mesh: {telemetry: {metrics: [request_count]}}',
    })
    expect(code).toBe(0)
    expect(stderr).toContain('mesh.telemetry.metrics')
  })

  test('of a bad file tells every mistake, and nothing on stdout', async () => {
    expect(await config('render --config bad.yaml')).toEqual({
      code: 1,
      stdout: '',
      stderr: `bad.yaml:2:3 MW4003 unknown key mesh.typ; did you mean type?
bad.yaml:3:15 MW4009 mesh.autoInject must be true or false, found 7
`,
    })
  })

  test('of an unknown environment names the nearest', async () => {
    expect(await config('render --config mesh.yaml --env prodution')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'MW4012 unknown environment "prodution"; did you mean production?\n',
    })
  })
})

describe('config diff', () => {
  test('prints what differs and ends with 1', async () => {
    expect(await config('diff --config mesh.yaml --env ..production')).toEqual({
      code: 1,
      stdout: `--- base
+++ production
+mesh.security.mutualTLS: true  # (template secure)
+mesh.sidecar.proxy.config.enableProfiling: false  # (template secure)
+mesh.telemetry.samplingRate: 0.1  # mesh.yaml:4:76 (environment production)
`,
      stderr: '',
    })
    const {code, stdout} = await config('diff --config mesh.yaml --env staging..production -o json')
    expect([code, JSON.parse(stdout)[0]]).toMatchObject([
      1,
      {key: 'mesh.telemetry.samplingRate', from: {value: 1}, to: {value: 0.1}},
    ])
  })

  test('ends with 0 and no word where nothing does', async () => {
    expect(await config('diff --config mesh.yaml --env staging..staging')).toEqual({code: 0, stdout: '', stderr: ''})
  })

  test.each(['diff --config mesh.yaml', 'diff --config mesh.yaml --env production', 'diff --env a..b --mesh nginx'])(
    '%s is a usage error',
    async (line) => {
      const {code, stdout, stderr} = await config(line)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).not.toBe('')
    },
  )
})

describe('config explain', () => {
  test('tells what a key means, who sets it and what each mesh does', async () => {
    const {code, stdout} = await config('explain --config mesh.yaml mesh.tracing.sampleRate')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^KEY: +mesh.telemetry.samplingRate\nTYPE: +a number from 0 to 1/)
    expect(stdout).toContain('  production  0.1     mesh.yaml:4:76 (environment production)\n')
    expect(stdout).toMatch(/ON EACH MESH:\n  istio .*\n  linkerd .*\n  consul .*\n$/)
  })

  test('needs no configuration', async () => {
    const {code, stdout} = await config('explain mesh.autoInject -o json')
    expect([code, JSON.parse(stdout)]).toMatchObject([0, {key: 'mesh.autoInject', values: [{value: 'absent'}]}])
  })

  test('of an unknown key names the nearest and ends with 2', async () => {
    const {code, stderr} = await config('explain mesh.telemetri')
    expect([code, stderr]).toEqual([2, 'meshwright: unknown key mesh.telemetri; did you mean telemetry?\n'])
  })
})

test('config schema prints a JSON Schema', async () => {
  const {code, stdout} = await config('schema')
  expect([code, JSON.parse(stdout)]).toMatchObject([0, {$schema: 'https://json-schema.org/draft/2020-12/schema'}])
})
