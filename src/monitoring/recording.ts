import {either, renamed, selector, type Matchers} from './promql.ts'

/** A rule of Prometheus that records. */
export interface Recording {
  readonly record: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

/** What tells one service from another; `cluster` where a Prometheus has several. */
const service = ['cluster', 'namespace', 'service']
const version = [...service, 'version']

const rate = (metric: string, matchers: Matchers) => `rate(${metric}${selector(matchers)}[1m])`
const sum = (by: readonly string[], expression: string) => `sum by (${by.join(', ')}) (${expression})`
/** Of a service without failures there are no such series, and their rate is 0; of a service without requests it is nothing. */
const orZero = (some: string, all: string) => `${some} or ${all} * 0`
/** `503` is `5xx`, and what is no status is `none`. */
const classed = (expression: string, status: string, shape: string) =>
  `label_replace(label_replace(${expression},"code_class","none","",""),"code_class","\${1}xx","${status}","${shape}")`

/** What a mesh can tell of services, or of their versions: rates by the labels named. */
interface Told {
  count(by: readonly string[]): string
  failures(by: readonly string[]): string
  all(by: readonly string[]): string
  buckets(by: readonly string[]): string
}

function recordings(mesh: string, told: Told, by: readonly string[], prefix: string): readonly Recording[] {
  const labels = {mesh}
  return [
    {record: `meshwright:${prefix}request_count:rate1m`, labels, expr: told.count([...by, 'code_class'])},
    {
      record: `meshwright:${prefix}request_failures:rate1m`,
      labels,
      expr: orZero(told.failures(by), told.all(by)),
    },
    {
      record: `meshwright:${prefix}request_duration_milliseconds_bucket:rate1m`,
      labels,
      expr: told.buckets([...by, 'le']),
    },
  ]
}

function istio(): readonly Recording[] {
  const own = {reporter: 'destination', destination_service_name: {not: ['unknown', '']}}
  const labels = {
    destination_service_name: 'service',
    destination_service_namespace: 'namespace',
    destination_version: 'version',
  }
  const told = (also: Matchers): Told => {
    const of = (metric: string, matchers: Matchers, more: readonly string[]) =>
      named(sum(['cluster', ...Object.keys(labels), ...more], rate(metric, {...own, ...also, ...matchers})), labels)
    const requests = (matchers: Matchers) =>
      of('istio_requests_total', matchers, ['response_code', 'grpc_response_status'])
    // A call of gRPC is answered with 200, whatever came of it.
    const failed = either(
      requests({response_code: {pattern: '5..'}, grpc_response_status: ''}),
      requests({grpc_response_status: {not: ['0', '']}}),
    )
    return {
      count: (by) => sum(by, classed(requests({}), 'response_code', '([1-5])..')),
      all: (by) => sum(by, requests({})),
      failures: (by) => sum(by, failed),
      buckets: (by) => sum(by, of('istio_request_duration_milliseconds_bucket', {}, ['le'])),
    }
  }
  const mean = (of: 'request' | 'response'): Recording => {
    const part = (name: string) =>
      sum(service, named(sum(['cluster', ...Object.keys(labels)], rate(`istio_${of}_bytes_${name}`, own)), labels))
    return {
      record: `meshwright:${of}_size_bytes:mean1m`,
      labels: {mesh: 'istio'},
      expr: `${part('sum')} / ${part('count')}`,
    }
  }
  return [
    ...recordings('istio', told({}), service, ''),
    mean('request'),
    mean('response'),
    ...recordings('istio', told({destination_version: {not: ['unknown', '']}}), version, 'version_'),
  ]
}

/** Services of versions, by their own name `version` and by that of the service that callers know. */
const linkerdVersions = 'meshwright:linkerd_version_service:info'

function linkerd(): readonly Recording[] {
  const statuses = '{__name__=~"outbound_(http|grpc)_route_backend_response_statuses_total",parent_kind="Service"'
  const backends = named(
    `group by (cluster, parent_namespace, parent_name, backend_name) (${statuses},backend_kind="Service"})`,
    {parent_namespace: 'namespace', parent_name: 'service', backend_name: 'version'},
  )
  const parents = named(`group by (cluster, parent_namespace, parent_name) (${statuses}})`, {
    parent_namespace: 'namespace',
    parent_name: 'version',
  })
  const at = 'on (cluster, namespace, version)'
  const of = (metric: string, matchers: Matchers, more: readonly string[]) =>
    named(
      sum(
        ['cluster', 'dst_namespace', 'dst_service', ...more],
        rate(metric, {direction: 'outbound', dst_service: {not: ['']}, ...matchers}),
      ),
      {dst_namespace: 'namespace', dst_service: 'version'},
    )
  const ofVersions = (expression: string) => `(${expression} * ${at} group_left (service) ${linkerdVersions})`
  const ofAll = (expression: string) =>
    either(ofVersions(expression), renamed(`(${expression} unless ${at} ${linkerdVersions})`, 'version', 'service'))
  const told = (pick: (expression: string) => string): Told => {
    const responses = (matchers: Matchers) => pick(of('response_total', matchers, ['status_code']))
    return {
      count: (by) => sum(by, classed(`(${responses({})})`, 'status_code', '([1-5])..')),
      all: (by) => sum(by, responses({})),
      failures: (by) => sum(by, responses({classification: {not: ['success']}})),
      buckets: (by) => sum(by, pick(of('response_latency_ms_bucket', {}, ['le']))),
    }
  }
  return [
    // A Service that is called by its own name is a service itself. Two services that send to one: either will do.
    {
      record: linkerdVersions,
      expr: `topk by (cluster, namespace, version) (1, ${backends} unless ${at} ${parents})`,
    },
    ...recordings('linkerd', told(ofAll), service, ''),
    ...recordings('linkerd', told(ofVersions), version, 'version_'),
  ]
}

function consul(): readonly Recording[] {
  const digit = 'envoy_response_code_class'
  const told = (prefix: string, own: Matchers, labels: Readonly<Record<string, string>>): Told => {
    const of = (metric: string, matchers: Matchers, more: readonly string[]) =>
      named(
        sum(['cluster', ...Object.keys(labels), ...more], rate(`${prefix}_${metric}`, {...own, ...matchers})),
        labels,
      )
    return {
      count: (by) => sum(by, classed(of('rq_xx', {}, [digit]), digit, '([1-5])')),
      all: (by) => sum(by, of('rq_xx', {}, [])),
      failures: (by) => sum(by, of('rq_xx', {[digit]: '5'}, [])),
      buckets: (by) => sum(by, of('rq_time_bucket', {}, ['le'])),
    }
  }
  const called = {
    consul_destination_namespace: 'namespace',
    consul_destination_service: 'service',
    consul_destination_service_subset: 'version',
  }
  const received = told(
    'envoy_http_downstream',
    {envoy_http_conn_manager_prefix: 'public_listener', consul_source_service: {not: ['']}},
    {consul_source_namespace: 'namespace', consul_source_service: 'service'},
  )
  const sent = told('envoy_cluster_upstream', {consul_destination_service_subset: {not: ['']}}, called)
  const mean = (of: 'request' | 'response', short: 'rq' | 'rs'): Recording => {
    const part = (name: string) => {
      const bytes = rate(`envoy_cluster_upstream_${short}_body_size_${name}`, {consul_destination_service: {not: ['']}})
      return sum(service, named(sum(['cluster', ...Object.keys(called)], bytes), called))
    }
    return {
      record: `meshwright:${of}_size_bytes:mean1m`,
      labels: {mesh: 'consul'},
      expr: `${part('sum')} / ${part('count')}`,
    }
  }
  return [
    ...recordings('consul', received, service, ''),
    mean('request', 'rq'),
    mean('response', 'rs'),
    ...recordings('consul', sent, version, 'version_'),
  ]
}

/** Gives labels their neutral names. */
function named(expression: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((so, [from, to]) => renamed(so, from, to), expression)
}

/** What each mesh's own metrics become, under the same names for all of them. */
export const recordingRules = {istio: istio(), linkerd: linkerd(), consul: consul()} as const
