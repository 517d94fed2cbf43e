import type {MeshName} from '../mesh/mesh.ts'

/** What a key does at injection, one sentence for each mesh. */
export type Effect = Readonly<Record<MeshName, string>>

const onAll = (sentence: string): Effect => ({istio: sentence, linkerd: sentence, consul: sentence})
const rules = 'changes no pod; the controller turns it into the objects of the mesh'
const resources = (istio: string, linkerd: string, consul: string): Effect => ({
  istio: `sets ${istio}, the other resources of the chart stay`,
  linkerd: `sets ${linkerd}, the other resources of the chart stay`,
  consul: `sets ${consul}, the other resources of the chart stay`,
})
const only = (mesh: MeshName, sentence: string): Effect => ({
  ...onAll(`is not read; it describes another mesh (${mesh})`),
  [mesh]: sentence,
})

/** Every key that holds a value, in its canonical spelling. */
export const effects: ReadonlyMap<string, Effect> = new Map<string, Effect>([
  ['mesh.type', onAll('chooses whose sidecar is injected')],
  ['mesh.autoInject', onAll('decides about pods for which neither pod nor namespace speaks')],
  [
    'mesh.sidecarImage',
    {
      istio:
        "replaces the proxy's image; a plain Envoy makes a bare Envoy sidecar, unless mutual TLS is asked for (then a finding)",
      linkerd: "replaces the proxy's image; an Envoy cannot be Linkerd's proxy (a finding, the mesh's own stays)",
      consul: "replaces the dataplane's image; an Envoy cannot stand for it (a finding, the mesh's own stays)",
    },
  ],
  ['mesh.injectionNamespace', onAll('limits autoInject: true to these namespaces')],
  [
    'mesh.controlPlane.address',
    {
      istio:
        'sets discoveryAddress with port 15012; port 15010 is plaintext (a finding, unless the sidecar is a bare Envoy)',
      linkerd: "has no effect (a finding): the proxies find the control plane in the mesh's own namespace",
      consul: "sets the address of Consul's servers",
    },
  ],
  [
    'mesh.controlPlane.port',
    {
      istio: 'sets the port of discoveryAddress; only 15012 carries identity',
      linkerd: "has no effect (a finding): the proxies find the control plane in the mesh's own namespace",
      consul: "sets the servers' HTTP port; gRPC stays on 8502",
    },
  ],
  [
    'mesh.telemetry.enabled',
    {
      istio: 'false: the agent no longer merges metrics',
      linkerd: 'has no effect when false (a finding): the proxy always has metrics',
      consul: "false: connectInject.metrics.defaultEnabled is off, so the sidecar's metrics are not merged or scraped",
    },
  ],
  [
    'mesh.telemetry.samplingRate',
    {
      istio: 'sets tracing.sampling of the proxy, in percent',
      linkerd: 'has no effect (a finding): what the application started is traced',
      consul: rules,
    },
  ],
  [
    'mesh.telemetry.metrics',
    {
      istio: rules,
      linkerd: 'has no effect (a finding): the proxy has a fixed set of metrics',
      consul: 'has no effect (a finding): the proxy has all of its metrics or none',
    },
  ],
  [
    'mesh.tracing.enabled',
    {
      istio: rules,
      linkerd: 'sets proxy.tracing.enabled; needs mesh.tracing.endpoint (a finding without it)',
      consul: rules,
    },
  ],
  ['mesh.tracing.endpoint', {istio: rules, linkerd: 'sets proxy.tracing.collector.endpoint', consul: rules}],
  ['mesh.serviceDiscovery.enabled', onAll(rules)],
  [
    'mesh.serviceDiscovery.healthCheckInterval',
    {
      istio: 'has no effect (a finding): the kubelet checks pods, at the interval of their probes',
      linkerd: 'has no effect (a finding): the kubelet checks pods, at the interval of their probes',
      consul: rules,
    },
  ],
  ...(['cpu', 'memory'] as const).flatMap((resource): [string, Effect][] =>
    (['requests', 'limits'] as const).map((kind) => [
      `mesh.sidecar.resources.${kind}.${resource}`,
      resources(
        `global.proxy.resources.${kind}.${resource}`,
        `proxy.resources.${resource}.${kind === 'requests' ? 'request' : 'limit'}`,
        `connectInject.sidecarProxy.resources.${kind}.${resource}`,
      ),
    ]),
  ),
  [
    'mesh.sidecar.proxy.config.accessLogFile',
    {
      istio: rules,
      linkerd:
        '/dev/stdout turns on the access log in Apache format (approximated); another path has no effect (a finding)',
      consul: rules,
    },
  ],
  [
    'mesh.sidecar.proxy.config.statNameLength',
    {
      istio: 'sets statNameLength of the proxy',
      linkerd: 'has no effect (a finding): the proxy has no such setting',
      consul: 'has no effect (a finding): the dataplane has no such setting',
    },
  ],
  [
    'mesh.sidecar.proxy.config.enableProfiling',
    {
      istio: 'has no effect on the own proxy (a finding); opens the profiling endpoints of a bare Envoy on loopback',
      linkerd: 'has no effect (a finding): the proxy has no such setting',
      consul: 'has no effect (a finding): the dataplane has no such setting',
    },
  ],
  [
    'mesh.trafficManagement.enableBypass',
    onAll('changes no pod; the SDK applies the rules, and the controller writes none'),
  ],
  ['mesh.trafficManagement.destinationRules', onAll(rules)],
  ['mesh.trafficManagement.virtualServices', onAll(rules)],
  [
    'mesh.security.mutualTLS',
    {
      istio: `true: the proxy is the mesh's own even where a plain Envoy was named; ${rules}`,
      linkerd: 'true is so anyway; false has no effect (a finding): meshed pods always use mutual TLS',
      consul: rules,
    },
  ],
  ['mesh.enforced', onAll('opt-outs are reported and not heeded; ways around the sidecar are refused')],
  ['mesh.strict', onAll('a finding refuses the configuration')],
  [
    'mesh.failurePolicy',
    onAll(
      'Fail refuses a pod on an internal error, Ignore lets it through without a sidecar unless mesh.enforced is true',
    ),
  ],
  ['mesh.allowedImages', onAll('a pod whose sidecar would have another image is refused')],
  ...(['cpu', 'memory'] as const).flatMap((resource): [string, Effect][] =>
    (['min', 'max'] as const).map((side) => [
      `mesh.bounds.${resource}.${side}`,
      onAll('a pod whose sidecar would be out of bounds is refused'),
    ]),
  ),
  ['mesh.istio.values', only('istio', "lies over the defaults of Istio's charts; neutral keys win over it")],
  ['mesh.istio.meshConfig', only('istio', "lies over the chart's mesh config; neutral keys win over it")],
  ['mesh.linkerd.values', only('linkerd', "lies over the chart's defaults; neutral keys win over it")],
  ['mesh.consul.values', only('consul', "lies over the chart's defaults; neutral keys win over it")],
  ...['nameservers', 'searches', 'options'].map((key): [string, Effect] => [
    `mesh.consul.clusterDNS.${key}`,
    only('consul', "becomes part of the pod's dnsConfig where Consul redirects DNS"),
  ]),
  ['meshSecurity.authorizationPolicy', onAll(rules)],
])
