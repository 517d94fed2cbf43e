import {execFile, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {createServer, type AddressInfo, type Server} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {root} from './harness.ts'

const launcher = join(root, 'bin/meshwright')

function launched(args: readonly string[], stdin = '') {
  const {status, stdout, stderr} = spawnSync(launcher, args, {encoding: 'utf8', cwd: root, input: stdin})
  return {status, stdout, stderr}
}

it('the launcher runs the bundle and passes on its exit code', () => {
  expect(launched(['version'])).toMatchObject({status: 0, stderr: ''})
  expect(launched(['inject', '-f', '-'], 'a: [')).toMatchObject({status: 1, stdout: ''})
  expect(launched(['injct'])).toMatchObject({status: 2, stdout: ''})
})

it('a reader that closes the pipe early is no error', async () => {
  const args = [
    'inject',
    '-f',
    'examples/shop',
    '--config',
    'examples/shop/mesh.yaml',
    '--mesh',
    'linkerd',
    '-o',
    'json',
  ]
  const child = spawn(launcher, args, {cwd: root, stdio: ['ignore', 'pipe', 'pipe']})
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(stderr).not.toContain('EPIPE')
})

it('an unexpected error shows its stack only when asked', () => {
  const broken = {encoding: 'utf8', cwd: root, input: 'apiVersion: v1\n'} as const
  const quiet = spawnSync(launcher, ['inject', '-f', '/proc/self/mem'], broken)
  expect(quiet.status).toBe(1)
  expect(quiet.stderr).toMatch(/^meshwright: cannot read \/proc\/self\/mem: /)
  expect(quiet.stderr).not.toMatch(/^\s+at /m)
})

it('what is injected arrives whole, however slowly it is read', async () => {
  const shop = Array.from({length: 10}, () => ['-f', 'examples/shop']).flat()
  const args = ['inject', ...shop, '--config', 'examples/shop/mesh.yaml', '--mesh', 'linkerd']
  const child = spawn(launcher, args, {cwd: root, stdio: ['ignore', 'pipe', 'ignore']})
  let size = 0
  for await (const chunk of child.stdout) {
    size += chunk.length
    if (size < 300_000) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const whole = launched(['inject', '-f', 'examples/shop', '--config', 'examples/shop/mesh.yaml', '--mesh', 'linkerd'])
  expect(size).toBe(10 * (Buffer.byteLength(whole.stdout) + 4) - 4)
})

describe('a command that cannot start ends, whatever it has opened already', () => {
  // Nobody answers there, and the watches go on trying.
  const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`
  let folder: string
  let taken: Server
  let busy: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meshwright-process-'))
    await writeFile(join(folder, 'kubeconfig'), kubeconfig)
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    busy = String((taken.address() as AddressInfo).port)
  })
  afterAll(async () => {
    taken.close()
    await rm(folder, {recursive: true})
  })

  /** What it said last, and its exit code; null where it had to be killed. */
  async function end(...args: readonly string[]): Promise<{code: unknown; stderr: string}> {
    const {promise, resolve} = Promise.withResolvers<{code: unknown; stderr: string}>()
    execFile(launcher, args, {cwd: folder, timeout: 15_000, killSignal: 'SIGKILL'}, (error, _stdout, stderr) => {
      resolve({code: error === null ? 0 : error.code, stderr})
    })
    return promise
  }

  it('a webhook of a cluster without its certificate', async () => {
    const {code, stderr} = await end('webhook', '--kubeconfig', 'kubeconfig', '--cert-dir', '.', '--port', '0')
    expect(stderr).toMatch(/^meshwright: MW5101 /m)
    expect(code).toBe(1)
  })

  it('a webhook whose port is taken, while its metrics are served', async () => {
    const config = ['--config', join(root, 'examples/shop/mesh.yaml')]
    const ports = ['--host', '127.0.0.1', '--port', busy, '--metrics-port', '0']
    const {code, stderr} = await end('webhook', ...config, ...ports)
    expect(stderr).toMatch(/^meshwright: cannot listen on 127\.0\.0\.1:/m)
    expect(code).toBe(1)
  })

  it('a controller whose second port is taken', async () => {
    const ports = ['--host', '127.0.0.1', '--health-port', '0', '--metrics-port', busy]
    const {code, stderr} = await end('controller', '--kubeconfig', 'kubeconfig', ...ports)
    expect(stderr).toMatch(/^meshwright: cannot listen on 127\.0\.0\.1:/m)
    expect(code).toBe(1)
  })
})
