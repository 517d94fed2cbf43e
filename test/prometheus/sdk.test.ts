import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import fc from 'fast-check'
import type {MeshName} from '../../src/mesh/mesh.ts'
import {createMesh} from '../../src/sdk/create-mesh.ts'
import type {ServiceMetrics} from '../../src/sdk/mesh.ts'
import type {MeshOptions} from '../../src/sdk/options.ts'
import {labelled, selector} from '../../src/monitoring/promql.ts'
import * as expositions from './expositions.ts'
import {needsPrometheus} from './install.ts'
import {scrapeInterval, serveExpositions, startPrometheus, vectorOf, type Prometheus} from './server.ts'

/** Milliseconds that every report is about: four scrapes and one more. */
const window = 5 * scrapeInterval

await needsPrometheus('metrics out of a real Prometheus', (programs) => {
  let served: Awaited<ReturnType<typeof serveExpositions>>
  let prometheus: Prometheus
  beforeAll(async () => {
    served = await serveExpositions({istio: expositions.istio, linkerd: expositions.linkerd})
    prometheus = await startPrometheus(programs, [`${served.address}/istio`, `${served.address}/linkerd`])
    await prometheus.scraped(14)
    // All at once: each takes as long as its window.
    const istio = ['user-service', 'nobody', 'stock-service', 'restarted-service', 'idle-service', 'gone-service']
    const linkerd = ['user-service', 'nobody', 'plain-service']
    await Promise.all([
      ...istio.map((name) => report('istio', name)),
      ...linkerd.map((name) => report('linkerd', name)),
    ])
  })
  afterAll(async () => {
    await prometheus.stop()
    await served.stop()
  })

  const reports = new Map<string, Promise<ServiceMetrics>>()
  /** The first report of a service, whoever asks for it. */
  function report(mesh: MeshName, service: string): Promise<ServiceMetrics> {
    const key = `${mesh} ${service}`
    const told = reports.get(key) ?? firstReport(mesh, service)
    reports.set(key, told)
    return told
  }

  async function firstReport(mesh: MeshName, service: string): Promise<ServiceMetrics> {
    const own = createMesh({...options(prometheus.url, mesh), namespace: 'shop'})
    try {
      return await new Promise((resolve, reject) => {
        own.on('error', reject)
        own.metrics().service(service).namespace('shop').interval(`${window}ms`).report(resolve)
      })
    } finally {
      await own.close()
    }
  }

  describe.each(['istio', 'linkerd'] as const)('of %s', (mesh) => {
    test('tell what the service received: a response that failed, and none at all', async () => {
      const told = await report(mesh, 'user-service')
      expect(told).toMatchObject({service: 'user-service', namespace: 'shop', window})
      // Ten a scrape; Prometheus extends what it saw to the edges of the window.
      expect(told.requests).toBeGreaterThanOrEqual(40)
      expect(told.requests).toBeLessThanOrEqual(60)
      expect(told.rps).toBeCloseTo((told.requests ?? 0) / (window / 1000), 0)
      const share = (responses: string) => (told.responses?.[responses] ?? 0) / (told.requests ?? 0)
      expect(share('2xx')).toBeCloseTo(0.7, 1)
      expect(share('4xx')).toBeCloseTo(0.1, 1)
      expect(share('5xx')).toBeCloseTo(0.1, 1)
      expect(share('none')).toBeCloseTo(0.1, 1)
      // A caller that went away is none of an Istio service's failures; in Linkerd no answer is one.
      expect(told.successRate).toBeCloseTo(mesh === 'istio' ? 0.9 : 0.8, 5)
    })

    test('tell latencies of its histogram', async () => {
      const {latency} = await report(mesh, 'user-service')
      const edges = mesh === 'istio' ? [10, 25] : [10, 20]
      const [low = 0, high = 0] = edges
      // Half of ten are the fifth of eight between these edges.
      expect(latency.p50).toBeCloseTo(low + ((high - low) * 5) / 8, 3)
      expect(latency.p95).toBeCloseTo(50 + 50 * 0.75, 3)
      expect(latency.p99).toBeCloseTo(50 + 50 * 0.95, 3)
    })

    test('tell versions apart', async () => {
      const {versions, requests} = await report(mesh, 'user-service')
      expect(versions.map(({version}) => version)).toEqual(mesh === 'istio' ? ['v1', 'v2'] : ['v1-0-0', 'v2'])
      const [v1, v2] = versions
      expect((v1?.requests ?? 0) / (requests ?? 0)).toBeCloseTo(0.8, 1)
      expect(v1?.successRate).toBeCloseTo(mesh === 'istio' ? 1 : 7 / 8, 5)
      expect(v2?.successRate).toBeCloseTo(0.5, 5)
      expect(v2?.latency.p50).toBeCloseTo(75, 3)
    })

    test('tell sizes where the mesh measures them, and nothing where it does not', async () => {
      const {size, versions} = await report(mesh, 'user-service')
      if (mesh === 'linkerd') {
        expect(size).toEqual({request: null, response: null})
        return
      }
      expect(size.request).toBeCloseTo(120, 5)
      expect(size.response).toBeCloseTo(240, 5)
      expect(versions[1]?.size.request).toBeCloseTo(200, 5)
    })

    test('of a service that nobody counts are null, never 0', async () => {
      expect(await report(mesh, 'nobody')).toEqual({
        service: 'nobody',
        namespace: 'shop',
        window,
        requests: null,
        rps: null,
        successRate: null,
        latency: {p50: null, p95: null, p99: null},
        responses: null,
        size: {request: null, response: null},
        versions: [],
      })
    })
  })

  test('of another mesh than the one that is scraped are null', async () => {
    expect(await report('consul', 'user-service')).toMatchObject({requests: null, versions: []})
  })

  test('of a service without a split need no route', async () => {
    const told = await report('linkerd', 'plain-service')
    expect(told).toMatchObject({successRate: 1, versions: []})
    expect(told.requests).toBeGreaterThanOrEqual(16)
    expect(told.requests).toBeLessThanOrEqual(24)
  })

  test('of gRPC go by its own status', async () => {
    const told = await report('istio', 'stock-service')
    expect(told.successRate).toBeCloseTo(0.75, 5)
    // A pod without a version is none of several versions.
    expect(told).toMatchObject({versions: []})
  })

  test('survive a process that begins to count anew', async () => {
    const told = await report('istio', 'restarted-service')
    expect(told.requests).toBeGreaterThan(30)
    expect(told.requests).toBeLessThan(65)
  })

  test('of a service that gets no requests are 0, with no rate of success and no latency', async () => {
    expect(await report('istio', 'idle-service')).toMatchObject({
      requests: 0,
      rps: 0,
      successRate: null,
      latency: {p50: null},
      responses: {},
    })
  })

  test('of pods that are gone end with their series', async () => {
    expect(await report('istio', 'gone-service')).toMatchObject({requests: null, versions: []})
  })

  test('are about four scrapes where the interval is shorter', async () => {
    const own = createMesh(options(prometheus.url, 'istio'))
    const told = new Promise<ServiceMetrics>((resolve) => {
      own.metrics().service('user-service').namespace('shop').interval('100ms').report(resolve)
    })
    expect(await told).toMatchObject({window: 4 * scrapeInterval, successRate: expect.closeTo(0.9, 5)})
    await own.close()
  })

  test('are told as events too, with sizes where they are known', async () => {
    const own = createMesh({...options(prometheus.url, 'istio'), namespace: 'shop', metricInterval: `${window}ms`})
    own.registerService({name: 'user-service', port: 8080})
    const told = new Map<string, number | null>()
    const all = new Promise<void>((resolve) => {
      own.on('metric', ({version, name, value}) => {
        told.set(`${version} ${name}`, value)
        if (version === 'v2' && name === 'response_size') resolve()
      })
    })
    own.receive({method: 'GET', url: '/', headers: {}}).done(200)
    await all
    expect(told.get(' success_rate')).toBeCloseTo(0.9, 5)
    expect(told.get('v2 response_size')).toBeCloseTo(400, 5)
    await own.close()
  })

  test('no text ends the string that it stands in', async () => {
    const text = fc.string({
      unit: fc.constantFrom(...'"\\\n\t$1{}[]().*+|^a \u0000é'.split('')),
      minLength: 1,
      maxLength: 20,
    })
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const labels = [{labels: {it: value}, value: 1}]
        expect(await vectorOf(prometheus.url, labelled('vector(1)', 'it', value))).toEqual(labels)
        const wanted = selector({it: value, also: [value], begins: {begins: value}, not: {not: [value]}})
        expect(await vectorOf(prometheus.url, `nothing${wanted}`)).toEqual([])
      }),
      {numRuns: 100},
    )
  })

  test('a text in a selector is that text, whatever it would be as a regular expression', async () => {
    const names = ['restarted-service', 'gone-service']
    const count = (service: readonly string[]) =>
      vectorOf(prometheus.url, `count(istio_requests_total${selector({destination_service_name: service})})`)
    expect(await count(names)).toMatchObject([{value: 1}])
    for (const other of ['restarted.service', '.*', 'restarted-service|.+', '(restarted-service)']) {
      expect(await count([other])).toEqual([])
    }
  })

  test('that a query cannot be made for are an error in words of Prometheus', async () => {
    const own = createMesh(options(`${prometheus.url}/nowhere`, 'istio'))
    const failure = await new Promise<Error>((resolve) => {
      own.on('error', resolve)
      own
        .metrics()
        .service('user-service')
        .interval('10ms')
        .report(() => {})
    })
    expect(failure).toMatchObject({
      code: 'MESH_METRICS',
      reason: 'refused',
      status: 404,
    })
    await own.close()
  })
})

function options(url: string, mesh: MeshName): MeshOptions {
  return {mode: 'local', openTelemetry: false, prometheus: {url, mesh, scrapeInterval: `${scrapeInterval}ms`}}
}
