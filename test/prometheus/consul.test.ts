import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {createMesh} from '../../src/sdk/create-mesh.ts'
import type {ServiceMetrics} from '../../src/sdk/mesh.ts'
import {installEnvoy} from '../envoy/install.ts'
import {startReceiver, startSender, type Sidecar} from './consul-sidecar.ts'
import {needsPrometheus} from './install.ts'
import {manifests} from './rules.ts'
import {scrapeInterval, startPrometheus, vectorOf, type Prometheus} from './server.ts'

/*
 * Real Envoys with the tags of Consul's bootstrap, scraped by a real Prometheus: Consul's metrics are Envoy's, so their
 * names, labels and buckets are what they are and not what somebody remembers.
 */

const envoy = await installEnvoy('1.40.0')
/** Milliseconds of the report. */
const window = 16 * scrapeInterval

if ('missing' in envoy) test.skip(envoy.missing)
else {
  await needsPrometheus("metrics of Consul's sidecars, out of a real Prometheus", (programs) => {
    let sidecars: Sidecar[] = []
    let prometheus: Prometheus
    let told: ServiceMetrics
    beforeAll(async () => {
      const [v1, v2] = await Promise.all([1, 2].map(() => startReceiver(envoy.program, 'user-service')))
      if (v1 === undefined || v2 === undefined) throw new Error('no sidecars')
      const caller = await startSender(envoy.program, 'order-service', 'user-service', {v1, v2}, true)
      sidecars = [v1, v2, caller]
      const rules = readFileSync(join(manifests, 'prometheus/recording-consul.yaml'), 'utf8')
      prometheus = await startPrometheus(
        programs,
        sidecars.map(({target}) => target),
        [rules.replaceAll('interval: 15s', 'interval: 500ms')],
      )
      const send = async (path: string, times: number) => {
        for (let i = 0; i < times; i++) {
          const answer = await fetch(`http://127.0.0.1:${caller.port}${path}`, {method: 'POST', body: 'y'.repeat(100)})
          await answer.arrayBuffer()
        }
      }
      // A counter is there from its first request, and grows from then on.
      for (const path of ['/v1/ok', '/v1/lost', '/v2/ok', '/v2/fail']) await send(path, 1)
      await prometheus.scraped(2)
      const prometheusOptions = {url: prometheus.url, mesh: 'consul', scrapeInterval: `${scrapeInterval}ms`} as const
      const own = createMesh({mode: 'local', openTelemetry: false, prometheus: prometheusOptions})
      const report = new Promise<ServiceMetrics>((resolve, reject) => {
        own.on('error', reject)
        own.metrics().service('user-service').namespace('shop').interval(`${window}ms`).report(resolve)
      })
      await prometheus.scraped(2)
      await Promise.all([send('/v1/ok', 70), send('/v1/lost', 10), send('/v2/ok', 15), send('/v2/fail', 5)])
      told = await report
      await own.close()
    })
    afterAll(async () => {
      await prometheus.stop()
      await Promise.all(sidecars.map((sidecar) => sidecar.stop()))
    })

    test('count what its sidecars received', () => {
      expect(told).toMatchObject({service: 'user-service', namespace: 'shop', window})
      // A hundred; Prometheus extends what it saw to the edges of the window.
      expect(told.requests).toBeGreaterThanOrEqual(100)
      expect(told.requests).toBeLessThanOrEqual(115)
      // Each sidecar is scraped at moments of its own.
      expect(told.successRate).toBeCloseTo(0.95, 2)
      const {'2xx': good = 0, '4xx': lost = 0, '5xx': failed = 0, ...others} = told.responses ?? {}
      expect(good / (told.requests ?? 0)).toBeCloseTo(0.85, 1)
      expect(lost / (told.requests ?? 0)).toBeCloseTo(0.1, 1)
      expect(failed).toBeGreaterThanOrEqual(5)
      expect(others).toEqual({})
    })

    test('tell the time that they took, in milliseconds', () => {
      for (const value of [told.latency.p50, told.latency.p95]) {
        expect(value).toBeGreaterThanOrEqual(10)
        expect(value).toBeLessThanOrEqual(500)
      }
    })

    test("tell subsets apart by the callers' sidecars", () => {
      expect(told.versions.map(({version}) => version)).toEqual(['v1', 'v2'])
      const [v1, v2] = told.versions
      expect((v1?.requests ?? 0) / (v2?.requests ?? 1)).toBeCloseTo(4, 0)
      expect(v1?.successRate).toBeCloseTo(1, 5)
      expect(v2?.successRate).toBeCloseTo(0.75, 5)
      expect(v2?.latency.p50).toBeGreaterThanOrEqual(10)
    })

    test('tell sizes where the sidecars track them', () => {
      // Envoy's histograms hold a value to two digits.
      for (const [size, sent] of [
        [told.size.request, 100],
        [told.size.response, 500],
      ] as const) {
        expect((size ?? 0) / sent).toBeGreaterThan(0.9)
        expect((size ?? 0) / sent).toBeLessThan(1.1)
      }
    })

    test('do not count what another service received', async () => {
      const own = `consul_source_service="order-service",envoy_http_conn_manager_prefix="public_listener"`
      expect(await vectorOf(prometheus.url, `envoy_http_downstream_rq_xx{${own}}`)).toEqual([])
    })

    describe('under neutral names', () => {
      test.each([
        'meshwright:request_count:rate1m{code_class="2xx"}',
        'meshwright:request_failures:rate1m',
        'histogram_quantile(0.5, meshwright:request_duration_milliseconds_bucket:rate1m)',
        'meshwright:request_size_bytes:mean1m',
        'meshwright:response_size_bytes:mean1m',
        'meshwright:version_request_count:rate1m{version="v2",code_class="5xx"}',
        'histogram_quantile(0.5, meshwright:version_request_duration_milliseconds_bucket:rate1m{version="v1"})',
      ])('has %s', async (expression) => {
        const [sample, ...others] = await vectorOf(prometheus.url, expression)
        expect(others).toEqual([])
        expect(sample?.labels).toMatchObject({mesh: 'consul', namespace: 'default', service: 'user-service'})
        expect(sample?.value).toBeGreaterThan(0)
      })
    })
  })
}
