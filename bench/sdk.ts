/**
 * What a call through the SDK costs beside the same request by plain undici, in one run: both from this process to the same
 * service, in turn, so that a machine whose speed drifts treats both alike. In local mode a timeout, retries and a breaker
 * are in force; in cluster mode they would be the mesh's. `--short` measures less.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {Agent, request} from 'undici'
import {createMesh, op, type Mesh} from '../src/sdk/index.ts'

const short = process.argv.includes('--short')
const calls = 1000
// Many short rounds in turn: what else the machine does meets both alike.
const rounds = short ? 15 : 101
/** Calls before the first round: V8 compiles that long. */
const warmUp = 12_000

const operations = {getOrder: op<{id: string}, {total: number}>('GET /orders/{id}')}

const upstream = spawn(process.execPath, [join(import.meta.dirname, 'sdk-upstream.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [chunk] = await once(upstream.stdout, 'data')
const url = `http://127.0.0.1:${String(chunk).trim()}`
/** As the SDK has it. */
const agent = new Agent({keepAliveTimeout: 10_000, connections: 1024})
const services = {'order-service': {url, version: 'v1'}}
const local = createMesh({mode: 'local', service: 'bench', services})
local.trafficManager().destination('order-service', 'v1').timeout('5s').retries(3).register()
local.enableCircuitBreaker('order-service', {threshold: 5})
await local.ready()
// Without a rule it asks no cluster for anything.
const cluster = createMesh({mode: 'cluster', service: 'bench', services})

/** What the SDK sends in local mode, so that both put the same on the wire. */
const headers = {
  accept: 'application/json',
  'x-request-id': '8c7a2b46-2d0c-4f0b-a3cf-0d6a5f2a8e11',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'x-meshwright-caller': 'bench.default',
}

async function plain(): Promise<void> {
  const {body, statusCode} = await request(`${url}/orders/1`, {
    dispatcher: agent,
    headers,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const {total}: {total?: unknown} = Object(await body.json())
  if (statusCode !== 200 || total !== 12) throw new Error('the service does not answer')
}

function through(mesh: Mesh): () => Promise<void> {
  const order = mesh.getService('order-service', operations)
  return async () => {
    const {total} = await order.getOrder({id: '1'})
    if (total !== 12) throw new Error('the service does not answer')
  }
}

/** Of one call, in microseconds: processor time of this process, and time by the clock. */
interface Cost {
  readonly cpu: number
  readonly wall: number
}

async function measure(call: () => Promise<void>, width: number): Promise<Cost> {
  let left = calls
  const work = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  await Promise.all(Array.from({length: width}, work))
  const {user, system} = process.cpuUsage(cpu)
  return {cpu: (user + system) / calls, wall: ((performance.now() - began) * 1000) / calls}
}

async function row(mesh: Mesh, width: number): Promise<Readonly<Record<string, string>>> {
  const call = through(mesh)
  for (let done = 0; done < warmUp; done += calls) {
    for (const one of [plain, call]) await measure(one, width)
  }
  const pairs: {bare: Cost; sdk: Cost}[] = []
  for (let round = 0; round < rounds; round++) {
    pairs.push({bare: await measure(plain, width), sdk: await measure(call, width)})
  }
  const median = (of: (pair: (typeof pairs)[number]) => number): number =>
    pairs.map(of).sort((one, other) => one - other)[rounds >> 1] ?? Number.NaN
  return {
    'undici µs': median(({bare}) => bare.wall).toFixed(1),
    'SDK µs': median(({sdk}) => sdk.wall).toFixed(1),
    ratio: median(({bare, sdk}) => sdk.wall / bare.wall).toFixed(2),
    'undici CPU µs': median(({bare}) => bare.cpu).toFixed(1),
    'SDK CPU µs': median(({sdk}) => sdk.cpu).toFixed(1),
    'CPU ratio': median(({bare, sdk}) => sdk.cpu / bare.cpu).toFixed(2),
  }
}

try {
  const rows: [string, Readonly<Record<string, string>>][] = []
  for (const mesh of [local, cluster]) {
    for (const width of [1, 32]) rows.push([`${mesh.mode} mode, ${width} at a time`, await row(mesh, width)])
  }
  console.table(Object.fromEntries(rows))
  console.log(
    `a call through the SDK beside the same by plain undici: medians of ${rounds} rounds of ${calls} calls each; in local mode a timeout, retries and a breaker are in force`,
  )
} finally {
  await local.close()
  await cluster.close()
  await agent.close()
  upstream.kill()
}
