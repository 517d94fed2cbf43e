import {expect, test} from 'vitest'
import {configurationSchema} from '../../../config/schema.ts'
import {envoyFindings} from './findings.ts'
import {envoySettings} from './settings.ts'
import {Chart, chartValues} from '../values.ts'
import {meshConfigOf} from '../mesh-config.ts'

function resolved(mesh: object) {
  const {mesh: section} = configurationSchema.parse({mesh})
  const laid = chartValues(section, {})
  if (!laid.ok) throw new Error(laid.problems[0]?.message)
  const chart = new Chart(laid.values)
  const meshConfig = meshConfigOf(chart)
  if (!meshConfig.ok) throw new Error(meshConfig.message)
  return {
    settings: envoySettings(section, chart, meshConfig.value, new Map()),
    findings: envoyFindings(section, chart).map(({kind, key, message}) => `${kind} ${key}: ${message}`),
  }
}

test.each([
  [{}, {host: 'istiod.istio-system.svc', port: 15010}],
  [{istio: {values: {revision: 'canary'}}}, {host: 'istiod-canary.istio-system.svc', port: 15010}],
  [
    {controlPlane: {address: 'istio-pilot.istio-system.svc.cluster.local', port: 15010}},
    {
      host: 'istio-pilot.istio-system.svc.cluster.local',
      port: 15010,
    },
  ],
  [{controlPlane: {address: '[2001:db8::1]'}}, {host: '2001:db8::1', port: 15010}],
  [{controlPlane: {port: 16010}}, {host: 'istiod.istio-system.svc', port: 16010}],
  [{controlPlane: {port: 15012}}, {host: 'istiod.istio-system.svc', port: 15010}],
])('%j leads to istiod at %j', (mesh, discovery) => {
  expect(resolved(mesh).settings.discovery).toStrictEqual(discovery)
})

test.each([
  [undefined, undefined],
  [
    'otel-collector.observability:4317',
    {address: {host: 'otel-collector.observability', port: 4317}, protocol: 'otlp'},
  ],
  ['zipkin:9411', {address: {host: 'zipkin', port: 9411}, protocol: 'zipkin'}],
  ['[2001:db8::1]:4317', {address: {host: '2001:db8::1', port: 4317}, protocol: 'otlp'}],
  ['collector', undefined],
  ['http://collector:4317', undefined],
  ['collector:70000', undefined],
])('the trace collector %s is %j', (endpoint, collector) => {
  expect(resolved({tracing: {endpoint}}).settings.collector).toStrictEqual(collector)
})

test('no collector is known where tracing is off', () => {
  expect(resolved({tracing: {enabled: false, endpoint: 'zipkin:9411'}}).settings.collector).toBeUndefined()
})

test.each([
  [{}, 'IPv4'],
  [{ipFamilies: ['IPv6']}, 'IPv6'],
  [{ipFamilies: ['IPv4', 'IPv6']}, 'IPv4'],
  [{pilot: {env: {ISTIO_DUAL_STACK: 'true'}}}, 'both'],
])('%j means %s', (values, family) => {
  expect(resolved({istio: {values}}).settings.ipFamily).toBe(family)
})

test('the configuration is told what a plain Envoy loses and what istiod must be told', () => {
  expect(resolved({}).findings).toStrictEqual([
    'approximated mesh.sidecarImage: a plain Envoy has no workload identity: no certificate, no mutual TLS',
    'approximated mesh.sidecarImage: no agent: no probe rewriting, no merged metrics, no DNS capture, no drain on exit',
    'approximated mesh.sidecarImage: istiod must run with PILOT_ENABLE_METADATA_EXCHANGE=false',
    'approximated mesh.sidecarImage: istiod must run with PILOT_ENABLE_ALPN_FILTER=false',
    "approximated mesh.sidecarImage: istiod's mesh config must say enableAutoMtls: false",
    'approximated mesh.sidecarImage: its pods need a PeerAuthentication of mtls mode DISABLE, or they never become ready',
  ])
})

test('what istiod was told already is not said again', () => {
  const istio = {
    values: {pilot: {env: {PILOT_ENABLE_METADATA_EXCHANGE: 'false', PILOT_ENABLE_ALPN_FILTER: false}}},
    meshConfig: {enableAutoMtls: false, enableTracing: true},
  }
  expect(resolved({istio, tracing: {endpoint: 'zipkin:9411'}}).findings).toHaveLength(3)
})

test('every key that a plain Envoy cannot follow is named, in a warning of at most 120 characters', () => {
  const {findings} = resolved({
    controlPlane: {port: 15012},
    telemetry: {metrics: ['request_count']},
    tracing: {endpoint: 'zipkin:9411'},
    sidecar: {proxy: {config: {accessLogFile: '/var/log/access.log', statNameLength: 189}}},
  })
  expect(findings.slice(6).map((finding) => finding.split(':')[0])).toStrictEqual([
    'ignored mesh.sidecar.proxy.config.accessLogFile',
    'ignored mesh.sidecar.proxy.config.statNameLength',
    'ignored mesh.telemetry.metrics',
    'replaced mesh.controlPlane.port',
    'approximated mesh.tracing.endpoint',
  ])
  expect(Math.max(...findings.map((finding) => finding.length))).toBeLessThanOrEqual(120)
})
