import {setTimeout as sleep} from 'node:timers/promises'
import {createServer, type RequestListener} from 'node:http'
import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'
import {context, propagation, trace} from '@opentelemetry/api'
import {afterEach, describe, expect, test} from 'vitest'
import {ApplicationMesh} from './application-mesh.ts'
import {assemble} from './assemble.ts'
import {noEnvironment, type Environment} from './environment.ts'
import type {Trace} from './events.ts'
import type {ServiceMetrics} from './mesh.ts'
import {nothingKnown} from './metric-source.ts'
import {op} from './operation.ts'
import type {MeshOptions} from './options.ts'
import {FakeClock} from './testing/fake-clock.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function mesh(options: MeshOptions = {}, environment: Partial<Environment> = {}) {
  const clock = new FakeClock()
  const made = new ApplicationMesh(assemble(options, {...noEnvironment, ...environment}, {clock}))
  const failures: Error[] = []
  made.on('error', (error) => failures.push(error))
  closers.push(() => made.close())
  return {mesh: made, clock, failures}
}

const handle = (request: Partial<Parameters<ApplicationMesh['receive']>[0]> = {}) => ({
  method: 'GET',
  url: '/orders?x=1',
  headers: {},
  ...request,
})

describe('a client', () => {
  const operations = {ping: op<void, {ok: boolean}>('GET /ping')}

  test('is typed by what is given, by the options, and by what was registered', async () => {
    const asked: string[] = []
    const url = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(200, {'content-type': 'application/json'}).end('{"ok":true}')
    })
    const {mesh: own} = mesh({services: {a: url, b: url, c: url}, operations: {b: operations}})
    expect(await own.getService('a', operations).ping()).toEqual({ok: true})
    expect(Object.keys(own.getService('b'))).toEqual(['ping'])
    own.registerService({name: 'c', port: 1, operations})
    expect(Object.keys(own.getService('c'))).toEqual(['ping'])
    await own.getService('a')['anything']?.()
    expect(asked).toEqual(['GET /ping', 'POST /anything'])
    expect(own.getService('a')).toBe(own.getService('a.default'))
    expect(own.getService('a', operations)).toBe(own.getService('a.default', operations))
    expect(own.getService('a', operations)).not.toBe(own.getService('b', operations))
  })

  test('is refused in strict mode where nothing is known, and for what is no name', () => {
    const {mesh: own} = mesh({strict: true, operations: {b: operations}})
    expect(() => own.getService('a')).toThrow(/no operations of a are known/)
    expect(Object.keys(own.getService('b'))).toEqual(['ping'])
    expect(() => own.getService('A b')).toThrow('"A b" is no service')
  })

  test.each(['local', 'cluster'] as const)('with a header that is none is refused, in %s mode', async (mode) => {
    const url = await serve((_, response) => void response.end())
    const {mesh: own} = mesh({mode, services: {a: url}})
    const {ping} = own.getService('a', operations)
    const refused = ping(undefined, {headers: {'x-a': 'a\nb'}})
    await expect(refused).rejects.toMatchObject({code: 'MESH_INPUT', attempts: 0, operation: 'ping'})
  })

  test('says nothing after the end', async () => {
    const {mesh: own} = mesh({services: {a: 1}})
    const {ping} = own.getService('a', operations)
    await own.close()
    await own.close()
    await expect(ping()).rejects.toMatchObject({code: 'MESH_CLOSED'})
    expect(() => own.enableCircuitBreaker('a', {threshold: 1})).toThrow('closed')
    expect(() =>
      own
        .metrics()
        .service('a')
        .report(() => {}),
    ).toThrow('closed')
  })
})

