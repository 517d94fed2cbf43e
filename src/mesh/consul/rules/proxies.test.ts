import {expect, test} from 'vitest'
import type {Values} from '../../values.ts'
import {meshIntent, objectsOf, origin, partOf, specOf, translator, verdicts} from './fixture.ts'

const mesh = (settings: Values) => translator(settings).mesh(meshIntent(settings))
const tracing = (settings: Values): unknown => {
  const config = specOf(mesh(settings), 'ProxyDefaults')?.['config']
  return config
}
const parsed = (config: unknown, key: string): unknown => {
  const text = Object.entries(config ?? {}).find(([name]) => name === key)?.[1]
  return typeof text === 'string' ? JSON.parse(text) : undefined
}

test('nothing wanted of the mesh is nothing written', () => {
  expect(mesh({})).toEqual([])
})

test.each([
  ['/dev/stdout', {enabled: true, type: 'stdout'}],
  ['/dev/stderr', {enabled: true, type: 'stderr'}],
  ['/dev/null', {enabled: false}],
  ['/var/log/access.log', {enabled: true, type: 'file', path: '/var/log/access.log'}],
])('an access log in %s', (accessLogFile, accessLogs) => {
  const parts = mesh({sidecar: {proxy: {config: {accessLogFile}}}})
  expect(partOf(parts, 'proxies').objects).toEqual([
    {
      mode: 'share',
      object: {
        apiVersion: 'consul.hashicorp.com/v1alpha1',
        kind: 'ProxyDefaults',
        metadata: {name: 'global', namespace: 'default'},
        spec: {accessLogs},
      },
    },
  ])
  expect(verdicts(parts)).toEqual([])
})

test('a sampling rate is a percentage for every listener', () => {
  expect(parsed(tracing({telemetry: {samplingRate: 0.07}}), 'envoy_listener_tracing_json')).toEqual({
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing',
    randomSampling: {value: 7},
  })
  expect(verdicts(mesh({telemetry: {samplingRate: 0.07}}))).toEqual(['approximated MW6352'])
})

test('a collector is a cluster of the bootstrap and the provider of every listener', () => {
  const settings = {tracing: {enabled: true, endpoint: 'otel-collector.observability:4317'}}
  const config = tracing(settings)
  expect(parsed(config, 'envoy_listener_tracing_json')).toMatchObject({
    randomSampling: {value: 1},
    provider: {
      name: 'envoy.tracers.opentelemetry',
      typedConfig: {grpcService: {envoyGrpc: {clusterName: 'meshwright_trace_collector'}}},
    },
  })
  expect(parsed(config, 'envoy_extra_static_clusters_json')).toMatchObject({
    name: 'meshwright_trace_collector',
    load_assignment: {
      endpoints: [
        {
          lb_endpoints: [
            {endpoint: {address: {socket_address: {address: 'otel-collector.observability', port_value: 4317}}}},
          ],
        },
      ],
    },
  })
  expect(verdicts(mesh(settings))).toEqual(['approximated MW6355'])
})

test('an IPv6 address of a collector stands in brackets', () => {
  const config = tracing({tracing: {endpoint: '[fd00::1]:4317'}})
  expect(JSON.stringify(parsed(config, 'envoy_extra_static_clusters_json'))).toContain('"address":"fd00::1"')
})

test.each(['collector', 'http://collector:4317', 'collector:0', 'collector:70000', 'a b:1'])(
  'the endpoint %s is refused',
  (endpoint) => {
    const part = partOf(mesh({tracing: {endpoint}}), 'proxies')
    expect(part).toMatchObject({objects: [], findings: [{kind: 'refused', code: 'MW6354'}]})
  },
)

test('tracing switched off leaves Consul as it is: it traces nothing by itself', () => {
  const parts = mesh({tracing: {enabled: false}, telemetry: {samplingRate: 1}})
  expect(objectsOf(parts)).toEqual([])
  expect(verdicts(parts)).toEqual([])
})

test('a choice of metrics and an interval of health checks are told to have no effect', () => {
  const parts = mesh({telemetry: {metrics: ['request_count']}, serviceDiscovery: {healthCheckInterval: '10s'}})
  expect(objectsOf(parts)).toEqual([])
  expect(verdicts(parts)).toEqual(['ignored MW6350', 'ignored MW6363'])
})

test('mutual TLS off needs the leave of the mesh, whichever namespace wants it', () => {
  const spec = {allowEnablingPermissiveMutualTLS: true}
  expect(specOf(mesh({security: {mutualTLS: false}}), 'Mesh', 'mesh')).toEqual(spec)
  expect(specOf(mesh({security: {mutualTLS: true}}), 'Mesh')).toBeUndefined()
  const plaintext = origin('environments.development.mesh.security.mutualTLS', 'MeshConfig', 'default')
  expect(specOf(translator().mesh(meshIntent({}, {plaintext})), 'Mesh')).toEqual(spec)
})

test("a namespace's own telemetry has no effect where it differs from the default's", () => {
  const own = meshIntent({telemetry: {samplingRate: 1}, sidecar: {proxy: {config: {accessLogFile: '/dev/stdout'}}}})
  const byDefault = meshIntent({
    telemetry: {samplingRate: 0.1},
    sidecar: {proxy: {config: {accessLogFile: '/dev/stdout'}}},
  })
  const parts = translator().namespace({...own, namespace: 'shop', byDefault: byDefault.settings})
  expect(objectsOf(parts)).toEqual([])
  expect(partOf(parts, 'proxies').findings).toMatchObject([
    {kind: 'ignored', code: 'MW6351', feature: 'sampling', origin: {path: 'mesh.telemetry.samplingRate'}},
  ])
  expect(translator().namespace({...own, namespace: 'shop'})).toEqual([])
})
