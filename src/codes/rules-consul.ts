import type {Entry} from './decisions.ts'

/** MW63xx: what Consul cannot say, or says only nearly. */
export const consulRules = {
  MW6301: {
    title: 'one name for two services',
    sentence: "Consul's names are cluster-wide, so services of the same name in two namespaces are one to it.",
    fix: "Rename one of the two, or use Consul Enterprise's namespaces with mirroring.",
  },
  MW6302: {
    title: 'registered under another name',
    sentence: 'The pods of the service name another service in consul.hashicorp.com/connect-service.',
    fix: 'Remove the annotation from the pod template, or name the Service so.',
  },
  MW6303: {
    title: 'tcp is not routed',
    sentence: 'Consul routes and splits http, http2 and grpc only, and the service speaks tcp.',
    fix: "Set protocol in the MeshService, or appProtocol on the Service's port, if it speaks one of these.",
  },
  MW6304: {
    title: 'pods without the metadata of their version',
    sentence: 'Consul tells versions by service metadata, which comes only from annotations of the pods.',
    fix: 'Add the annotation that is named to the pod template of the version, beside the label.',
  },
  MW6305: {
    title: 'metadata of a version not checked',
    sentence: 'No pod of the version is known, so nobody can tell whether Consul will know it by its metadata.',
    fix: 'Give the pods of the version the annotation that is named.',
  },
  MW6306: {
    title: 'no name for a subset',
    sentence: 'The version cannot become the name of a subset in Consul, or two versions would get the same one.',
    fix: 'Rename the version: lower-case letters, digits, dots and dashes, at most 63.',
  },
  MW6307: {
    title: 'no annotation for a label',
    sentence: 'The label of a version cannot be turned into an annotation that Consul reads metadata from.',
    fix: 'Select the version by a shorter label, such as version.',
  },
  MW6308: {
    title: 'no such version',
    sentence: 'A route names a version for which the service has no labels.',
    fix: 'Add the version to the versions of the rule.',
  },
  MW6309: {
    title: 'a share of another service',
    sentence: "The other service's own protocol, versions and split have a say in the share.",
    fix: 'See to it that both services speak the same protocol, and accept the rest.',
  },
  MW6310: {
    title: 'one port per service',
    sentence: 'Consul registers a service with one port, so a route cannot name another.',
    fix: 'Make a Service of its own for the other port, or leave the port out.',
  },
  MW6311: {
    title: 'a headless service',
    sentence: "Callers that resolve a headless Service reach its pods directly, past Consul's routes.",
    fix: 'Give the Service a cluster IP, or call it by its virtual name in Consul.',
  },
  MW6312: {
    title: 'not an RE2 expression',
    sentence: 'Envoy reads regular expressions as RE2 and refuses every route that comes with one it cannot read.',
    fix: 'Write it without look-around and back-references, or match by prefix.',
  },
  MW6313: {
    title: 'a match that Consul refuses',
    sentence: 'A path does not begin with /, or a method or header is none.',
    fix: 'Correct the path, the method or the header.',
  },
  MW6314: {
    title: 'a try is limited at its destination',
    sentence: "Consul has no limit on each try; the limit of the destination's sidecar stands in for it.",
    fix: 'Accept it, or set only timeout.',
  },
  MW6315: {
    title: 'tries are not limited',
    sentence: 'Consul has no limit on each try, and routes that differ leave no limit to stand in for it.',
    fix: 'Give every route of the service retries.perTryTimeout, or set only timeout.',
  },
  MW6316: {
    title: 'a limit of five minutes stays',
    sentence:
      "Envoy ends a request on which nothing moves for five minutes, and Consul cannot tell the destination's sidecar otherwise.",
    fix: 'Accept it, set local_idle_timeout_ms in ProxyDefaults, or make the call shorter.',
  },
  MW6320: {
    title: 'a breaker without callers',
    sentence: "Consul keeps a breaker in each caller's ServiceDefaults, so the callers must be known.",
    fix: 'Name the callers in an AccessPolicy with action ALLOW.',
  },
  MW6321: {
    title: 'callers out of reach',
    sentence: 'A caller in another namespace belongs to others, and they have not granted that it be touched.',
    fix: "Have a ReferenceGrant for the TrafficPolicy made in the caller's namespace.",
  },
  MW6322: {
    title: 'the longest ejection is fixed',
    sentence: 'Consul hands no longest ejection to Envoy, whose own is five minutes.',
    fix: 'Accept it, or set recovery to 5m.',
  },
  MW6323: {
    title: 'one breaker for two services',
    sentence: 'A caller has one entry for two services of the same name.',
    fix: 'Rename one of the two services.',
  },
  MW6330: {
    title: 'plain connections beside mutual TLS',
    sentence: 'Consul never switches mutual TLS off: it accepts plain connections too, past all intentions.',
    fix: 'Accept it, or leave mesh.security.mutualTLS at true.',
  },
  MW6340: {
    title: 'no namespaces',
    sentence: "Only Consul Enterprise knows the callers' namespaces.",
    fix: 'Name the services of the namespace in the rule.',
  },
  MW6341: {
    title: 'no methods and paths in tcp',
    sentence: 'Consul takes permissions by method and path for http, http2 and grpc only.',
    fix: 'Leave methods and paths out, or correct the protocol of the service.',
  },
  MW6342: {
    title: 'denied by default',
    sentence: 'With ACLs Consul turns away every caller that no rule allows, so a rule that only denies opens nothing.',
    fix: 'Add an AccessPolicy with action ALLOW for the callers that are to get through.',
  },
  MW6350: {
    title: 'no choice of metrics',
    sentence: "Consul's sidecars export all of their metrics or none.",
    fix: 'Drop what is not wanted where the metrics are scraped.',
  },
  MW6351: {
    title: 'one setting for the whole mesh',
    sentence: "Consul's ProxyDefaults counts for every proxy, so a namespace cannot have a setting of its own.",
    fix: 'Set it in the MeshConfig default.',
  },
  MW6352: {
    title: 'no collector of traces',
    sentence: 'Sampling is set, and nobody has said where spans go.',
    fix: 'Set mesh.tracing.endpoint.',
  },
  MW6354: {
    title: 'no address of a collector',
    sentence: 'mesh.tracing.endpoint is not a host and a port.',
    fix: 'Write it as otel-collector.observability:4317.',
  },
  MW6355: {
    title: 'one service name in traces',
    sentence: "Consul's tracing settings are one text for all proxies, so spans cannot carry each service's name.",
    fix: "Accept it; the spans' upstream_cluster and node_id tell services apart.",
  },
  MW6360: {
    title: 'tags come from the pods',
    sentence: 'Consul registers pods with the tags of their own annotation.',
    fix: 'Add the annotation that is named to the pod template.',
  },
  MW6361: {
    title: 'metadata comes from the pods',
    sentence: 'Consul registers pods with the metadata of their own annotations.',
    fix: 'Add the annotations that are named to the pod template.',
  },
  MW6362: {
    title: 'versions come from the pods',
    sentence: "Consul knows a pod's version by its own annotation.",
    fix: "Add the annotation that is named to the version's pod template.",
  },
  MW6363: {
    title: 'health comes from the kubelet',
    sentence: 'consul-k8s hands on whether a pod is ready; Consul runs no checks of its own.',
    fix: "Set the interval in the containers' readinessProbe.",
  },
  MW6364: {
    title: 'registered with another port',
    sentence: 'Consul registers the first port of a pod, or the one that its annotation names.',
    fix: 'Add the annotation that is named to the pod template.',
  },
  MW6370: {
    title: "Istio's own field",
    sentence: "The field of Istio's DestinationRule or VirtualService has no counterpart in Consul.",
    fix: 'Say it in neutral words where there are some, or accept that only Istio heeds it.',
  },
  MW6371: {
    title: 'held back with the protocol',
    sentence:
      "The service's ServiceDefaults is refused, and without its protocol Consul takes no route and no permission by path.",
    fix: 'Correct what the ServiceDefaults is refused for.',
  },
} as const satisfies Record<string, Entry>

export type ConsulRuleCode = keyof typeof consulRules
