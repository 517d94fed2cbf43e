import type {Counted} from '../metric-source.ts'
import {noResponse} from '../response-class.ts'
import {either, growth, mean, percentiles, renamed, selector} from '../../monitoring/promql.ts'
import type {MeshQueries} from './queries.ts'

const subset = 'consul_destination_service_subset'

/**
 * Envoy's own statistics with the tags of Consul's bootstrap. The sidecar of a service calls itself the source; what it
 * received passed its public listener. It knows no versions: these are told by the callers' sidecars, by subset.
 *
 * Sizes only where the sidecars were told to track them (`track_cluster_stats`).
 */
export const consul: MeshQueries = {
  counts: ({service, window}) =>
    either(
      growth(`envoy_http_downstream_rq_xx${received(service)}`, window, ['envoy_response_code_class']),
      byVersion(growth(`envoy_cluster_upstream_rq_xx${sent(service)}`, window, ['envoy_response_code_class', subset])),
    ),
  ending: ({envoy_response_code_class: digit = ''}) => ({
    responses: /^[1-5]$/.test(digit) ? `${digit}xx` : noResponse,
    failed: digit === '5',
  }),
  durations: ({service, window}) =>
    either(
      percentiles(`envoy_http_downstream_rq_time_bucket${received(service)}`, window, []),
      byVersion(percentiles(`envoy_cluster_upstream_rq_time_bucket${sent(service)}`, window, [subset])),
    ),
  sizes({service, window}) {
    const sizes = (labels: string, by: readonly string[]) =>
      either(
        mean('request', 'envoy_cluster_upstream_rq_body_size', labels, window, by),
        mean('response', 'envoy_cluster_upstream_rs_body_size', labels, window, by),
      )
    return either(sizes(selector(destination(service)), []), byVersion(sizes(sent(service), [subset])))
  },
}

function received({name, namespace}: Counted): string {
  return selector({
    consul_source_service: name,
    consul_source_namespace: namespaces(namespace),
    envoy_http_conn_manager_prefix: 'public_listener',
  })
}

function sent(service: Counted): string {
  return selector({...destination(service), [subset]: {not: ['']}})
}

function destination({name, namespace}: Counted) {
  return {consul_destination_service: name, consul_destination_namespace: namespaces(namespace)}
}

/** Without Consul Enterprise there is but one namespace; with it, usually one for each of Kubernetes. */
function namespaces(namespace: string): readonly string[] {
  return [...new Set(['default', namespace])]
}

function byVersion(query: string): string {
  return renamed(`(${query})`, subset, 'version')
}
