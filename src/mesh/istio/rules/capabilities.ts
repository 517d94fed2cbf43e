import type {RuleMesh} from '../../translation.ts'

/** What Istio 1.31 makes of each feature. */
export const capabilities: RuleMesh['capabilities'] = {
  subsets: {support: 'exact', note: 'DestinationRule subsets by pod labels; v1.1.0 is called v1-1-0.'},
  split: {
    support: 'exact',
    note: 'VirtualService weights, of connections where the service speaks TCP; refused for a headless Service.',
  },
  canary: {support: 'exact', note: 'VirtualService with two weights.'},
  'route-path-prefix': {support: 'exact', note: 'VirtualService uri.exact and uri.prefix, so that elements count.'},
  'route-path-exact': {support: 'exact', note: 'VirtualService uri.exact.'},
  'route-path-regex': {support: 'exact', note: 'VirtualService uri.regex over the whole path; RE2.'},
  'route-method': {support: 'exact', note: 'VirtualService method.exact.'},
  'route-header': {support: 'exact', note: 'VirtualService headers: exact, prefix, or empty for any value.'},
  'route-header-regex': {support: 'exact', note: 'VirtualService headers regex over the whole value; RE2.'},
  'other-service': {support: 'exact', note: "VirtualService destination; the other service's own routes do not apply."},
  timeout: {support: 'exact', note: 'VirtualService timeout.'},
  retries: {
    support: 'exact',
    note: 'VirtualService retries; attempts: 0 where none are asked for, as Istio would try twice more.',
  },
  'retry-conditions': {
    support: 'exact',
    note: "VirtualService retryOn takes Envoy's words; gRPC statuses are added for gRPC.",
  },
  'per-try-timeout': {support: 'exact', note: 'VirtualService retries.perTryTimeout.'},
  'circuit-breaker': {
    support: 'exact',
    note: 'DestinationRule outlierDetection per endpoint, all of which may be out; refused for a headless Service.',
  },
  'circuit-breaker-recovery': {
    support: 'approximated',
    note: "Envoy's own longest ejection of five minutes; a DestinationRule has no other.",
  },
  'mutual-tls': {support: 'exact', note: 'PeerAuthentication STRICT for the namespace.'},
  plaintext: {support: 'exact', note: 'PeerAuthentication DISABLE for the namespace; clients follow.'},
  'allow-service': {
    support: 'exact',
    note: 'AuthorizationPolicy ALLOW by the principals of ServiceAccounts, which no other service may share; everybody else is turned away.',
  },
  'allow-namespace': {support: 'exact', note: 'AuthorizationPolicy ALLOW by source namespaces.'},
  deny: {
    support: 'exact',
    note: 'AuthorizationPolicy DENY; by name only approximated without mesh.security.mutualTLS, as plain callers have none.',
  },
  'access-method': {support: 'exact', note: 'AuthorizationPolicy methods, on ports on which Istio sees requests.'},
  'access-path': {support: 'exact', note: 'AuthorizationPolicy paths, on ports on which Istio sees requests.'},
  'metrics-off': {support: 'exact', note: 'Telemetry disables all metrics of the namespace.'},
  'metrics-list': {
    support: 'exact',
    note: 'Telemetry disables the metrics of requests that are not listed; those of connections and gRPC messages stay.',
  },
  sampling: {support: 'exact', note: 'Telemetry randomSamplingPercentage.'},
  tracing: {
    support: 'approximated',
    note: "Telemetry names the extension provider that Istio's mesh config has for the collector; without one a finding says what to put there.",
  },
  'access-log': {support: 'exact', note: 'Telemetry with the provider envoy.'},
  'access-log-file': {
    support: 'ignored',
    note: "Needs an extension provider with the path in Istio's mesh config, which a Telemetry then names; a finding says what to put there.",
  },
  registration: {
    support: 'exact',
    note: "Istio takes Services from Kubernetes; the port's appProtocol or name says the protocol, which is checked.",
  },
  'registration-versions': {support: 'exact', note: 'The label version of the pods; checked.'},
  tags: {support: 'ignored', note: 'Istio has no place for them.'},
  metadata: {support: 'ignored', note: 'Istio has no place for it.'},
  'health-check': {support: 'ignored', note: "The kubelet's readinessProbe decides."},
  'istio-words': {support: 'exact', note: 'Taken as they are written; hosts become whole and names of subsets legal.'},
}
