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
const rounds = short ? 3 : 5
const width = 32

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

async function plain(): Promise<void> {
  const {body, statusCode} = await request(`${url}/orders/1`, {
    dispatcher: agent,
    headers: {accept: 'application/json'},
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

async function measure(call: () => Promise<void>): Promise<Cost> {
  let left = calls
  const work = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  await Promise.all(Array.from({length: width}, work))
  const {user, system} = process.cpuUsage(cpu)
  return {cpu: (user + system) / calls, wall: ((performance.now() - began) * 1000) / calls}
}

try {
  for (const call of [plain, through, plain, through]) await measure(call)
  const pairs: {bare: Cost; sdk: Cost; cpu: number; wall: number}[] = []
  for (let round = 0; round < rounds; round++) {
    const bare = await measure(plain)
    const sdk = await measure(through)
    pairs.push({bare, sdk, cpu: sdk.cpu / bare.cpu, wall: sdk.wall / bare.wall})
  }
  const median = (of: (pair: (typeof pairs)[number]) => number) =>
    pairs.map(of).sort((a, b) => a - b)[rounds >> 1] ?? NaN
  console.table({
    'a call': {
      'undici µs': median(({bare}) => bare.wall).toFixed(1),
      'SDK µs': median(({sdk}) => sdk.wall).toFixed(1),
      ratio: median(({wall}) => wall).toFixed(2),
      'undici CPU µs': median(({bare}) => bare.cpu).toFixed(1),
      'SDK CPU µs': median(({sdk}) => sdk.cpu).toFixed(1),
      'CPU ratio': median(({cpu}) => cpu).toFixed(2),
    },
  })
  console.log(
    `${rounds} rounds of ${calls} calls each, ${width} at a time; a split, a timeout, retries and a breaker are in force`,
  )
} finally {
  await mesh.close()
  await agent.close()
  upstream.kill()
}
