import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, describe, expect, test} from 'vitest'
import type {Backend, Breaker, Retries, Route, Traffic} from '../../intent/intent.ts'
import type {Outgoing, Try} from '../transport.ts'
import {readEndpoints, readInline, type Endpoints} from './endpoints.ts'
import {LocalTransport} from './transport.ts'

const origin = {source: {kind: 'TrafficPolicy', namespace: 'shop', name: 'a'}, path: '', place: ''} as const
const service = {namespace: 'shop', name: 'a'}
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(answer: (count: number, response: ServerResponse, request: IncomingMessage) => void) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(requests.length, response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests}
}
const ok = (_: number, response: ServerResponse) => void response.end('ok')
const status = (code: number) => (_: number, response: ServerResponse) => void response.writeHead(code).end()

interface Rules {
  readonly split?: readonly (readonly [string, number])[]
  readonly timeout?: number
  readonly retries?: Partial<Retries>
  readonly breaker?: Partial<Breaker>
}

function trafficOf({split = [], timeout, retries, breaker}: Rules): Traffic {
  const backends = split.map(([subset, weight]): Backend => ({service, subset, weight, origin}))
  const route: Route = {
    matches: [],
    backends: backends.length > 0 ? backends : [{service, weight: 100, origin}],
    feature: 'split',
    origin,
    ...(timeout !== undefined && {timeout}),
    ...(retries !== undefined && {
      retries: {attempts: 0, on: ['gateway-error', 'connect-failure', 'reset'], origin, ...retries},
    }),
  }
  return {
    origin,
    subsets: split.map(([name]) => ({name, labels: {version: name}, origin})),
    routes: [route],
    callers: [],
    beyond: [],
    ...(breaker !== undefined && {breaker: {threshold: 3, timeout: 60_000, recovery: 120_000, origin, ...breaker}}),
  }
}

function transport(endpoints: Endpoints, rules?: Rules, random: () => number = Math.random, grace?: number) {
  const tries: Try[] = []
  const made = new LocalTransport({
    endpoints,
    trafficOf: () => (rules === undefined ? undefined : trafficOf(rules)),
    random,
    now: () => performance.now(),
    onTry: (attempt) => tries.push(attempt),
    ...(grace !== undefined && {grace}),
  })
  closers.push(() => made.close())
  const call = (about: Partial<Outgoing> = {}) =>
    made.send({
      service,
      method: 'GET',
      path: '/x?q=1',
      headers: {},
      body: undefined,
      timeout: undefined,
      signal: undefined,
      ...about,
    })
  return {call, tries, close: () => made.close()}
}