describe('a rule that makes no sense', () => {
  test.each<[string, (own: ApplicationMesh) => unknown, RegExp]>([
    ['no port', (own) => own.registerService(JSON.parse('{"name": "a"}')), /service a: port: port is missing/],
    ['a bad name', (own) => own.registerService({name: 'A', port: 1}), /registerService: name must be/],
    ['half a percent', (own) => own.enableCanaryRelease('a', 'v1', 0.5), /canary\.percent: .*whole number/],
    ['no threshold', (own) => own.enableCircuitBreaker('a', JSON.parse('{}')), /threshold is missing/],
    ['a bad duration', (own) => own.enableCircuitBreaker('a', {threshold: 1, timeout: '30'}), /timeout must be a dur/],
    ['no service to report of', (own) => own.metrics().report(() => {}), /name a service/],
    [
      'a bad interval',
      (own) =>
        own
          .metrics()
          .service('a')
          .interval('0s')
          .report(() => {}),
      /interval must be/,
    ],
  ])('is refused at once: %s', (_, say, reason) => {
    expect(() => say(mesh().mesh)).toThrow(reason)
  })
})

describe('access', () => {
  const rules = [
    {
      apiVersion: 'meshwright.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: {name: 'orders'},
      spec: {destination: 'order-service', action: 'ALLOW', from: [{service: 'user-service'}]},
    },
  ]

  test('is for those whom the rules name, once the service has registered', () => {
    const {mesh: own} = mesh({rules})
    const from = (caller: string) => own.receive(handle({headers: {'x-meshwright-caller': caller}})).denied
    expect(from('admin.default')).toBeUndefined()
    own.registerService({name: 'order-service', port: 1})
    expect(from('user-service.default')).toBeUndefined()
    expect(from('admin.default')).toEqual({
      status: 403,
      body: {
        error: 'MESH_DENIED',
        message: 'default/admin may not GET /orders of default/order-service: an AccessPolicy turns it away',
      },
    })
    expect(own.receive(handle()).denied?.body.message).toMatch(/does not say who it is/)
  })

  test('is asked for under the name of the caller', async () => {
    const callers: unknown[] = []
    const url = await serve((request, response) => {
      callers.push(request.headers['x-meshwright-caller'])
      response.end()
    })
    const {mesh: own} = mesh({services: {a: url}, service: 'web', namespace: 'shop'})
    await own.getService('a')['x']?.(undefined, {headers: {'X-Meshwright-Caller': 'admin.shop'}})
    own.registerService({name: 'user-service', port: 1})
    await own.getService('a')['x']?.()
    expect(callers).toEqual(['web.shop', 'user-service.shop'])
  })

  test('problems of rules in files are told', async () => {
    const [policy] = rules
    const broken = [{...policy, spec: {destination: 'order-service', action: 'MAYBE'}}]
    const {failures} = mesh({rules: broken})
    await sleep(5)
    expect(failures.map(({message}) => message)).toEqual([expect.stringMatching(/orders spec\.action: MW\d+ .*ALLOW/)])
  })
})

