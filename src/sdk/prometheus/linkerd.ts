import {noResponse, responseClass} from '../response-class.ts'
import {either, growth, percentiles, renamed, selector} from '../../monitoring/promql.ts'
import type {MeshQueries, Subject} from './queries.ts'

const outcome = ['classification', 'status_code']

/**
 * What Linkerd's proxies tell on the callers' side: on the side of the service they know its workload and not the Service.
 * A split goes to a Service for each version, and requests are counted by its name from then on; routes know which.
 *
 * No sizes, since Linkerd counts frames of bodies, by workload. No latencies of routes, whose buckets begin at 50 ms.
 */
export const linkerd: MeshQueries = {
  related({name, namespace}, window) {
    // What a rule sends to another service is counted there.
    const routed = selector({
      parent_kind: 'Service',
      parent_name: name,
      parent_namespace: namespace,
      backend_name: {begins: `${name}-`},
      backend_namespace: namespace,
    })
    const backends = ['http', 'grpc'].map(
      (protocol) => `last_over_time(outbound_${protocol}_route_backend_response_statuses_total${routed}[${window}ms])`,
    )
    const known = backends.map((backend) => `group by(backend_name)(${backend})`)
    return renamed(`(${either(...known)})`, 'backend_name', 'part')
  },
  counts: (subject) =>
    wholeAndVersions(subject, (labels, by) => growth(`response_total${labels}`, subject.window, [...outcome, ...by])),
  ending: ({classification, status_code: status}) => ({
    responses: responseClass(status) ?? noResponse,
    failed: classification !== 'success',
  }),
  durations: (subject) =>
    wholeAndVersions(subject, (labels, by) => percentiles(`response_latency_ms_bucket${labels}`, subject.window, by)),
  versionOf: (part, {name}) => part.slice(name.length + 1),
}

function wholeAndVersions(
  {service: {name, namespace}, parts}: Subject,
  query: (labels: string, by: readonly string[]) => string,
): string {
  const called = (services: readonly string[]) =>
    selector({direction: 'outbound', dst_namespace: namespace, dst_service: services})
  const whole = query(called([name, ...parts]), [])
  if (parts.length === 0) return whole
  return either(whole, renamed(`(${query(called(parts), ['dst_service'])})`, 'dst_service', 'version'))
}
