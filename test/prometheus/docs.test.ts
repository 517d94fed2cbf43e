import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {recordingRules} from '../../src/monitoring/recording.ts'
import {istio} from './expositions.ts'
import {metricsIn} from './expression.ts'
import {needsPrometheus} from './install.ts'
import {manifests} from './rules.ts'
import {serveExpositions, startPrometheus, vectorOf, type Prometheus} from './server.ts'

// docs/metrics.md is run: its program compiles against the package as it is built, and reports what a real Prometheus has
// scraped; its expressions give numbers. Needs `make build`.

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8')
const blocksOf = (mark: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${mark}\\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)
const recorded = Object.values(recordingRules).flatMap((rules) => rules.map(({record}) => record))

test('the page names every series that a dashboard may read', () => {
  for (const series of recorded.filter((name) => !name.endsWith(':info'))) expect(page).toContain(`\`${series}\``)
})

await needsPrometheus('the page on metrics', (programs) => {
  let folder = ''
  let served: Awaited<ReturnType<typeof serveExpositions>>
  let prometheus: Prometheus
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-metrics-page-'))
    mkdirSync(join(folder, 'node_modules', '@types'), {recursive: true})
    symlinkSync(root, join(folder, 'node_modules', 'meshwright'))
    symlinkSync(join(root, 'node_modules', '@types/node'), join(folder, 'node_modules', '@types/node'))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({type: 'module', private: true}))
    writeFileSync(join(folder, 'page.ts'), blocksOf('ts').join('\n'))
    served = await serveExpositions({istio})
    const rules = readFileSync(join(manifests, 'prometheus/recording-istio.yaml'), 'utf8')
    prometheus = await startPrometheus(programs, [`${served.address}/istio`], [rules.replaceAll('15s', '500ms')])
    await prometheus.scraped(8)
  })
  afterAll(async () => {
    await prometheus.stop()
    await served.stop()
    rmSync(folder, {recursive: true, force: true})
  })

  test('has a program that compiles', () => {
    const compilerOptions = {
      target: 'es2024',
      module: 'nodenext',
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: ['node'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({compilerOptions, files: ['page.ts']}))
    const compiler = join(root, 'node_modules', '.bin', 'tsc')
    const {status, stdout} = spawnSync(compiler, ['-p', '.'], {cwd: folder, encoding: 'utf8'})
    expect({status, stdout}).toEqual({status: 0, stdout: ''})
  })

  test('has a program that reports what Prometheus knows', async () => {
    const env = {
      PATH: process.env['PATH'],
      MESHWRIGHT_MODE: 'local',
      MESHWRIGHT_MESH: 'istio',
      MESHWRIGHT_PROMETHEUS: prometheus.url,
    }
    // Reports keep no process alive; an application has a server that does.
    writeFileSync(join(folder, 'application.ts'), "import './page.ts'\nsetInterval(() => {}, 1000)\n")
    const child = spawn(process.execPath, ['application.ts'], {cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe']})
    const ended = once(child, 'close')
    let [stdout, stderr] = ['', '']
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (stdout.includes('v2: ')) child.kill()
    })
    await ended
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^\d+ requests in 60 s\n/)
    expect(Number(/answered well: ([\d.]+);/.exec(stdout)?.[1])).toBeCloseTo(0.9)
    expect(stdout).toContain('120 bytes')
    expect(stdout).toMatch(/^v1: \d+\nv2: \d+\n/m)
  })

  describe('has expressions', () => {
    test.each(blocksOf('promql'))('that give numbers: %s', async (expression) => {
      expect(metricsIn(expression).filter((name) => !recorded.includes(name))).toEqual([])
      expect(await vectorOf(prometheus.url, expression)).not.toEqual([])
    })
  })
})
