import type {Entry} from './decisions.ts'

/** MW61xx: what Istio cannot say, or says only nearly. */
export const istioRules = {
  MW6101: {
    title: 'the longest ejection is not for Istio to say',
    sentence:
      "A DestinationRule has no longest ejection: Envoy's own of five minutes holds, or the first one if that is longer.",
    fix: 'Accept it, or set recovery to what Envoy does.',
  },
  MW6102: {
    title: 'only connections are counted',
    sentence: 'On a port that Istio does not take for HTTP, only connections that fail count as failures.',
    fix: "Name the port's protocol with appProtocol, if it is HTTP after all.",
  },
  MW6103: {
    title: 'headless Service',
    sentence:
      'To a Service without a cluster IP the proxy connects where DNS said, whatever versions or ejections there are.',
    fix: 'Make rules for a Service with a cluster IP over the same pods, or run istiod with PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES=true.',
  },
  MW6104: {
    title: 'the ports of the Service say otherwise',
    sentence: "By its appProtocol or name the Service's port is not HTTP, so Istio never sees a request on it.",
    fix: 'Set appProtocol: http, http2 or grpc on the port of the Service, or leave out what is about requests.',
  },
  MW6105: {
    title: 'a port left out',
    sentence: "By its appProtocol or name one of the Service's ports is not HTTP, so the rule does not reach it.",
    fix: 'Nothing to do if that port is not meant; otherwise set its appProtocol.',
  },
  MW6106: {
    title: 'a port whose protocol is guessed',
    sentence: 'The port says nothing of its protocol, so Istio looks at the first bytes.',
    fix: 'Set appProtocol on the port of the Service.',
  },
  MW6107: {
    title: 'never reached',
    sentence: 'A match stands behind another one that takes all of its requests.',
    fix: 'Move it up, or remove it.',
  },
  MW6108: {
    title: 'not a regular expression of RE2',
    sentence: 'Istio refuses what RE2 does not know, and what is longer than 1,024 characters.',
    fix: 'Use the syntax of RE2: no look-around, no back references.',
  },
  MW6109: {
    title: 'a path that no request has',
    sentence: 'Paths end before the query, and the path of the rule holds a ? or a #.',
    fix: 'Leave out what stands behind the path.',
  },
  MW6110: {
    title: 'a version that cannot be a subset',
    sentence: 'A rule sends traffic to a version of the service that has no labels.',
    fix: 'Add the version to versions, or correct the name.',
  },
  MW6111: {
    title: 'shares of connections',
    sentence:
      'The service does not speak HTTP: shares are of connections, and routes, timeouts and tries of requests have no meaning.',
    fix: 'Leave out what is about requests, or correct the protocol of the service.',
  },
  MW6112: {
    title: 'the workloads are not known',
    sentence: 'Access is for pods, by the ServiceAccounts of callers: both are read from the cluster.',
    fix: 'Give the Services and their workloads together with the rules.',
  },
  MW6113: {
    title: 'a Service without a selector',
    sentence: 'Access is for pods, and the Service selects none by labels.',
    fix: 'Give the Service a selector, or make the rule for the Service that has one.',
  },
  MW6114: {
    title: 'one ServiceAccount, several services',
    sentence: 'Istio knows callers by their ServiceAccounts, and another service runs under the same one.',
    fix: 'Give the service a ServiceAccount of its own.',
  },
  MW6115: {
    title: 'no identity without mutual TLS',
    sentence:
      'Who calls is known by a certificate, and mutual TLS is off, or the sidecar is a plain Envoy that has none.',
    fix: "Set mesh.security.mutualTLS to true, and use the mesh's own sidecar.",
  },
  MW6116: {
    title: 'a caller outside the mesh is nobody',
    sentence:
      'Plain connections are accepted as well, and who makes them is not known: a DENY of somebody does not meet them.',
    fix: 'Set mesh.security.mutualTLS to true.',
  },
  MW6117: {
    title: 'methods and paths where there are no requests',
    sentence:
      'No port of the service is HTTP to Istio: an ALLOW with methods or paths would admit nobody, a DENY turn everybody away.',
    fix: 'Leave out methods and paths, or set appProtocol: http on the port of the Service.',
  },
  MW6118: {
    title: 'a path that Istio does not take',
    sentence: 'To Istio { and } stand for parts of a path, and only {*} and {**} are known.',
    fix: 'Write the path up to the brace with * at its end.',
  },
  MW6119: {
    title: 'a target port by name that no pod has',
    sentence:
      "The Service's port leads to a port of the pods by name, and none of them has one of that name: the rule holds for all ports.",
    fix: 'Name the port in the pods, or give its number in the Service.',
  },
  MW6120: {
    title: 'other ports of the pods are closed too',
    sentence: 'An ALLOW closes every port of the pods that no ALLOW opens, also those that are not of the service.',
    fix: 'Allow the callers of the other ports with a rule on their Service.',
  },
  MW6121: {
    title: 'two services, one port',
    sentence: 'Another Service leads to the same port of the same pods: the rule holds for its callers as well.',
    fix: 'Make the same rule for both, or keep one of the Services.',
  },
  MW6122: {
    title: 'too many callers',
    sentence: 'An AuthorizationPolicy holds 512 rules, and a rule 512 kinds of sources.',
    fix: 'Name namespaces in the place of services, or fewer combinations of methods and paths.',
  },
  MW6123: {
    title: 'plain connections for a plain Envoy',
    sentence: 'A plain Envoy has no certificate, so its namespace accepts plain connections only.',
    fix: "Use the mesh's own sidecar, or set mesh.security.mutualTLS to true.",
  },
  MW6124: {
    title: 'no provider for the traces',
    sentence: "A Telemetry names a provider of Istio's mesh config, and none there is for the collector.",
    fix: "Put what the sentence says into Istio's mesh config, and the same into mesh.istio.meshConfig.",
  },
  MW6125: {
    title: 'no provider for the access log',
    sentence: "A Telemetry names a provider of Istio's mesh config, and none there writes to the file.",
    fix: "Put what the sentence says into Istio's mesh config, and the same into mesh.istio.meshConfig.",
  },
  MW6126: {
    title: "a plain Envoy has none of Istio's metrics",
    sentence: "The metrics are made by a filter that only Istio's own proxy has.",
    fix: "Use the mesh's own sidecar.",
  },
  MW6127: {
    title: 'nothing to hold it in Istio',
    sentence: 'Istio takes services from Kubernetes and has no tags, metadata or versions of its own.',
    fix: 'Label the Service or the pods; versions are the label version of the pods.',
  },
  MW6128: {
    title: 'health is for the kubelet to check',
    sentence: 'Istio takes the health of pods from Kubernetes.',
    fix: 'Give the containers a readinessProbe with path, periodSeconds and timeoutSeconds.',
  },
  MW6129: {
    title: 'the Service says another protocol',
    sentence: "What is spoken on a port is said by the appProtocol or the name of the Service's port.",
    fix: 'Set appProtocol on the port of the Service.',
  },
  MW6130: {
    title: 'services are always known',
    sentence: 'Istio knows every Service of the cluster; none can be kept from it.',
    fix: 'Leave mesh.serviceDiscovery.enabled out.',
  },
} as const satisfies Record<string, Entry>

export type IstioRuleCode = keyof typeof istioRules