describe('a call on a laptop', () => {
  test('without any rule goes to the process that is known', async () => {
    const {url, requests} = await serve(ok)
    const {call, tries} = transport(readInline(`a=${url}`))
    expect(await call({method: 'POST', body: '{}'})).toMatchObject({
      status: 200,
      text: 'ok',
      attempts: 1,
      url: `${url}/x?q=1`,
    })
    expect(requests).toEqual(['POST /x?q=1'])
    expect(tries).toEqual([expect.objectContaining({service, version: '', status: 200})])
  })

  test.each([{}, {retries: {attempts: 3}}])('that hangs ends with the mesh, after a while: %j', async (rules) => {
    const {url} = await serve(() => {})
    const {call, close} = transport(readInline(`a=${url}`), rules, () => 0, 30)
    const calls = [call(), call()].map((each) => each.catch((error: unknown) => error))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await close()
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({code: 'MESH_CLOSED'})
  })

  test('is split by weight, within three standard deviations, and the same with the same numbers', async () => {
    const [one, two] = [await serve(ok), await serve(ok)]
    const endpoints = readInline(`a@v1=${one.url},a@v2=${two.url}`)
    let state = 1
    const seeded = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const {call} = transport(
      endpoints,
      {
        split: [
          ['v1', 80],
          ['v2', 20],
        ],
      },
      seeded,
    )
    const calls = 1000
    for (let i = 0; i < calls; i++) await call()
    expect(Math.abs(two.requests.length - 200)).toBeLessThan(3 * Math.sqrt(calls * 0.2 * 0.8))
    expect(one.requests.length + two.requests.length).toBe(calls)
  })

  test('is tried again as often as the rule says, and no more', async () => {
    const {url, requests} = await serve(status(503))
    const {call} = transport(readInline(`a=${url}`), {retries: {attempts: 3}}, () => 0)
    expect(await call()).toMatchObject({status: 503, attempts: 4})
    expect(requests).toHaveLength(4)
  })

  test('is tried again until it is answered', async () => {
    const {url} = await serve((count, response) => void response.writeHead(count < 3 ? 503 : 200).end())
    const {call} = transport(readInline(`a=${url}`), {retries: {attempts: 3}}, () => 0)
    expect(await call()).toMatchObject({status: 200, attempts: 3})
  })

  test.each([
    ['500', 500, ['gateway-error'], 1],
    ['500', 500, ['5xx'], 3],
    ['409', 409, ['5xx'], 1],
    ['409', 409, ['retriable-4xx'], 3],
    ['404', 404, ['5xx', 'gateway-error', 'reset', 'connect-failure', 'retriable-4xx'], 1],
  ] as const)('%s with %s is tried %s times', async (_, code, on, times) => {
    const {url, requests} = await serve(status(code))
    const {call} = transport(readInline(`a=${url}`), {retries: {attempts: 2, on}}, () => 0)
    await call()
    expect(requests).toHaveLength(times)
  })

  test('that is reset is tried again only where the rule says reset', async () => {
    const {url, requests} = await serve((_, response) => void response.destroy())
    const endpoints = readInline(`a=${url}`)
    await expect(
      transport(endpoints, {retries: {attempts: 2, on: ['connect-failure']}}, () => 0).call(),
    ).rejects.toMatchObject({
      reason: 'connect',
      attempts: 1,
    })
    await expect(transport(endpoints, {retries: {attempts: 2, on: ['reset']}}, () => 0).call()).rejects.toMatchObject({
      attempts: 3,
    })
    expect(requests).toHaveLength(4)
  })

  test('to nobody is refused at once with a sentence, to a closed port after its tries', async () => {
    await expect(transport(readInline('')).call()).rejects.toMatchObject({
      reason: 'connect',
      cause: expect.objectContaining({message: expect.stringContaining('MESHWRIGHT_SERVICES')}),
    })
    const closed = readInline('a=http://127.0.0.1:1')
    await expect(transport(closed, {retries: {attempts: 2}}, () => 0).call()).rejects.toMatchObject({attempts: 3})
  })

  test('takes no longer than the rule or the caller allows, all tries together', async () => {
    const {url} = await serve(() => undefined)
    const {call} = transport(readInline(`a=${url}`), {timeout: 150, retries: {attempts: 5, perTryTimeout: 60}})
    const started = performance.now()
    await expect(call()).rejects.toMatchObject({reason: 'timeout', timeout: 150})
    expect(performance.now() - started).toBeLessThan(1000)
    await expect(call({timeout: 40})).rejects.toMatchObject({reason: 'timeout', timeout: 40, attempts: 1})
  })

  test('that its caller gives up ends with the reason of the caller', async () => {
    const {url} = await serve(() => undefined)
    const {call, tries} = transport(readInline(`a=${url}`), {timeout: 5000, breaker: {threshold: 1}})
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 30)
    await expect(call({signal: controller.signal})).rejects.toThrow('enough')
    expect(tries).toEqual([])
  })

  test('leaves out an endpoint that keeps failing, and ends at once where all do', async () => {
    const [bad, good] = [await serve(status(503)), await serve(ok)]
    const both = transport(readInline(`a=${bad.url},a=${good.url}`), {breaker: {threshold: 2}})
    for (let i = 0; i < 20; i++) await both.call()
    expect(bad.requests).toHaveLength(2)
    const alone = transport(readInline(`a=${bad.url}`), {breaker: {threshold: 2}})
    await alone.call()
    await alone.call()
    await expect(alone.call()).rejects.toMatchObject({reason: 'circuit-open'})
  })
})

describe('where processes are', () => {
  test('a file may give one, several, and their labels', () => {
    const endpoints = readEndpoints(
      {
        a: 'http://127.0.0.1:1',
        b: [
          {url: 'http://127.0.0.1:2', version: 'v1.0.0'},
          {url: 'http://127.0.0.1:3', labels: {track: 'next'}},
        ],
      },
      'services.yaml',
    )
    expect(endpoints.of({namespace: 'shop', name: 'b'}, {version: '1.0.0'})).toEqual([
      {url: 'http://127.0.0.1:2', labels: {version: 'v1.0.0'}},
    ])
    expect(endpoints.of({namespace: 'shop', name: 'b'})).toHaveLength(2)
    expect(endpoints.services).toEqual(['a', 'b'])
  })

  test('a namespace may be named', () => {
    const endpoints = readInline('a.other=http://127.0.0.1:1,a=http://127.0.0.1:2')
    expect(endpoints.of({namespace: 'other', name: 'a'})[0]?.url).toBe('http://127.0.0.1:1')
    expect(endpoints.of({namespace: 'shop', name: 'a'})[0]?.url).toBe('http://127.0.0.1:2')
  })

  test.each(['a', 'a=', 'a=ftp://x', 'a=http://x/path', 'a@=http://x'])('%s is refused with a sentence', (text) => {
    expect(() => readInline(text)).toThrow(/a/)
  })
})
