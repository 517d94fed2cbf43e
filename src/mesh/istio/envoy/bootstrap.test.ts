import {expect, test} from 'vitest'
import {expand} from '../../../../test/envoy/kubelet.ts'
import fields from '../../../../test/envoy/envoy-1.25-fields.json' with {type: 'json'}
import {bootstrapFor} from './bootstrap.ts'
import type {EnvoySettings} from './settings.ts'
import type {Workload} from './node.ts'

const settings: EnvoySettings = {
  discovery: {host: 'istio-pilot.istio-system.svc.cluster.local', port: 15010},
  ipFamily: 'IPv4',
  clusterDomain: 'cluster.local',
  clusterId: 'Kubernetes',
  meshId: 'cluster.local',
  network: '',
  istioVersion: '1.31.0',
  metrics: true,
  profiling: false,
  accessLog: false,
  collector: undefined,
}
const workload: Workload = {
  labels: {app: 'orders', version: 'v1', 'pod-template-hash': '5d4f8'},
  containers: [
    {
      name: 'app',
      ports: [
        {name: 'http', containerPort: 8080},
        {containerPort: 9090, protocol: 'UDP'},
      ],
    },
    {name: 'cron'},
  ],
  name: 'orders',
  owner: 'kubernetes://apis/apps/v1/namespaces/shop/deployments/orders',
  interceptionMode: 'REDIRECT',
  proxyConfig: {tracing: {sampling: 10}},
  proxyMetadata: {},
}
const everything: EnvoySettings = {
  ...settings,
  ipFamily: 'both',
  network: 'east',
  profiling: true,
  accessLog: true,
  collector: {address: {host: 'otel.observability', port: 4317}, protocol: 'otlp'},
}
const zipkin: EnvoySettings = {
  ...settings,
  discovery: {host: '10.0.0.1', port: 15010},
  collector: {address: {host: '2001:db8::1', port: 9411}, protocol: 'zipkin'},
}

const env = new Map(
  Object.entries({
    POD_NAME: 'orders-5d4f8-x',
    POD_NAMESPACE: 'shop',
    INSTANCE_IP: '10.1.2.3',
    INSTANCE_IPS: '10.1.2.3,2001:db8::3',
    SERVICE_ACCOUNT: 'orders',
    NODE_NAME: 'node-1',
  }),
)

function bootstrap(of: EnvoySettings, workloadOf: Workload = workload) {
  return JSON.parse(expand(bootstrapFor(of)(workloadOf), env))
}

/** Lists the paths of a message that Envoy 1.25 would not know; `type` is a protobuf message or scalar. */
function unknownFields(value: unknown, type: string, path: string): string[] {
  const table: Record<string, Record<string, string> | undefined> = fields
  const bare = type.replace(/^repeated |^map /, '')
  if (Array.isArray(value)) return value.flatMap((item, i) => unknownFields(item, bare, `${path}[${i}]`))
  if (type.startsWith('map ')) {
    return Object.entries(value as object).flatMap(([key, item]) => unknownFields(item, bare, `${path}.${key}`))
  }
  if (bare === 'google.protobuf.Struct') return []
  if (bare === 'google.protobuf.Any') {
    const {'@type': url, ...message} = value as {'@type': string}
    return unknownFields(message, url.replace('type.googleapis.com/', ''), path)
  }
  if (bare.includes('|')) return bare.split('|').includes(String(value)) ? [] : [`${path}: ${String(value)}`]
  if (typeof value !== 'object' || value === null) return table[bare] === undefined ? [] : [`${path} is no message`]
  const known = table[bare]
  if (known === undefined) return [`${path}: ${bare}`]
  return Object.entries(value).flatMap(([field, item]) => {
    const of = known[field]
    return of === undefined ? [`${path}.${field}`] : unknownFields(item, of, `${path}.${field}`)
  })
}

test.each([
  ['the least', settings],
  ['everything', everything],
  ['zipkin', zipkin],
])('every field and value is one that Envoy 1.25 knows: %s', (_, of) => {
  expect(unknownFields(bootstrap(of), 'envoy.config.bootstrap.v3.Bootstrap', 'bootstrap')).toStrictEqual([])
})

test('the guard sees a field that came after 1.25', () => {
  const newer = {admin: {allow_paths: [{exact: '/ready'}]}, dynamic_resources: {ads_config: {api_type: 'GRPCS'}}}
  expect(unknownFields(newer, 'envoy.config.bootstrap.v3.Bootstrap', 'bootstrap')).toStrictEqual([
    'bootstrap.admin.allow_paths',
    'bootstrap.dynamic_resources.ads_config.api_type: GRPCS',
  ])
})

