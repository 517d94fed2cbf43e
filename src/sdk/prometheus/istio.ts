import {noResponse, responseClass} from '../response-class.ts'
import {either, growth, mean, percentiles, renamed, selector} from '../../monitoring/promql.ts'
import type {MeshQueries, Subject} from './queries.ts'

const outcome = ['response_code', 'grpc_response_status']

/**
 * Istio's standard metrics, as the sidecar of the service tells them: those of the callers count the same requests again.
 * By name and namespace, since `destination_service` has the cluster's domain in it, which nobody tells an application.
 */
export const istio: MeshQueries = {
  counts: (subject) =>
    wholeAndVersions(subject, (labels, by) =>
      growth(`istio_requests_total${labels}`, subject.window, [...outcome, ...by]),
    ),
  ending({response_code: status, grpc_response_status: grpc = ''}) {
    // The sidecar says 0 where the caller went away. A call of gRPC is answered with 200, whatever came of it.
    const responses = responseClass(status) ?? noResponse
    return {responses, failed: grpc === '' ? responses === '5xx' : grpc !== '0'}
  },
  durations: (subject) =>
    wholeAndVersions(subject, (labels, by) =>
      percentiles(`istio_request_duration_milliseconds_bucket${labels}`, subject.window, by),
    ),
  sizes: (subject) =>
    wholeAndVersions(subject, (labels, by) =>
      either(
        mean('request', 'istio_request_bytes', labels, subject.window, by),
        mean('response', 'istio_response_bytes', labels, subject.window, by),
      ),
    ),
}

function wholeAndVersions(
  {service: {name, namespace}}: Subject,
  query: (labels: string, by: readonly string[]) => string,
): string {
  const own = {reporter: 'destination', destination_service_name: name, destination_service_namespace: namespace}
  // Sidecars of pods that have no version say unknown.
  const versions = query(selector({...own, destination_version: {not: ['unknown', '']}}), ['destination_version'])
  return either(query(selector(own), []), renamed(`(${versions})`, 'destination_version', 'version'))
}