describe('fetch', () => {
  test('reads a body that is coded, and says of one that is not what it says that no answer came', async () => {
    const bodies: Readonly<Record<string, Buffer>> = {
      '/good': gzipSync('{"coded": true}'),
      '/bad': Buffer.from('plain'),
    }
    const url = await serve((request, response) =>
      response.writeHead(200, {'content-encoding': 'gzip'}).end(bodies[request.url ?? '']),
    )
    const {mesh: own} = mesh({services: {a: url}})
    expect(await (await own.fetch('http://a/good')).json()).toEqual({coded: true})
    await expect(own.fetch('http://a/bad')).rejects.toMatchObject({code: 'MESH_CONNECT'})
  })

  test('keeps cookies apart', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, {'set-cookie': ['sid=1; HttpOnly', 'csrf=2']}).end(),
    )
    const {mesh: own} = mesh({services: {a: url}})
    expect((await own.fetch('http://a/')).headers.getSetCookie()).toEqual(['sid=1; HttpOnly', 'csrf=2'])
  })

  test('follows the rules to a service, with the context of the request', async () => {
    const asked: (readonly [string | undefined, unknown, unknown])[] = []
    const url = await serve((request, response) => {
      asked.push([request.url, request.headers['x-request-id'], request.headers['x-own']])
      if (asked.length === 1) response.writeHead(503).end()
      else if (request.url === '/a') response.writeHead(302, {location: '/b'}).end()
      else request.pipe(response.writeHead(200, {'content-type': 'application/octet-stream'}))
    })
    const {mesh: own} = mesh({services: {a: url}})
    const answer = await own.withContext({'x-request-id': 'r-1'}, () =>
      own.fetch('http://a/a', {method: 'POST', body: new Uint8Array([0, 255, 1]), headers: {'x-own': 'y'}}),
    )
    expect(answer.status).toBe(503)
    const again = await own.fetch('http://a/c', {method: 'PUT', body: new Uint8Array([0, 255, 1])})
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(new Uint8Array([0, 255, 1]))
    const redirected = await own.fetch('http://a/a', {method: 'POST', body: 'x'})
    expect([redirected.status, await redirected.text()]).toEqual([200, ''])
    expect(asked.map(([path]) => path)).toEqual(['/a', '/c', '/a', '/b'])
    expect(asked[0]).toEqual(['/a', 'r-1', 'y'])
  })

  test('that is sent elsewhere takes its headers along, but for what is meant for the first alone', async () => {
    const seen: unknown[] = []
    const elsewhere = await serve((request, response) => {
      const {method, headers} = request
      seen.push(method, headers.accept, headers['content-type'], headers.authorization, headers['x-request-id'])
      response.end('there')
    })
    const url = await serve((_, response) => void response.writeHead(303, {location: `${elsewhere}/x`}).end())
    const {mesh: own} = mesh({services: {a: url}})
    const headers = {accept: 'text/plain', 'content-type': 'text/csv', authorization: 'secret'}
    const answer = await own.fetch('http://a/', {method: 'POST', body: 'x', headers})
    expect(await answer.text()).toBe('there')
    expect(seen).toEqual(['GET', 'text/plain', undefined, undefined, undefined])
  })

  test('tells other hosts nothing', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      seen.push(request.headers['x-request-id'], request.headers['traceparent'])
      response.end('there')
    })
    const {mesh: own} = mesh()
    const answer = await own.withContext({'x-request-id': 'r-1'}, () => own.fetch(`${url}/x`))
    expect(await answer.text()).toBe('there')
    expect(seen).toEqual([undefined, undefined])
  })

  test('rejects as a call does', async () => {
    const {mesh: own} = mesh({services: {a: 1}})
    await expect(own.fetch('http://a/x')).rejects.toMatchObject({code: 'MESH_CONNECT', operation: 'GET /x'})
    const signal = AbortSignal.abort(new Error('no'))
    await expect(own.fetch('http://a/x', {signal})).rejects.toThrow('no')
  })
})

describe('traces', () => {
  test('are trees over processes: what is called is a child of the call', async () => {
    const traces: Trace[] = []
    const {mesh: callee, clock: one} = mesh({service: 'b'})
    callee.on('trace', (told) => traces.push(told))
    callee.registerService({name: 'b', port: 1})
    const url = await serve((request, response) => {
      const inbound = callee.receive({method: 'POST', url: request.url ?? '', headers: request.headers})
      response.end()
      inbound.done(200)
    })
    const {mesh: caller, clock: two} = mesh({services: {b: url}, propagation: {b3: true}})
    caller.on('trace', (told) => traces.push(told))
    caller.registerService({name: 'a', port: 1})
    const inbound = caller.receive(handle())
    await inbound.run(() => caller.getService('b')['x']?.())
    inbound.done(200)
    await Promise.all([one.advance(5000), two.advance(5000)])
    const spans = traces.flatMap((told) => told.spans)
    const root = spans.find(({parent}) => parent === '')
    const call = spans.find(({parent}) => parent === root?.id)
    const work = spans.find(({parent}) => parent === call?.id)
    expect([root?.name, call?.name, work?.name]).toEqual(['GET /orders', 'POST /x', 'POST /x'])
    expect([root?.service, call?.service, work?.service]).toEqual(['a', 'a', 'b'])
    expect(new Set(traces.map(({id}) => id)).size).toBe(1)
  })

  test('that are not sampled are not told', async () => {
    const {mesh: own, clock} = mesh()
    const traces: Trace[] = []
    own.on('trace', (told) => traces.push(told))
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
    own.receive(handle({headers: {traceparent}})).done(200)
    await clock.advance(5000)
    expect(traces).toEqual([])
  })

  test('of OpenTelemetry keep the span that it gave', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      seen.push(request.headers['traceparent'])
      response.end()
    })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01'
    const openTelemetry = {
      trace: {
        getActiveSpan: () => ({
          spanContext: () => ({traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '00f067aa0ba902b7', traceFlags: 1}),
        }),
      },
      context: {active: () => ({})},
      propagation: {inject: (_: unknown, carrier: unknown) => void Object.assign(carrier ?? {}, {traceparent})},
    }
    const {mesh: own} = mesh({services: {a: url}, openTelemetry})
    await own.getService('a')['x']?.()
    expect(seen).toEqual([traceparent])
    // The real one has the same shape.
    mesh({openTelemetry: {trace, context, propagation}})
  })
})

