/**
 * What a call through the SDK in local mode costs beside the same request by plain undici, in one run: both from this
 * process to the same service, in turn, so that a machine whose speed drifts treats both alike. `--short` measures less.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {Agent, request} from 'undici'
import {createMesh, op} from '../src/sdk/index.ts'

const short = process.argv.includes('--short')
const calls = short ? 2000 : 10_000
const rounds = short ? 3 : 9

const operations = {getOrder: op<{id: string}, {total: number}>('GET /orders/{id}')}

const upstream = spawn(process.execPath, [join(import.meta.dirname, 'sdk-upstream.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [chunk] = await once(upstream.stdout, 'data')
const url = `http://127.0.0.1:${String(chunk).trim()}`
const agent = new Agent({keepAliveTimeout: 60_000})
const mesh = createMesh({mode: 'local', service: 'bench', services: {'order-service': {url, version: 'v1'}}})
mesh.trafficManager().destination('order-service', 'v1').timeout('5s').retries(3).register()
mesh.enableCircuitBreaker('order-service', {threshold: 5})
await mesh.ready()
const order = mesh.getService('order-service', operations)

/** What the SDK sends as well, so that both put the same on the wire. */
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
  })
  const {total}: {total?: unknown} = Object(await body.json())
  if (statusCode !== 200 || total !== 12) throw new Error('the service does not answer')
}

async function through(): Promise<void> {
  const {total} = await order.getOrder({id: '1'})
  if (total !== 12) throw new Error('the service does not answer')
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

async function row(width: number): Promise<Readonly<Record<string, string>>> {
  for (const call of [plain, through, plain, through]) await measure(call, width)
  const pairs: {bare: Cost; sdk: Cost}[] = []
  for (let round = 0; round < rounds; round++) {
    pairs.push({bare: await measure(plain, width), sdk: await measure(through, width)})
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
  const widths = [1, 32]
  const rows: [string, Readonly<Record<string, string>>][] = []
  for (const width of widths) rows.push([`${width} at a time`, await row(width)])
  console.table(Object.fromEntries(rows))
  console.log(
    `a call through the SDK in local mode beside the same by plain undici: medians of ${rounds} rounds of ${calls} calls each; a timeout, retries and a breaker are in force`,
  )
} finally {
  await mesh.close()
  await agent.close()
  upstream.kill()
}
