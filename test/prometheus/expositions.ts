/**
 * What sidecars serve, in the meshes' own words: names and labels as Istio 1.31, Linkerd 2.20 and Consul's Envoy have
 * them. Everything grows by the same amount with each scrape.
 */

type Labels = Readonly<Record<string, string | number>>

export function sample(name: string, labels: Labels, value: number): string {
  const written = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
  return `${name}{${written.join(',')}} ${value}\n`
}

/** The buckets of a histogram, each with how many observations are at most that. */
export function histogram(
  name: string,
  labels: Labels,
  buckets: Readonly<Record<string, number>>,
  sum: number,
): string {
  const entries = Object.entries(buckets)
  const count = Math.max(...entries.map(([, value]) => value))
  return [
    ...entries.map(([le, value]) => sample(`${name}_bucket`, {...labels, le}, value)),
    sample(`${name}_bucket`, {...labels, le: '+Inf'}, count),
    sample(`${name}_sum`, labels, sum),
    sample(`${name}_count`, labels, count),
  ].join('')
}

const counters = (...names: readonly string[]) => names.map((name) => `# TYPE ${name} counter\n`).join('')

/** 8 requests of v1 a scrape, of which one is answered with 404 and one not at all; 2 of v2, one of which fails. */
export function istio(scrapes: number): string {
  const server = (service: string, namespace: string, version: string, more: Labels = {}): Labels => ({
    reporter: 'destination',
    source_workload: 'order-service',
    source_workload_namespace: 'shop',
    destination_workload: `${service}-${version}`,
    destination_service: `${service}.${namespace}.svc.cluster.local`,
    destination_service_name: service,
    destination_service_namespace: namespace,
    destination_version: version,
    request_protocol: 'http',
    connection_security_policy: 'mutual_tls',
    ...more,
  })
  const requests = (labels: Labels, code: number, each: number, grpc = '') =>
    sample(
      'istio_requests_total',
      {...labels, response_code: code, grpc_response_status: grpc, response_flags: '-'},
      each * scrapes,
    )
  const [v1, v2] = [server('user-service', 'shop', 'v1'), server('user-service', 'shop', 'v2')]
  const callers = {...v1, reporter: 'source'}
  const grpc = server('stock-service', 'shop', 'unknown', {request_protocol: 'grpc'})
  const restarted = server('restarted-service', 'shop', 'v1')
  return [
    counters('istio_requests_total'),
    requests(v1, 200, 6),
    requests(v1, 404, 1),
    requests(v1, 0, 1),
    requests(v2, 200, 1),
    requests(v2, 503, 1),
    // The same requests again, as the callers saw them, and those of a namesake.
    requests(callers, 200, 8),
    requests(server('user-service', 'other', 'v1'), 200, 1000),
    requests(grpc, 200, 3, '0'),
    requests(grpc, 200, 1, '14'),
    // Its process begins anew every seven scrapes.
    sample('istio_requests_total', {...restarted, response_code: 200}, 10 * (scrapes % 7)),
    sample('istio_requests_total', {...server('idle-service', 'shop', 'v1'), response_code: 200}, 5),
    // A pod that goes away, and its series with it.
    ...(scrapes < 6 ? [requests(server('gone-service', 'shop', 'v1'), 200, 1)] : []),
    '# TYPE istio_request_duration_milliseconds histogram\n',
    histogram(
      'istio_request_duration_milliseconds',
      {...v1, response_code: 200},
      {10: 0, 25: 8 * scrapes, 50: 8 * scrapes, 100: 8 * scrapes},
      160 * scrapes,
    ),
    histogram(
      'istio_request_duration_milliseconds',
      {...v2, response_code: 200},
      {10: 0, 25: 0, 50: 0, 100: 2 * scrapes},
      150 * scrapes,
    ),
    ...['request', 'response'].flatMap((of, index) => [
      `# TYPE istio_${of}_bytes histogram\n`,
      histogram(`istio_${of}_bytes`, v1, {1000: 8 * scrapes}, (index + 1) * 800 * scrapes),
      histogram(`istio_${of}_bytes`, v2, {1000: 2 * scrapes}, (index + 1) * 400 * scrapes),
    ]),
  ].join('')
}

/** 8 requests a scrape to the Service of version v1-0-0, of which one gets no answer; 2 to that of v2, one of which fails. */
export function linkerd(scrapes: number): string {
  const caller = {direction: 'outbound', namespace: 'shop', deployment: 'order-service', tls: 'true'}
  const to = (service: string, namespace = 'shop'): Labels => ({
    ...caller,
    dst_service: service,
    dst_namespace: namespace,
    dst_deployment: service,
  })
  const responses = (labels: Labels, status: number | '', each: number) => {
    const classification = status !== '' && status < 500 ? 'success' : 'failure'
    return sample('response_total', {...labels, status_code: status, classification}, each * scrapes)
  }
  const routed = (parent: string, backend: string, kind: string, each: number) =>
    sample(
      'outbound_http_route_backend_response_statuses_total',
      {
        parent_group: 'core',
        parent_kind: 'Service',
        parent_namespace: 'shop',
        parent_name: parent,
        parent_port: 80,
        route_kind: kind === 'default' ? 'default' : 'HTTPRoute',
        route_name: kind === 'default' ? 'http' : parent,
        backend_group: kind === 'default' ? '' : 'core',
        backend_kind: kind,
        backend_namespace: kind === 'default' ? '' : 'shop',
        backend_name: backend,
        http_status: 200,
        error: '',
      },
      each * scrapes,
    )
  const [v1, v2, plain] = [to('user-service-v1-0-0'), to('user-service-v2'), to('plain-service')]
  return [
    counters('response_total', 'outbound_http_route_backend_response_statuses_total'),
    responses(v1, 200, 6),
    responses(v1, 404, 1),
    responses(v1, '', 1),
    responses(v2, 200, 1),
    responses(v2, 503, 1),
    responses(plain, 200, 4),
    responses(to('user-service', 'other'), 200, 1000),
    // The same requests as the service's own side saw them.
    sample('response_total', {direction: 'inbound', namespace: 'shop', deployment: 'user-service'}, 10 * scrapes),
    routed('user-service', 'user-service-v1-0-0', 'Service', 8),
    routed('user-service', 'user-service-v2', 'Service', 2),
    // A rule that sends requests to another service does not make them the first one's.
    routed('user-service', 'plain-service', 'Service', 1),
    routed('plain-service', 'service', 'default', 4),
    '# TYPE response_latency_ms histogram\n',
    histogram(
      'response_latency_ms',
      {...v1, status_code: 200},
      {10: 0, 20: 8 * scrapes, 50: 8 * scrapes, 100: 8 * scrapes},
      160 * scrapes,
    ),
    histogram('response_latency_ms', {...v2, status_code: 200}, {10: 0, 20: 0, 50: 0, 100: 2 * scrapes}, 150 * scrapes),
    histogram(
      'response_latency_ms',
      {...plain, status_code: 200},
      {10: 4 * scrapes, 20: 4 * scrapes, 50: 4 * scrapes, 100: 4 * scrapes},
      20 * scrapes,
    ),
  ].join('')
}
