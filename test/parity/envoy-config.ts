import type {
  Access,
  AccessRule,
  Backend,
  Breaker,
  Match,
  Peer,
  Retries,
  Route,
  ServiceIntent,
  ServiceName,
} from '../../src/intent/intent.ts'
import type {Values} from '../../src/mesh/values.ts'

/*
 * What is wanted of a service as the static configuration of one Envoy: the fields that the control planes of Istio and
 * Consul write for the same rules, without the control plane. For tests; who calls is read from a header here, and from a
 * certificate there.
 */

export const callerHeader = 'x-meshwright-caller'

/** Where a service's endpoints listen; of a subset, those whose version it is. */
export type PortsOf = (service: ServiceName, subset: string | undefined) => readonly number[]

export interface Translated {
  readonly listener: Values
  readonly clusters: readonly Values[]
}

/** A listener on a port of its own choice that plays the part of both sidecars, and the clusters that it sends to. */
export function envoyOf(
  name: string,
  intent: ServiceIntent,
  intentOf: (service: ServiceName) => ServiceIntent | undefined,
  portsOf: PortsOf,
): Translated {
  const clusters = new Map<string, Values>()
  const clusterOf = ({service, subset}: Pick<Backend, 'service' | 'subset'>): string => {
    const key = `${name}/${service.namespace}/${service.name}/${subset ?? ''}`
    clusters.set(key, cluster(key, portsOf(service, subset), intentOf(service)?.traffic?.breaker))
    return key
  }
  const everything: Pick<Route, 'matches' | 'backends'> = {matches: [], backends: []}
  const routes = [...(intent.traffic?.routes ?? []), everything].flatMap((route) =>
    routesOf(route, intent.service, clusterOf),
  )
  return {listener: listenerOf(name, routes, intent.access), clusters: [...clusters.values()]}
}

const type = (name: string) => ({'@type': `type.googleapis.com/${name}`})
const duration = (milliseconds: number) => `${(milliseconds / 1000).toFixed(3)}s`
const unlimited = 4_294_967_295
/** How often Envoy looks whether an ejection is over, as the meshes are told to. */
const sweep = 10_000

function cluster(name: string, ports: readonly number[], breaker: Breaker | undefined): Values {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    lb_policy: 'ROUND_ROBIN',
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: ports.map((port) => ({
            endpoint: {address: {socket_address: {address: '127.0.0.1', port_value: port}}},
          })),
        },
      ],
    },
    // Envoy gathers changes of health for a second; times here are shorter.
    common_lb_config: {healthy_panic_threshold: {value: 0}, update_merge_window: '0s'},
    circuit_breakers: {
      thresholds: [
        {
          max_connections: unlimited,
          max_pending_requests: unlimited,
          max_requests: unlimited,
          max_retries: unlimited,
        },
      ],
    },
    ...(breaker !== undefined && {
      outlier_detection: {
        consecutive_5xx: breaker.threshold,
        interval: duration(Math.min(sweep, breaker.timeout)),
        base_ejection_time: duration(breaker.timeout),
        max_ejection_time: duration(breaker.recovery),
        max_ejection_percent: 100,
        enforcing_consecutive_5xx: 100,
        enforcing_success_rate: 0,
      },
    }),
  }
}

type Cluster = (backend: Pick<Backend, 'service' | 'subset'>) => string

function routesOf(
  {matches, backends, timeout, retries}: Pick<Route, 'matches' | 'backends' | 'timeout' | 'retries'>,
  service: ServiceName,
  clusterOf: Cluster,
): readonly Values[] {
  const [only, ...more] = backends
  const target =
    more.length === 0
      ? {cluster: clusterOf(only ?? {service})}
      : {weighted_clusters: {clusters: backends.map((one) => ({name: clusterOf(one), weight: one.weight}))}}
  const limit = retries?.attempts === 0 ? least(timeout, retries.perTryTimeout) : timeout
  const action = {
    ...target,
    // 0: none; absent: 15 s.
    timeout: duration(limit ?? 0),
    ...(retries !== undefined && retries.attempts > 0 && {retry_policy: retryPolicy(retries)}),
  }
  const all = matches.length === 0 ? [{prefix: '/'}] : matches.map(matchOf)
  return all.map((match) => ({match, route: action}))
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}

