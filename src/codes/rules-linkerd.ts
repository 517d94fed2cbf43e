import type {Entry} from './decisions.ts'

/** MW62xx: what Linkerd cannot say, or says only nearly. */
export const linkerdRules = {
  MW6201: {
    title: 'versions become Services of their own',
    sentence:
      'Linkerd knows no versions of a Service; each becomes a Service whose selector has the labels of its pods.',
    fix: 'Accept it, or set mesh.strict to refuse such a rule.',
  },
  MW6202: {
    title: "a version's Service has a name that is taken",
    sentence: 'A Service that Meshwright did not make for this version has the name that it would get.',
    fix: 'Rename that Service, or the version.',
  },
  MW6203: {
    title: 'a version that no selector can say',
    sentence: "A version's labels contradict the selector of its Service, or the Service has no selector at all.",
    fix: 'Give the version labels that its pods carry beside those of the selector.',
  },
  MW6204: {
    title: 'headless Service',
    sentence: 'Linkerd takes no routes and no breakers for a Service without a cluster IP.',
    fix: 'Make rules for a Service with a cluster IP over the same pods, and call that.',
  },
  MW6205: {
    title: 'a ServiceProfile stands in the way',
    sentence:
      'Where a ServiceProfile with routes or dstOverrides exists, the proxies heed no routes and no annotations.',
    fix: 'Delete the ServiceProfile, or its routes and dstOverrides.',
  },
  MW6206: {
    title: 'a port that Linkerd does not look into',
    sentence: 'The port is carried as opaque TCP, because of its appProtocol or of config.linkerd.io/opaque-ports.',
    fix: "Set the port's appProtocol to http or kubernetes.io/h2c, or remove it; take the port off opaque-ports.",
  },
  MW6207: {
    title: 'rules for requests on plain TCP',
    sentence: 'The service speaks plain TCP, and what the rule asks for exists for HTTP and gRPC only.',
    fix: "Say the service's protocol (MeshService, or the port's appProtocol), or drop the rule.",
  },
  MW6208: {
    title: 'the Service is unknown',
    sentence: 'The rule cannot be said without the ports or the selector of the Service.',
    fix: 'Give the Service, and its workloads, together with the rules.',
  },
  MW6209: {
    title: "a regular expression that Linkerd's engine may not take",
    sentence: "Linkerd's policy controller refuses what its engine (Rust's regex crate) does not know.",
    fix: 'Use the syntax that RE2 and Rust share: no look-around, no back references, no nested classes.',
  },
  MW6210: {
    title: 'the order of routes cannot be kept',
    sentence:
      'Linkerd takes the most specific match, not the first one, and the two cannot be told apart by more matches.',
    fix: 'Write matches that do not overlap, or exact paths and prefixes in the place of regular expressions.',
  },
  MW6211: {
    title: 'too many matches',
    sentence: 'A route object holds 16 rules and 128 matches, a match 1,024 characters of path.',
    fix: 'Use fewer routes, or fewer matches.',
  },
  MW6212: {
    title: 'a match that no route can hold',
    sentence: 'The Gateway API has no words for the match.',
    fix: 'Change the match as the sentence says.',
  },
  MW6213: {
    title: 'the port of a backend is a guess',
    sentence: 'Linkerd needs a port for every backend, and the ports of the other service are not known.',
    fix: 'Name the port, or let the other service listen on the port of this one.',
  },
  MW6214: {
    title: 'duration rounded',
    sentence: 'Linkerd reads a duration as one whole number with one unit, of at most five digits in a route.',
    fix: 'Write a duration in whole seconds.',
  },
  MW6215: {
    title: "the Service's own annotations",
    sentence: "Timeouts or retries that the Service's annotations ask for meet those of the rule.",
    fix: 'Remove the timeout.linkerd.io/ and retry.linkerd.io/ annotations of the Service.',
  },
  MW6216: {
    title: 'failures that Linkerd does not try again',
    sentence: "Linkerd's proxy tries again after a status, a refused stream or a try that takes too long.",
    fix: 'Use 5xx, gateway-error, retriable-4xx or refused-stream.',
  },
  MW6217: {
    title: 'large requests are sent once',
    sentence: 'Linkerd keeps 64 KiB of a request for another try; a larger one is not tried again.',
    fix: 'Accept it, or let the application try again.',
  },
  MW6218: {
    title: 'the limit on each try is only near',
    sentence: "Linkerd's limit on a try ends with the headers of its answer, and the last try has none.",
    fix: 'Accept it; the timeout of the whole call holds for all of them.',
  },
  MW6219: {
    title: 'gRPC fails by status',
    sentence: 'Linkerd looks at the gRPC status of an answer, or at its HTTP status, by the kind of route.',
    fix: 'Accept it, or write rules for HTTP.',
  },
  MW6220: {
    title: 'a version of another service',
    sentence: "The other service's own rules name its versions; only then its Service for the version exists.",
    fix: 'Give the other service a TrafficPolicy that names the version.',
  },
  MW6221: {
    title: "Istio's words have no effect",
    sentence: "A field of Istio's DestinationRule or VirtualService has no counterpart on Linkerd.",
    fix: 'Remove the field, or accept that it holds on Istio only.',
  },
  MW6222: {
    title: "Istio's words that change a request",
    sentence: 'Without the field a request would reach the wrong place, or in a wrong form.',
    fix: 'Remove the field.',
  },
  MW6230: {
    title: 'mutual TLS cannot be switched off',
    sentence: 'Proxies of Linkerd always use mutual TLS between each other.',
    fix: 'Remove mesh.security.mutualTLS, or leave the workload out of the mesh.',
  },
  MW6231: {
    title: 'a shared ServiceAccount',
    sentence: 'Linkerd knows a caller by its ServiceAccount, and pods of another service run under the same one.',
    fix: 'Give each service a ServiceAccount of its own.',
  },
  MW6232: {
    title: 'an unknown ServiceAccount',
    sentence: 'Linkerd knows a caller by its ServiceAccount, and that of the caller is not known.',
    fix: 'Create the workload of the caller, or give it together with the rules.',
  },
  MW6233: {
    title: 'a denial that Linkerd cannot say',
    sentence: 'Linkerd denies by default and allows by name; it has no words for everybody but somebody.',
    fix: 'Write ALLOW rules that name who may call.',
  },
  MW6234: {
    title: 'access by request where there are no requests',
    sentence: 'Methods and paths need HTTP or gRPC, and Linkerd takes the port as plain TCP.',
    fix: 'Drop methods and paths, or correct the protocol of the port.',
  },
  MW6235: {
    title: "the kubelet's probes",
    sentence: 'Where access is by method or path, Linkerd turns probes away that no rule allows.',
    fix: 'Say the path in MeshService spec.healthCheck.path, or probe another port.',
  },
  MW6236: {
    title: 'two Services over the same pods',
    sentence: 'A port of a pod has one answer to who may call it, and two Services with rules pick it.',
    fix: 'Write the rules for one of the Services.',
  },
  MW6237: {
    title: 'a Service without pods of its own',
    sentence: 'Access and mutual TLS are asked of pods, and the Service has no selector, or no TCP port.',
    fix: 'Write the rule for a Service with a selector.',
  },
  MW6240: {
    title: 'metrics are always on',
    sentence: "Linkerd's proxies serve all their metrics, always.",
    fix: 'Leave out what is not wanted where metrics are collected.',
  },
  MW6241: {
    title: 'no sampling',
    sentence: "Linkerd's proxies start no traces; they follow those that the applications start.",
    fix: 'Set the share where traces start: in the application or at the ingress.',
  },
  MW6242: {
    title: 'no collector',
    sentence: 'Traces are asked for and no collector is named.',
    fix: 'Set mesh.tracing.endpoint.',
  },
  MW6243: {
    title: "the access log is the proxy's own",
    sentence: "Linkerd's proxy logs to its standard output in its own format, from injection on.",
    fix: 'Restart the pods; set mesh.linkerd.values.proxy.accessLog for the other format.',
  },
  MW6244: {
    title: 'no access log in a file',
    sentence: "Linkerd's proxy logs to its standard output only.",
    fix: 'Set accessLogFile to /dev/stdout.',
  },
  MW6245: {
    title: 'no registry for it',
    sentence: 'Linkerd takes services from Kubernetes, which has no place for it.',
    fix: 'Nothing to do; other meshes use it.',
  },
  MW6246: {
    title: "health checks are the kubelet's",
    sentence: "Linkerd checks no service; the probes of its pods' containers do.",
    fix: 'Set periodSeconds of the readiness probe.',
  },
  MW6247: {
    title: 'registered otherwise than Kubernetes says',
    sentence: 'Linkerd takes port and protocol from the Service.',
    fix: 'Make the Service say what MeshService says.',
  },
} as const satisfies Record<string, Entry>

export type LinkerdRuleCode = keyof typeof linkerdRules
