/**
 * `make bench`: for each mesh the webhook beside a bare Fastify HTTPS handler, in one run, each alone on one core with the client
 * on the other. The ratio is the result; the absolute figures say what machine it was. `--short` measures two seconds each; names of meshes measure only those.
 */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {meshNames, type MeshName} from '../src/mesh/mesh.ts'
import {closedLoop, constantRate, requestBytes, type Measured, type Target} from './load.ts'
import {post, Server} from './server.ts'
import {reviewOf, workload, type Workload} from './workload.ts'

const short = process.argv.includes('--short')
const seconds = short ? 2 : 8
/** Seconds of load before anything is measured: on one core V8 goes on compiling for that long. */
const warmUp = short ? 4 : 10
const rounds = short ? 1 : 3
const memoryReviews = short ? 10_000 : 100_000
const width = 8
const root = join(import.meta.dirname, '..')
const program = join(root, 'bin', 'meshwright')
const folder = mkdtempSync(join(tmpdir(), 'meshwright-bench-'))

try {
  const certs = join(folder, 'certs')
  const made = spawnSync(program, ['certs', 'init', '--dir', certs, '--host', 'localhost', '--host', '127.0.0.1'], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(made.stderr)
  const rows = []
  const chosen = meshNames.filter((mesh) => process.argv.includes(mesh))
  for (const mesh of chosen.length > 0 ? chosen : meshNames) rows.push(await measure(mesh, workload(mesh), certs))
  print(rows)
} finally {
  rmSync(folder, {recursive: true, force: true})
}

interface Row {
  readonly mesh: MeshName
  readonly source: string
  readonly pods: number
  readonly ours: Measured
  readonly bare: Measured
  readonly paced: Measured
  readonly residentMiB: number
  readonly readyMs: number
  readonly patchRatio: number
}

async function measure(mesh: MeshName, {config, objects, cases, source}: Workload, certs: string): Promise<Row> {
  const [configFile, objectsFile, answersFile] = ['config.yaml', 'objects.yaml', 'answers.json'].map((name) =>
    join(folder, `${mesh}-${name}`),
  )
  if (configFile === undefined || objectsFile === undefined || answersFile === undefined) throw new Error('no files')
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(config))
  writeFileSync(objectsFile, objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  const caFile = join(certs, 'ca.crt')
  const command = [
    program,
    'webhook',
    '--config',
    configFile,
    '--objects',
    objectsFile,
    '--cert-dir',
    certs,
    '--host',
    '127.0.0.1',
    '--port',
    'PORT',
  ]
  const bareCommand = [
    join(root, 'node_modules/node/bin/node'),
    join(root, 'bench/bare.ts'),
    'PORT',
    certs,
    answersFile,
  ]

  const starts: number[] = []
  for (let i = 0; i < (short ? 1 : 5); i++) {
    const {server, readyMs} = await Server.start(command, caFile)
    starts.push(readyMs)
    await server.stop()
  }

  const bodies = cases.map(reviewOf)
  const requests = bodies.map((body) => requestBytes('/mutate?timeout=10s', body))
  const {server: webhook} = await Server.start(command, caFile)
  const target = (server: Server): Target => ({port: server.port, caFile, path: '/mutate'})
  const answers = new Map<string, string>()
  for (const [i, body] of bodies.entries())
    answers.set(cases[i]?.name ?? '', await post(webhook.port, caFile, '/mutate', body))
  writeFileSync(
    answersFile,
    JSON.stringify(Object.fromEntries([...answers].map(([name, text]) => [name, Buffer.byteLength(text)]))),
  )
  const {server: bare} = await Server.start(bareCommand, caFile)

  // In turn, so that a machine whose speed drifts treats both alike; one server idles while the other is measured.
  const pairs: {ours: Measured; bare: Measured}[] = []
  await closedLoop(target(webhook), requests, width, warmUp)
  await closedLoop(target(bare), requests, width, warmUp)
  for (let round = 0; round < rounds; round++) {
    pairs.push({
      bare: await closedLoop(target(bare), requests, width, seconds),
      ours: await closedLoop(target(webhook), requests, width, seconds),
    })
  }
  const {ours, bare: bareResult} =
    pairs.sort((a, b) => a.ours.perSecond / a.bare.perSecond - b.ours.perSecond / b.bare.perSecond)[rounds >> 1] ??
    missing()
  const paced = await constantRate(target(webhook), requests, 64, seconds, ours.perSecond * 0.7)
  for (let sent = 0; sent < memoryReviews;) {
    const round = await closedLoop(target(webhook), requests, width, 1)
    sent += round.answers
  }
  const residentMiB = webhook.residentMiB()
  await Promise.all([webhook.stop(), bare.stop()])
  return {
    mesh,
    source,
    pods: cases.length,
    ours,
    bare: bareResult,
    paced,
    residentMiB,
    readyMs: median(starts),
    patchRatio: patchRatio(cases, answers),
  }
}

function patchRatio(cases: Workload['cases'], answers: ReadonlyMap<string, string>): number {
  const ratios = cases.flatMap(({name, patchBytes}) => {
    const patch: unknown = JSON.parse(answers.get(name) ?? '{}').response?.patch
    return typeof patch === 'string' && patchBytes !== undefined
      ? [Buffer.from(patch, 'base64').length / patchBytes]
      : []
  })
  return median(ratios)
}

function print(rows: readonly Row[]): void {
  console.table(
    Object.fromEntries(
      rows.map(({mesh, source, pods, ours, bare, paced, residentMiB, readyMs, patchRatio}) => [
        mesh,
        {
          pods: `${pods} (${source})`,
          'webhook/s': Math.round(ours.perSecond),
          'bare/s': Math.round(bare.perSecond),
          ratio: (ours.perSecond / bare.perSecond).toFixed(2),
          'p50 ms': ours.p50.toFixed(2),
          'p99 ms': ours.p99.toFixed(2),
          'bare p99 ms': bare.p99.toFixed(2),
          'paced p99 ms': paced.p99.toFixed(2),
          failures: ours.failures + paced.failures,
          'RSS MiB': Math.round(residentMiB),
          'ready ms': Math.round(readyMs),
          'patch / mesh’s': Number.isNaN(patchRatio) ? '-' : patchRatio.toFixed(2),
        },
      ]),
    ),
  )
  console.log(
    `closed loop over ${width} connections, median of ${rounds} rounds of ${seconds} s after ${warmUp} s of warm-up for each; paced: constant rate, 70 % of the webhook's own; RSS after ${memoryReviews} more reviews`,
  )
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function missing(): never {
  throw new Error('nothing was measured')
}
