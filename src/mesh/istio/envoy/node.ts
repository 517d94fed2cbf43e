import type {Container, EnvVar, StringMap} from '../../pod.ts'
import {own} from '../annotations.ts'
import {appContainers, podPorts} from '../environment.ts'
import {expand, type Message} from './config-yaml.ts'
import {metricsPort, statusPort} from './listeners.ts'
import type {EnvoySettings} from './settings.ts'

/** What istiod wants to know of one workload. */
export interface Workload {
  /** The pod's labels as they are after the injection. */
  readonly labels: StringMap
  /** The pod's containers, without an earlier injection's. */
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
  'OUTBOUND_LISTENER_EXACT_BALANCE',
  'REQUESTED_NETWORK_VIEW',
]

/** A pod's own network; it outranks the one of the values. */
export const networkLabel = 'topology.istio.io/network'

/** The environment of the container whose references stand in the node. */
export function nodeVariables({ipFamily}: EnvoySettings): readonly EnvVar[] {
  return [
    fieldVariable('POD_NAME', 'metadata.name'),
    fieldVariable('POD_NAMESPACE', 'metadata.namespace'),
    fieldVariable('INSTANCE_IP', 'status.podIP'),
    fieldVariable('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    fieldVariable('NODE_NAME', 'spec.nodeName'),
    ...(ipFamily === 'both' ? [fieldVariable('INSTANCE_IPS', 'status.podIPs')] : []),
  ]
}

function fieldVariable(name: string, fieldPath: string): EnvVar {
  return {name, valueFrom: {fieldRef: {fieldPath}}}
}

/**
 * The node of the bootstrap: id and metadata as pilot-agent makes them (Istio 1.31 pkg/bootstrap/config.go) and istiod
 * reads them (pkg/model/proxy.go). Of a pod in its cache istiod prefers the labels there to these.
 */
export function node(settings: EnvoySettings, workload: Workload): Message {
  const network = networkOf(workload.labels, settings)
  const metadata = new Map<string, Message>()
  for (const name of fromProxyMetadata) metadata.set(name, own(workload.proxyMetadata, `ISTIO_META_${name}`))
  const known: {readonly [name: string]: Message} = {
    NAME: expand`$(POD_NAME)`,
    NAMESPACE: expand`$(POD_NAMESPACE)`,
    INSTANCE_IPS: settings.ipFamily === 'both' ? expand`$(INSTANCE_IPS)` : expand`$(INSTANCE_IP)`,
    SERVICE_ACCOUNT: expand`$(SERVICE_ACCOUNT)`,
    NODE_NAME: expand`$(NODE_NAME)`,
    CLUSTER_ID: settings.clusterId,
    MESH_ID: settings.meshId,
    NETWORK: network === '' ? undefined : network,
    ISTIO_VERSION: settings.istioVersion,
    INTERCEPTION_MODE: workload.interceptionMode,
    WORKLOAD_NAME: workload.name === '' ? undefined : workload.name,
    OWNER: workload.owner === '' ? undefined : workload.owner,
    APP_CONTAINERS: appContainers(workload.containers).join(','),
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

export function networkOf(labels: StringMap, settings: EnvoySettings): string {
  return own(labels, networkLabel) ?? settings.network
}

/** The service that spans and Envoy's own headers name, as pilot-agent's default chooses it. */
function serviceName({labels, name}: Workload): string {
  for (const label of ['app', 'app.kubernetes.io/name', 'service.istio.io/canonical-name']) {
    const value = own(labels, label) ?? ''
    if (value !== '') return value
  }
  return name === '' ? 'istio-proxy' : name
}

/** Sorted, so that a pod that comes by again gives the same text; the hash of a template is no label of the service. */
function sortedLabels(labels: StringMap): Message {
  const kept = Object.entries(labels).filter(([name]) => name !== 'pod-template-hash')
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
}
