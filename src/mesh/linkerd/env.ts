import {flatText} from '../flat.ts'
import type {EnvVar} from '../pod.ts'
import {printNumber} from './reader.ts'
import type {ProxySettings, Settings} from './settings.ts'

/** The namespace of the control plane: the chart's own, which no value changes. */
export const controlPlaneNamespace = 'linkerd'

export const proxyName = 'linkerd-proxy'
export const podInfoPath = '/var/run/linkerd/podinfo'
export const endEntityPath = '/var/run/linkerd/identity/end-entity'
export const tokenPath = '/var/run/secrets/tokens'
export const serviceAccountPath = '/var/run/secrets/kubernetes.io/serviceaccount'

/** What differs from pod to pod whatever its settings. */
export interface PodFacts {
  readonly inboundPorts: string
  /** Empty: the variable is left out. */
  readonly opaquePorts: string
  /** `key=value` lines, each with its line break. */
  readonly traceAttributes: string
  readonly additionalEnv: readonly EnvVar[]
}

/** The proxy's environment in Linkerd's order (charts/partials/templates/_proxy.tpl), as far as the pod does not matter. */
export interface EnvTemplate {
  readonly beforePorts: readonly EnvVar[]
  readonly afterPorts: readonly EnvVar[]
  readonly beforeOpaque: readonly EnvVar[]
  readonly afterOpaque: readonly EnvVar[]
}

export function envTemplate(proxy: ProxySettings, settings: Settings): EnvTemplate {
  return {
    beforePorts: beforePorts(proxy, settings),
    afterPorts: afterPorts(proxy, settings),
    beforeOpaque: settings.params,
    afterOpaque: identity(proxy, settings),
  }
}

export function proxyEnv(template: EnvTemplate, facts: PodFacts, settings: Settings): EnvVar[] {
  const {tracing, experimentalEnv} = settings
  const {opaquePorts} = facts
  return [
    ...template.beforePorts,
    variable('INBOUND_PORTS', facts.inboundPorts),
    ...template.afterPorts,
    ...(tracing.enabled ? [variable('TRACE_EXTRA_ATTRIBUTES', facts.traceAttributes)] : []),
    ...template.beforeOpaque,
    ...(opaquePorts === '' ? [] : [variable('INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', opaquePorts)]),
    ...template.afterOpaque,
    ...facts.additionalEnv,
    ...experimentalEnv,
  ]
}

function beforePorts(proxy: ProxySettings, settings: Settings): EnvVar[] {
  const {clusterDomain, clusterNetworks, disableIPv6} = settings
  const listen = disableIPv6 ? '0.0.0.0' : '[::]'
  const outbound = `127.0.0.1:${proxy.outboundPort}`
  const env: EnvVar[] = [
    field('_pod_name', 'metadata.name'),
    field('_pod_ns', 'metadata.namespace'),
    field('_pod_uid', 'metadata.uid'),
    field('_pod_ip', 'status.podIP'),
    field('_pod_nodeName', 'spec.nodeName'),
    {name: '_pod_containerName', value: proxyName},
    ...cores(proxy),
  ]
  const add = (name: string, value: string) => env.push(variable(name, value))
  if (proxy.requireIdentityOnInboundPorts !== '')
    add('INBOUND_PORTS_REQUIRE_IDENTITY', proxy.requireIdentityOnInboundPorts)
  add('SHUTDOWN_ENDPOINT_ENABLED', String(proxy.enableShutdownEndpoint))
  // Headers may hold secrets, so their log lines stay off unless they are asked for.
  add('LOG', proxy.logHTTPHeaders === 'insecure' ? proxy.logLevel : `${proxy.logLevel},[{headers}]=off,[{request}]=off`)
  add('LOG_FORMAT', proxy.logFormat)
  add('DESTINATION_SVC_ADDR', `linkerd-dst-headless.${controlPlaneNamespace}.svc.${clusterDomain}.:8086`)
  add('DESTINATION_PROFILE_NETWORKS', clusterNetworks)
  add('POLICY_SVC_ADDR', `linkerd-policy.${controlPlaneNamespace}.svc.${clusterDomain}.:8090`)
  add('POLICY_WORKLOAD', '{"ns":"$(_pod_ns)", "pod":"$(_pod_name)"}\n')
  add('INBOUND_DEFAULT_POLICY', proxy.defaultInboundPolicy)
  add('POLICY_CLUSTER_NETWORKS', clusterNetworks)
  add('CONTROL_STREAM_INITIAL_TIMEOUT', settings.initialTimeout)
  add('CONTROL_STREAM_IDLE_TIMEOUT', settings.idleTimeout)
  add('CONTROL_STREAM_LIFETIME', settings.lifetime)
  for (const [name, value] of [
    ['INBOUND_CONNECT_TIMEOUT', proxy.inboundConnectTimeout],
    ['OUTBOUND_CONNECT_TIMEOUT', proxy.outboundConnectTimeout],
    ['OUTBOUND_DISCOVERY_IDLE_TIMEOUT', proxy.outboundDiscoveryCacheUnusedTimeout],
    ['INBOUND_DISCOVERY_IDLE_TIMEOUT', proxy.inboundDiscoveryCacheUnusedTimeout],
    // The proxy has no switch for protocol detection timeouts; a year is Linkerd's "never".
    ['OUTBOUND_DETECT_TIMEOUT', proxy.disableOutboundProtocolDetectTimeout ? '365d' : ''],
    ['INBOUND_DETECT_TIMEOUT', proxy.disableInboundProtocolDetectTimeout ? '365d' : ''],
  ] as const)
    if (value !== '') add(name, value)
  add('CONTROL_LISTEN_ADDR', `${listen}:${proxy.controlPort}`)
  add('ADMIN_LISTEN_ADDR', `${listen}:${proxy.adminPort}`)
  add('OUTBOUND_LISTEN_ADDR', outbound)
  add('OUTBOUND_LISTEN_ADDRS', disableIPv6 ? outbound : `${outbound},[::1]:${proxy.outboundPort}`)
  add('INBOUND_LISTEN_ADDR', `${listen}:${proxy.inboundPort}`)
  env.push(field('LINKERD2_PROXY_INBOUND_IPS', 'status.podIPs'))
  return env
}

