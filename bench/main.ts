/**
 * `make bench`: for each mesh the webhook beside a bare Fastify HTTPS handler, in one run, each alone on one core with the client
 * on the other. The ratio is the result; the absolute figures say what machine it was. `--short` measures less; names of
 * meshes measure only those.
 */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {meshNames, type MeshName} from '../src/mesh/mesh.ts'
import {closedLoop, constantRate, requestBytes, type Measured, type Target} from './load.ts'
import {pinClient, post, Server} from './server.ts'
import {reviewOf, workload, type Workload} from './workload.ts'

const short = process.argv.includes('--short')
/** Of one round: short, so that both servers of a round see the same machine. */
const seconds = 2
/** Rounds before anything is measured: on one core V8 goes on compiling for some ten seconds. */
const warmUps = short ? 3 : 6
const rounds = short ? 3 : 11
const pacedSeconds = short ? 4 : 10
const memoryReviews = short ? 10_000 : 100_000
const width = 8
const root = join(import.meta.dirname, '..')
const program = join(root, 'bin', 'meshwright')
const folder = mkdtempSync(join(tmpdir(), 'meshwright-bench-'))

pinClient()
try {
  const certs = join(folder, 'certs')
  const made = spawnSync(program, ['certs', 'init', '--dir', certs, '--host', 'localhost', '--host', '127.0.0.1'], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(made.stderr)
  const rows: Row[] = []
  const chosen = meshNames.filter((mesh) => process.argv.includes(mesh))
  for (const mesh of chosen.length > 0 ? chosen : meshNames) {
    process.stderr.write(`${mesh}: some two minutes\n`)
    rows.push(await measure(mesh, workload(mesh), certs))
    print(rows)
  }
  console.log(
    `closed loop over ${width} connections, medians of ${rounds} rounds of ${seconds} s each after ${warmUps} of warm-up; paced: constant rate, 70 % of each server's own; RSS after ${memoryReviews} more reviews`,
  )
} finally {
  rmSync(folder, {recursive: true, force: true})
}

/** The processor time of a server counts all of its threads, and is its own even where something else shares the machine. */
interface Cost extends Measured {
  readonly cpuMicroseconds: number
}

interface Round {
  readonly ours: Cost
  readonly bare: Cost
}

interface Row {
  readonly mesh: MeshName
  readonly source: string
  readonly pods: number
  readonly rounds: readonly Round[]
  readonly paced: Measured
  readonly barePaced: Measured
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

  const load = async (server: Server): Promise<Cost> => {
    const before = server.cpuSeconds()
    const measured = await closedLoop(target(server), requests, width, seconds)
    return {...measured, cpuMicroseconds: ((server.cpuSeconds() - before) * 1e6) / measured.answers}
  }
  // In turn, so that a machine whose speed drifts treats both alike; one server idles while the other is measured.
  const round = async (): Promise<Round> => ({bare: await load(bare), ours: await load(webhook)})
  for (let i = 0; i < warmUps; i++) await round()
  const measured: Round[] = []
  for (let i = 0; i < rounds; i++) measured.push(await round())
  const pace = (server: Server, of: (round: Round) => Cost) =>
    constantRate(target(server), requests, 64, pacedSeconds, medianOf(measured, (each) => of(each).perSecond) * 0.7)
  const paced = await pace(webhook, ({ours}) => ours)
  const barePaced = await pace(bare, (each) => each.bare)
  for (let sent = 0; sent < memoryReviews;) sent += (await load(webhook)).answers
  const residentMiB = webhook.residentMiB()
  await Promise.all([webhook.stop(), bare.stop()])
  return {
    mesh,
    source,
    pods: cases.length,
    rounds: measured,
    paced,
    barePaced,
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
      rows.map((row) => [
        row.mesh,
        {
          pods: `${row.pods} (${row.source})`,
          'webhook/s': Math.round(medianOf(row.rounds, ({ours}) => ours.perSecond)),
          'bare/s': Math.round(medianOf(row.rounds, ({bare}) => bare.perSecond)),
          ratio: medianOf(row.rounds, ({ours, bare}) => ours.perSecond / bare.perSecond).toFixed(2),
          'CPU µs': Math.round(medianOf(row.rounds, ({ours}) => ours.cpuMicroseconds)),
          'bare CPU µs': Math.round(medianOf(row.rounds, ({bare}) => bare.cpuMicroseconds)),
          'CPU ratio': medianOf(row.rounds, ({ours, bare}) => bare.cpuMicroseconds / ours.cpuMicroseconds).toFixed(2),
          'p99 ms': medianOf(row.rounds, ({ours}) => ours.p99).toFixed(2),
          'paced p50 ms': row.paced.p50.toFixed(2),
          'paced p99 ms': row.paced.p99.toFixed(2),
          'paced worst ms': row.paced.worst.toFixed(1),
          'bare paced p99 ms': row.barePaced.p99.toFixed(2),
          failures: row.rounds.reduce((sum, {ours}) => sum + ours.failures, row.paced.failures),
          'RSS MiB': Math.round(row.residentMiB),
          'ready ms': Math.round(row.readyMs),
          'patch / mesh’s': Number.isNaN(row.patchRatio) ? '-' : row.patchRatio.toFixed(2),
        },
      ]),
    ),
  )
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function medianOf<T>(items: readonly T[], read: (item: T) => number): number {
  return median(items.map(read))
}