describe('metrics', () => {
  test('are null before anybody has asked, and tell versions, failures and latencies after', async () => {
    const url = await serve((_, response) => response.writeHead(500).end())
    const {mesh: own, clock} = mesh({services: {a: [{url, version: 'v1'}]}})
    own.trafficManager().destination('a', 'v1').register()
    const told: ServiceMetrics[] = []
    const report = own
      .metrics()
      .service('a')
      .interval('5s')
      .report((data) => told.push(data))
    await clock.advance(5000)
    expect(told[0]).toEqual({
      service: 'a',
      namespace: 'default',
      window: 5000,
      requests: null,
      rps: null,
      successRate: null,
      latency: {p50: null, p95: null, p99: null},
      responses: null,
      size: {request: null, response: null},
      versions: [],
    })
    const {x = async () => {}} = own.getService('a')
    for (let i = 0; i < 10; i++) await x().catch(() => {})
    await clock.advance(5000)
    expect(told[1]).toMatchObject({requests: 10, rps: 2, successRate: 0, versions: [{version: 'v1', requests: 10}]})
    await clock.advance(5000)
    expect(told[2]).toMatchObject({requests: 0, rps: 0, successRate: null})
    report.stop()
    await clock.advance(20_000)
    expect(told).toHaveLength(3)
  })

  test('of the application itself are what it received', async () => {
    const {mesh: own, clock} = mesh()
    own.registerService({name: 'a', version: 'v1', port: 1})
    const told: ServiceMetrics[] = []
    own.metrics().report((data) => told.push(data))
    own.receive(handle()).done(200)
    own.receive(handle()).done(0)
    await clock.advance(10_000)
    expect(told).toMatchObject([{service: 'a', requests: 2, successRate: 0.5, versions: [{version: 'v1'}]}])
  })

  test('whose reader fails are told as an error, and go on', async () => {
    const {mesh: own, clock, failures} = mesh()
    let calls = 0
    own
      .metrics()
      .service('a')
      .report(() => {
        calls++
        throw new Error('mine')
      })
    await clock.advance(20_000)
    expect(calls).toBe(2)
    expect(failures).toEqual([new Error('mine'), new Error('mine')])
  })

  test('come from elsewhere where that is given', async () => {
    const {
      mesh: own,
      clock,
      failures,
    } = mesh({
      metrics: {
        probe: ({name}) => ({
          take: async (window) => {
            if (name === 'b') throw new Error('Prometheus does not answer')
            return {...nothingKnown, window, requests: window, versions: []}
          },
          close: () => {},
        }),
      },
    })
    const told: ServiceMetrics[] = []
    own
      .metrics()
      .service('a')
      .interval('1s')
      .report((data) => told.push(data))
    own
      .metrics()
      .service('b')
      .interval('1s')
      .report((data) => told.push(data))
    await clock.advance(1000)
    expect(told).toMatchObject([{service: 'a', requests: 1000}])
    expect(failures).toEqual([new Error('Prometheus does not answer')])
  })
})

test('in a pod that bypasses the mesh services are called by their names in the cluster', async () => {
  const {mesh: own} = mesh({enableBypass: true, namespace: 'shop'}, {isPod: true, variables: {A_SERVICE_PORT: '8080'}})
  expect(own.mode).toBe('local')
  await expect(own.getService('a')['x']?.(undefined, {timeout: '50ms'})).rejects.toMatchObject({
    url: 'http://a.shop:8080/x',
  })
})