function afterPorts(proxy: ProxySettings, {clusterDomain, tracing}: Settings): EnvVar[] {
  const suffix = `svc.${clusterDomain}.`
  const env: EnvVar[] = []
  const add = (name: string, value: string) => env.push(variable(name, value))
  if (proxy.isGateway) add('INBOUND_GATEWAY_SUFFIXES', suffix)
  if (proxy.isIngress) add('INGRESS_MODE', 'true')
  add('DESTINATION_PROFILE_SUFFIXES', proxy.enableExternalProfiles ? '.' : suffix)
  add('INBOUND_ACCEPT_KEEPALIVE', '10000ms')
  add('OUTBOUND_CONNECT_KEEPALIVE', '10000ms')
  add('INBOUND_ACCEPT_USER_TIMEOUT', '30s')
  add('OUTBOUND_CONNECT_USER_TIMEOUT', '30s')
  add('OUTBOUND_METRICS_HOSTNAME_LABELS', String(proxy.hostnameLabels))
  if (!tracing.enabled) return env
  add('TRACE_ATTRIBUTES_PATH', `${podInfoPath}/labels`)
  add('TRACE_ANNOTATIONS_PATH', `${podInfoPath}/annotations`)
  add('TRACE_PROTOCOL', tracing.protocol)
  add('TRACE_SERVICE_NAME', tracing.traceServiceName)
  add('TRACE_COLLECTOR_SVC_ADDR', tracing.endpoint)
  add('TRACE_COLLECTOR_SVC_NAME', collectorIdentity(tracing, clusterDomain))
  return env
}

function identity(proxy: ProxySettings, settings: Settings): EnvVar[] {
  const {clusterDomain, trustDomain, trustAnchors, tokenProjection} = settings
  const account = (name: string) => serviceAccountIdentity(name, controlPlaneNamespace, trustDomain)
  const env: EnvVar[] = [
    variable('DESTINATION_CONTEXT', '{"ns":"$(_pod_ns)", "nodeName":"$(_pod_nodeName)", "pod":"$(_pod_name)"}\n'),
    field('_pod_sa', 'spec.serviceAccountName'),
    {name: '_l5d_ns', value: controlPlaneNamespace},
    {name: '_l5d_trustdomain', value: trustDomain},
    variable('IDENTITY_DIR', endEntityPath),
    variable('IDENTITY_TRUST_ANCHORS', trustAnchors),
    variable(
      'IDENTITY_TOKEN_FILE',
      tokenProjection ? `${tokenPath}/linkerd-identity-token` : `${serviceAccountPath}/token`,
    ),
    variable('IDENTITY_SVC_ADDR', `linkerd-identity-headless.${controlPlaneNamespace}.svc.${clusterDomain}.:8080`),
    variable('IDENTITY_LOCAL_NAME', serviceAccountIdentity('$(_pod_sa)', '$(_pod_ns)', trustDomain)),
    variable('IDENTITY_SVC_NAME', account('linkerd-identity')),
    variable('DESTINATION_SVC_NAME', account('linkerd-destination')),
    variable('POLICY_SVC_NAME', account('linkerd-destination')),
  ]
  if (proxy.accessLog !== '') env.push(variable('ACCESS_LOG', proxy.accessLog))
  if (proxy.shutdownGracePeriod !== '') env.push(variable('SHUTDOWN_GRACE_PERIOD', proxy.shutdownGracePeriod))
  return env
}

/** The deprecated `cores` hides the workers; with no worker set at all the proxy decides. */
function cores({cores, workersMinimum, workersMaximum, workersRatio}: ProxySettings): EnvVar[] {
  const set = workersMinimum !== 0n || workersMaximum !== 0n || workersRatio !== 0
  if (cores === 0n && !set) return []
  const least = String(cores || workersMinimum || 1n)
  const env = [variable('CORES', least), variable('CORES_MIN', least)]
  if (cores !== 0n) return env
  if (workersMaximum !== 0n) env.push(variable('CORES_MAX', String(workersMaximum)))
  if (workersRatio !== 0) env.push(variable('CORES_MAX_RATIO', printNumber(workersRatio)))
  return env
}

/** In 2.20 the collector's name ends in the cluster domain, later releases use the trust domain. */
function collectorIdentity({serviceAccountName, namespace}: Settings['tracing'], clusterDomain: string): string {
  return serviceAccountIdentity(serviceAccountName, namespace, clusterDomain)
}

function serviceAccountIdentity(account: string, namespace: string, domain: string): string {
  return `${account}.${namespace}.serviceaccount.identity.${controlPlaneNamespace}.${domain}`
}

function variable(name: string, value: string): EnvVar {
  return {name: flatText('LINKERD2_PROXY_', name), value}
}

function field(name: string, fieldPath: string): EnvVar {
  return {name, valueFrom: {fieldRef: {fieldPath}}}
}
