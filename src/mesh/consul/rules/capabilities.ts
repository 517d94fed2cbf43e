import type {RuleMesh} from '../../translation.ts'

/** What Consul's free edition makes of each feature; Enterprise's namespaces are named where they make a difference. */
export const capabilities: RuleMesh['capabilities'] = {
  subsets: {
    support: 'exact',
    note: 'ServiceResolver subsets filter by Service.Meta, which pods get from the annotation consul.hashicorp.com/service-meta-KEY; refused while pods lack it.',
  },
  split: {support: 'exact', note: 'ServiceSplitter; shares of a single route get a splitter of their own.'},
  canary: {support: 'exact', note: 'ServiceSplitter with two splits.'},
  'route-path-prefix': {support: 'exact', note: 'ServiceRouter with pathExact and pathPrefix, so that elements count.'},
  'route-path-exact': {support: 'exact', note: 'ServiceRouter pathExact.'},
  'route-path-regex': {support: 'exact', note: 'ServiceRouter pathRegex over the whole path; RE2.'},
  'route-method': {support: 'exact', note: 'ServiceRouter methods.'},
  'route-header': {support: 'exact', note: 'ServiceRouter header: exact, prefix or present.'},
  'route-header-regex': {support: 'exact', note: 'ServiceRouter header regex over the whole value; RE2.'},
  'other-service': {
    support: 'approximated',
    note: 'A split or route names the other service, which must speak the same protocol; its own split applies to its share.',
  },
  timeout: {
    support: 'exact',
    note: 'ServiceRouter requestTimeout; beyond 15s also localRequestTimeoutMs of the ServiceDefaults; beyond 5m approximated.',
  },
  retries: {support: 'exact', note: 'ServiceRouter numRetries with retryOn.'},
  'retry-conditions': {support: 'exact', note: "ServiceRouter retryOn takes Envoy's words."},
  'per-try-timeout': {
    support: 'approximated',
    note: "The destination's sidecar gives up on a try (localRequestTimeoutMs) where every route has such a limit; otherwise ignored.",
  },
  'circuit-breaker': {
    support: 'exact',
    note: 'The passiveHealthCheck in the ServiceDefaults of each caller that an ALLOW rule names; refused where there is none.',
  },
  'circuit-breaker-recovery': {
    support: 'approximated',
    note: "Envoy's own longest ejection of five minutes; Consul has no other.",
  },
  'mutual-tls': {support: 'exact', note: 'ServiceDefaults mutualTLSMode: strict.'},
  plaintext: {
    support: 'approximated',
    note: 'ServiceDefaults mutualTLSMode: permissive accepts plain connections beside mutual TLS, past all intentions.',
  },
  'allow-service': {
    support: 'exact',
    note: 'One ServiceIntentions per destination with every rule, and everybody else denied; names are cluster-wide.',
  },
  'allow-namespace': {
    support: 'refused',
    note: 'Only Consul Enterprise knows namespaces; with its mirroring it is a source of the name *, and exact.',
  },
  deny: {support: 'exact', note: 'ServiceIntentions with action deny.'},
  'access-method': {support: 'exact', note: 'Permissions of a ServiceIntentions source.'},
  'access-path': {support: 'exact', note: 'Permissions with pathExact or pathPrefix.'},
  'metrics-off': {support: 'exact', note: 'At injection: the sidecar opens no metrics port.'},
  'metrics-list': {support: 'ignored', note: "Consul's sidecars export all metrics or none, and no sizes."},
  sampling: {support: 'exact', note: 'ProxyDefaults config.envoy_listener_tracing_json, for the whole mesh.'},
  tracing: {
    support: 'approximated',
    note: 'OTLP/gRPC through ProxyDefaults, for the whole mesh; all spans carry one service name.',
  },
  'access-log': {support: 'exact', note: 'ProxyDefaults accessLogs, for the whole mesh.'},
  'access-log-file': {support: 'exact', note: 'ProxyDefaults accessLogs with type file, for the whole mesh.'},
  registration: {
    support: 'exact',
    note: 'ServiceDefaults says the protocol; consul-k8s registers the pods of a Service by itself.',
  },
  'registration-versions': {
    support: 'ignored',
    note: 'From the pod annotation consul.hashicorp.com/service-meta-version; checked.',
  },
  tags: {support: 'ignored', note: 'From the pod annotation consul.hashicorp.com/service-tags; checked.'},
  metadata: {support: 'ignored', note: 'From the pod annotations consul.hashicorp.com/service-meta-KEY; checked.'},
  'health-check': {support: 'ignored', note: "The kubelet's readinessProbe decides; Consul checks nothing itself."},
  'istio-words': {support: 'ignored', note: 'Fields that only Istio has are left out, each with a finding.'},
}