function retryPolicy({attempts, perTryTimeout, on}: Retries): Values {
  const previous = 'envoy.retry_host_predicates.previous_hosts'
  return {
    retry_on: on.join(','),
    num_retries: attempts,
    ...(perTryTimeout !== undefined && {per_try_timeout: duration(perTryTimeout)}),
    retry_host_predicate: [
      {
        name: previous,
        typed_config: type('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'),
      },
    ],
    host_selection_retry_max_attempts: 5,
  }
}

function matchOf({path, method, headers}: Match): Values {
  const conditions = [
    ...(method === undefined ? [] : [{name: ':method', string_match: {exact: method}}]),
    ...headers.map(({name, kind, value}) => {
      if (kind === 'present') return {name, present_match: true}
      return {name, string_match: kind === 'regex' ? {safe_regex: {regex: value}} : {[kind]: value}}
    }),
  ]
  return {...pathOf(path), ...(conditions.length > 0 && {headers: conditions})}
}

function pathOf(path: Match['path']): Values {
  if (path === undefined) return {prefix: '/'}
  const {kind, value} = path
  if (kind === 'exact') return {path: value}
  if (kind === 'regex') return {safe_regex: {regex: value}}
  if (kind === 'text-prefix') return {prefix: value}
  const elements = value.replace(/\/+$/, '')
  return elements === '' ? {prefix: '/'} : {path_separated_prefix: elements}
}

function listenerOf(name: string, routes: readonly Values[], access: Access | undefined): Values {
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: type('envoy.extensions.filters.http.router.v3.Router'),
  }
  const manager = {
    ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: name,
    // Callers hear at once of an answer that breaks off.
    delayed_close_timeout: '0s',
    route_config: {
      virtual_hosts: [{name, domains: ['*'], include_attempt_count_in_response: true, routes}],
    },
    http_filters: [...filtersOf(access), router],
  }
  return {
    name,
    address: {socket_address: {address: '127.0.0.1', port_value: 0}},
    filter_chains: [{filters: [{name: 'envoy.filters.network.http_connection_manager', typed_config: manager}]}],
  }
}

/** What is denied is asked first; what is allowed turns everybody else away. */
function filtersOf(access: Access | undefined): readonly Values[] {
  return (['DENY', 'ALLOW'] as const).flatMap((action) => {
    const rules = access?.rules.filter((rule) => rule.action === action) ?? []
    if (rules.length === 0) return []
    const policies = Object.fromEntries(rules.map((rule, index) => [String(index), policyOf(rule)]))
    const rbac = {...type('envoy.extensions.filters.http.rbac.v3.RBAC'), rules: {action, policies}}
    return [{name: `envoy.filters.http.rbac.${action.toLowerCase()}`, typed_config: rbac}]
  })
}

function policyOf({from, methods, paths}: AccessRule): Values {
  const permissions = [
    ...(methods.length === 0 ? [] : [or(methods.map((method) => header(':method', {exact: method})))]),
    ...(paths.length === 0 ? [] : [or(paths.map((path) => ({url_path: {path: pathPattern(path)}})))]),
  ]
  return {
    permissions: permissions.length === 0 ? [{any: true}] : [{and_rules: {rules: permissions}}],
    principals: from.length === 0 ? [{any: true}] : from.map(principal),
  }
}

const or = (rules: readonly Values[]): Values => ({or_rules: {rules}})
const header = (name: string, match: Values): Values => ({header: {name, string_match: match}})

function pathPattern(path: string): Values {
  return path.endsWith('*') ? {prefix: path.slice(0, -1)} : {exact: path}
}

function principal(peer: Peer): Values {
  if (peer.kind === 'namespace') return header(callerHeader, {suffix: `.${peer.namespace}`})
  return header(callerHeader, {exact: `${peer.service.name}.${peer.service.namespace}`})
}
