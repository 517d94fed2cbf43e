import type {Container, StringMap} from '../../pod.ts'
import {expand, type Message} from './config-yaml.ts'
import {metricsPort, statusPort} from './listeners.ts'
import type {EnvoySettings} from './settings.ts'

/** What istiod wants to know of one workload. */
export interface Workload {
  /** The pod's labels as they are after the injection. */
  readonly labels: StringMap
  /** The application's containers. */
  readonly containers: readonly Container[]
  /** The name of the Deployment, StatefulSet, Job and so on; '' where there is none. */
  readonly name: string
  /** `kubernetes://apis/...` of the same, '' where there is none. */
  readonly owner: string
  readonly interceptionMode: string
  /** Istio's ProxyConfig where it differs from the defaults, as protobuf JSON. */
  readonly proxyConfig: Message
  /** Istio's own name for environment of the proxy; `ISTIO_META_X` sets the metadata X. */
  readonly proxyMetadata: StringMap
}

/** Metadata that istiod reads and that means something without an agent (pkg/model/proxy.go). */
const fromProxyMetadata = [
  'HTTP10',
  'HTTP_PROXY_PORT',
  'IDLE_TIMEOUT',
  'INBOUND_LISTENER_EXACT_BALANCE',
  'NETWORK',
  'OUTBOUND_LISTENER_EXACT_BALANCE',
  'REQUESTED_NETWORK_VIEW',
]

/** The environment of the container whose references stand in the node. */
export const nodeEnv: readonly {readonly name: string; readonly fieldPath: string}[] = [
  {name: 'POD_NAME', fieldPath: 'metadata.name'},
  {name: 'POD_NAMESPACE', fieldPath: 'metadata.namespace'},
  {name: 'INSTANCE_IP', fieldPath: 'status.podIP'},
  {name: 'SERVICE_ACCOUNT', fieldPath: 'spec.serviceAccountName'},
  {name: 'NODE_NAME', fieldPath: 'spec.nodeName'},
]
/** Needed in addition where a proxy listens in both families. */
export const dualStackEnv = {name: 'INSTANCE_IPS', fieldPath: 'status.podIPs'}

/**
 * The node of the bootstrap: id and metadata as pilot-agent makes them (Istio 1.31 pkg/bootstrap/config.go) and istiod
 * reads them (pkg/model/proxy.go). Of a pod in its cache istiod prefers the labels there to these.
 */
export function node(settings: EnvoySettings, workload: Workload): Message {
  const metadata = new Map<string, Message>()
  for (const name of fromProxyMetadata) {
    const key = `ISTIO_META_${name}`
    if (Object.hasOwn(workload.proxyMetadata, key)) metadata.set(name, workload.proxyMetadata[key])
  }
  const known: {readonly [name: string]: Message} = {
    NAME: expand`$(POD_NAME)`,
    NAMESPACE: expand`$(POD_NAMESPACE)`,
    INSTANCE_IPS: settings.ipFamily === 'both' ? expand`$(INSTANCE_IPS)` : expand`$(INSTANCE_IP)`,
    SERVICE_ACCOUNT: expand`$(SERVICE_ACCOUNT)`,
    NODE_NAME: expand`$(NODE_NAME)`,
    CLUSTER_ID: settings.clusterId,
    MESH_ID: settings.meshId,
    NETWORK: settings.network === '' ? metadata.get('NETWORK') : settings.network,
    ISTIO_VERSION: settings.istioVersion,
    INTERCEPTION_MODE: workload.interceptionMode,
    WORKLOAD_NAME: workload.name === '' ? undefined : workload.name,
    OWNER: workload.owner === '' ? undefined : workload.owner,
    APP_CONTAINERS: workload.containers.map(({name}) => name).join(','),
    POD_PORTS: podPorts(workload.containers),
    ENVOY_STATUS_PORT: statusPort,
    ENVOY_PROMETHEUS_PORT: settings.metrics ? metricsPort : undefined,
    LABELS: sortedLabels(workload.labels),
    PROXY_CONFIG: workload.proxyConfig,
  }
  for (const [name, value] of Object.entries(known)) metadata.set(name, value)
  return {
    id: expand`sidecar~$(INSTANCE_IP)~$(POD_NAME).$(POD_NAMESPACE)~$(POD_NAMESPACE).svc.${settings.clusterDomain}`,
    cluster: expand`${serviceName(workload)}.$(POD_NAMESPACE)`,
    metadata: Object.fromEntries(metadata),
  }
}

/** The service that spans and Envoy's own headers name, as pilot-agent's default chooses it. */
function serviceName({labels, name}: Workload): string {
  for (const label of ['app', 'app.kubernetes.io/name', 'service.istio.io/canonical-name']) {
    const value = Object.hasOwn(labels, label) ? labels[label] : undefined
    if (value !== undefined && value !== '') return value
  }
  return name === '' ? 'istio-proxy' : name
}

/** Named ports of Services resolve through these; a JSON text, as istiod wants it. */
function podPorts(containers: readonly Container[]): string | undefined {
  const ports = containers.flatMap(({ports = []}) =>
    ports.map(({name, containerPort, protocol = 'TCP'}) => ({name, containerPort, protocol})),
  )
  return ports.length === 0 ? undefined : JSON.stringify(ports)
}

/** Sorted, so that a pod that comes by again gives the same text; the hash of a template is no label of the service. */
function sortedLabels(labels: StringMap): Message {
  const kept = Object.entries(labels).filter(([name]) => name !== 'pod-template-hash')
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
}