test('the node is what istiod expects of a sidecar', () => {
  expect(bootstrap(settings).node).toStrictEqual({
    id: 'sidecar~10.1.2.3~orders-5d4f8-x.shop~shop.svc.cluster.local',
    cluster: 'orders.shop',
    metadata: {
      NAME: 'orders-5d4f8-x',
      NAMESPACE: 'shop',
      INSTANCE_IPS: '10.1.2.3',
      SERVICE_ACCOUNT: 'orders',
      NODE_NAME: 'node-1',
      CLUSTER_ID: 'Kubernetes',
      MESH_ID: 'cluster.local',
      ISTIO_VERSION: '1.31.0',
      INTERCEPTION_MODE: 'REDIRECT',
      WORKLOAD_NAME: 'orders',
      OWNER: 'kubernetes://apis/apps/v1/namespaces/shop/deployments/orders',
      APP_CONTAINERS: 'app,cron',
      POD_PORTS: '[\n    {"name":"http","containerPort":8080}\n    ,{"containerPort":9090,"protocol":"UDP"}\n]',
      ENVOY_STATUS_PORT: 15021,
      ENVOY_PROMETHEUS_PORT: 15090,
      LABELS: {app: 'orders', version: 'v1'},
      PROXY_CONFIG: {tracing: {sampling: 10}},
    },
  })
})

test('a pod without owner, ports, labels or metrics says nothing about them', () => {
  const bare = {...workload, labels: {}, containers: [{name: 'app'}], name: '', owner: '', proxyConfig: undefined}
  const {cluster, metadata} = bootstrap({...settings, metrics: false}, bare).node
  expect(cluster).toBe('istio-proxy.shop')
  expect(Object.keys(metadata)).not.toEqual(
    expect.arrayContaining(['WORKLOAD_NAME', 'OWNER', 'ENVOY_PROMETHEUS_PORT', 'PROXY_CONFIG', 'NETWORK']),
  )
})

test('proxyMetadata sets what istiod reads, and neither who the proxy is nor what only an agent can do', () => {
  const proxyMetadata = {
    ISTIO_META_IDLE_TIMEOUT: '10s',
    ISTIO_META_NAMESPACE: 'kube-system',
    ISTIO_META_DNS_CAPTURE: 'true',
    OTHER: 'x',
  }
  const {metadata} = bootstrap(settings, {...workload, proxyMetadata}).node
  expect(metadata).toMatchObject({IDLE_TIMEOUT: '10s', NAMESPACE: 'shop'})
  expect(Object.keys(metadata)).not.toContain('DNS_CAPTURE')
})

test('a dual-stack proxy tells all its addresses', () => {
  expect(bootstrap(everything).node.metadata.INSTANCE_IPS).toBe('10.1.2.3,2001:db8::3')
})

function listenersOf(of: EnvoySettings) {
  const {listeners} = bootstrap(of).static_resources
  return listeners.map(({name, address: {socket_address: at}}: {name: string; address: {socket_address: object}}) => ({
    name,
    ...at,
  }))
}

test('readiness and metrics are open to the pod network, the admin interface only to the pod', () => {
  expect(listenersOf(settings)).toStrictEqual([
    {name: 'readiness', address: '0.0.0.0', port_value: 15021},
    {name: 'metrics', address: '0.0.0.0', port_value: 15090},
    {name: 'admin', address: '127.0.0.1', port_value: 15000},
  ])
  expect(bootstrap(settings).admin.address).toStrictEqual({pipe: {path: '@istio-proxy-admin'}})
})

test.each(['IPv6', 'both'] as const)('with %s it listens in IPv6, and in IPv4 where there is any', (ipFamily) => {
  expect(listenersOf({...settings, ipFamily})[0]).toMatchObject({address: '::', ipv4_compat: true})
})

test('without metrics nothing listens on 15090', () => {
  expect(listenersOf({...settings, metrics: false}).map(({name}: {name: string}) => name)).toStrictEqual([
    'readiness',
    'admin',
  ])
})

test.each([
  ['istiod.istio-system.svc', 'STRICT_DNS'],
  ['10.0.0.1', 'STATIC'],
  ['2001:db8::1', 'STATIC'],
])('the discovery address %s is resolved by %s', (host, type) => {
  const [, discovery] = bootstrap({...settings, discovery: {host, port: 15010}}).static_resources.clusters
  expect(discovery).toMatchObject({
    name: 'xds-grpc',
    type,
    load_assignment: {
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: host, port_value: 15010}}}}]}],
    },
  })
})

test('spans go to the collector over the protocol of its port', () => {
  expect(bootstrap(everything).tracing.http.typed_config).toMatchObject({
    grpc_service: {envoy_grpc: {cluster_name: 'trace-collector'}},
  })
  expect(bootstrap(zipkin).tracing.http.typed_config).toMatchObject({collector_cluster: 'trace-collector'})
  expect(bootstrap(settings).tracing).toBeUndefined()
})
