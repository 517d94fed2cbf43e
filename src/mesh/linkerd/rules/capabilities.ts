import type {Feature} from '../../../intent/features.ts'
import type {Capability} from '../../translation.ts'

const exact = (note: string): Capability => ({support: 'exact', note})
const approximated = (note: string): Capability => ({support: 'approximated', note})
const ignored = (note: string): Capability => ({support: 'ignored', note})
const refused = (note: string): Capability => ({support: 'refused', note})

export const linkerdCapabilities: Readonly<Record<Feature, Capability>> = {
  subsets: approximated(
    'A Service for each version (order-service-v1) whose selector has its labels too; a foreign Service of that name is refused.',
  ),
  split: exact(
    "Weights of an HTTPRoute's (gRPC: GRPCRoute's) backends, one route object per port of the Service; refused for plain TCP, headless Services, ports that are opaque to Linkerd, and where a ServiceProfile stands in the way.",
  ),
  canary: exact('Two weights, as for a split.'),
  'route-path-prefix': exact(
    'An exact path and a regular expression for all below it, so that whole elements count; the order of routes is kept by matches that do not overlap.',
  ),
  'route-path-exact': exact('An Exact path.'),
  'route-path-regex': exact(
    "A RegularExpression over the whole path, in the syntax that RE2 and Rust's regex share; refused where only the order of routes tells it from an earlier one.",
  ),
  'route-method': exact('The method of a match.'),
  'route-header': exact('An Exact header, or a RegularExpression for prefix and presence.'),
  'route-header-regex': exact('A RegularExpression over the whole value.'),
  'other-service': exact(
    'A backend of its own, in another namespace too (Linkerd asks no ReferenceGrant); where its ports are not known, the port of this service is assumed.',
  ),
  timeout: exact("timeouts.request of a route's rule; for gRPC annotation timeout.linkerd.io/request."),
  retries: approximated(
    'Annotations retry.linkerd.io/* of the route; a request with a body above 64 KiB is sent once.',
  ),
  'retry-conditions': approximated(
    '5xx, gateway-error, retriable-4xx (409) and refused-stream; never after a connection that failed or was reset. gRPC: the statuses internal and unavailable.',
  ),
  'per-try-timeout': approximated(
    "retry.linkerd.io/timeout: until the headers of a try's answer, and not on the last try.",
  ),
  'circuit-breaker': exact(
    'Annotations balancer.linkerd.io/failure-accrual* of the Service, for all callers; HTTP and gRPC only.',
  ),
  'circuit-breaker-recovery': exact('The most penalty of failure accrual; ejections double up to it.'),
  'mutual-tls': exact('A Server with accessPolicy all-authenticated for each TCP port of the pods.'),
  plaintext: refused('Meshed pods of Linkerd always use mutual TLS between each other.'),
  'allow-service': exact(
    'MeshTLSAuthentication of the ServiceAccounts, AuthorizationPolicy, and a Server that denies by default; an account that another service shares is refused.',
  ),
  'allow-namespace': exact('MeshTLSAuthentication of the Namespace.'),
  deny: approximated(
    'Only together with what allows: who is denied is left out of the lists; everybody but somebody is refused.',
  ),
  'access-method': exact(
    "Linkerd's own HTTPRoutes on the Server, an AuthorizationPolicy for each; the kubelet's probes need their paths known.",
  ),
  'access-path': exact(
    "Linkerd's own HTTPRoutes on the Server, whose matches do not overlap; the kubelet's probes need their paths known.",
  ),
  'metrics-off': ignored("Linkerd's proxies always serve their metrics."),
  'metrics-list': approximated('All metrics are served; sizes are sums of frames only.'),
  sampling: ignored('Proxies start no traces; the applications decide.'),
  tracing: exact('At injection, with an endpoint: proxy.tracing of the sidecar.'),
  'access-log': approximated("At injection: the proxy's own format, apache."),
  'access-log-file': ignored("Linkerd's proxy logs to its standard output only."),
  registration: exact('The Kubernetes Service itself; a port or protocol that it says otherwise is a finding.'),
  'registration-versions': ignored('Nothing to register; a TrafficPolicy makes Services of versions.'),
  tags: ignored('Linkerd has no tags.'),
  metadata: ignored('Linkerd has no metadata of services.'),
  'health-check': ignored("The kubelet's probes decide; a path is let in where access is by path."),
  'istio-words': ignored('Fields without a counterpart; rewrites, redirects and mirrors are refused.'),
}
