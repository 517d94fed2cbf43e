import type {EnvoySettings} from './settings.ts'
import type {Message} from './config-yaml.ts'

type Listener = {readonly [field: string]: Message}

/** Ports of Istio's data plane: what captures traffic leaves them out, and probes and scrapers know them. */
export const statusPort = 15021
export const metricsPort = 15090
const adminPort = 15000

export const readyPath = '/healthz/ready'
export const metricsPath = '/stats/prometheus'

/**
 * Where Envoy's admin interface itself listens: a socket in the abstract name space of the pod, which needs no file in a
 * read-only container. The admin interface cannot leave out single paths (Envoy 1.25), the listener before it can.
 */
export const adminSocket = '@istio-proxy-admin'
export const adminCluster = 'admin'

/** Where Envoy writes a CPU profile; the folder is a volume that exists only with `enableProfiling`. */
export const profileFolder = '/var/lib/istio/data'

/** Every path of the admin interface that profiles, up to Envoy 1.40. */
const profilingPaths = [
  '/allocprofiler',
  '/contention',
  '/cpuprofiler',
  '/heap_dump',
  '/heapprofiler',
  '/peak_heap_dump',
]

/** What Envoy serves before istiod says anything, apart from the traffic listeners, which are all istiod's. */
export function staticListeners(settings: EnvoySettings): Listener[] {
  const any = settings.ipFamily === 'IPv4' ? {address: '0.0.0.0'} : {address: '::', ipv4_compat: true}
  const log = settings.accessLog ? [standardOutput()] : undefined
  const ready = route({path: readyPath}, {prefix_rewrite: '/ready'})
  const metrics = route({path: metricsPath}, {})
  const blocked = settings.profiling ? [] : profilingPaths
  const admin = [
    ...blocked.map((prefix) => ({match: {prefix}, direct_response: {status: 404}})),
    route({prefix: '/'}, {timeout: '0s'}),
  ]
  return [
    listener('readiness', {...any, port_value: statusPort}, [ready]),
    ...(settings.metrics ? [listener('metrics', {...any, port_value: metricsPort}, [metrics], log)] : []),
    listener('admin', {address: '127.0.0.1', port_value: adminPort}, admin, log),
  ]
}

function route(match: Message, action: {readonly [field: string]: Message}): Message {
  return {match, route: {cluster: adminCluster, ...action}}
}

function listener(name: string, address: Message, routes: readonly Message[], log?: readonly Message[]): Listener {
  const manager: Message = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: name,
    access_log: log,
    request_headers_timeout: '10s',
    route_config: {virtual_hosts: [{name, domains: ['*'], routes}]},
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: {'@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'},
      },
    ],
  }
  const filter = {name: 'envoy.filters.network.http_connection_manager', typed_config: manager}
  return {name, address: {socket_address: address}, filter_chains: [{filters: [filter]}]}
}

function standardOutput(): Message {
  return {
    name: 'envoy.access_loggers.stdout',
    typed_config: {'@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog'},
  }
}
