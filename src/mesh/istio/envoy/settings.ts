import type {MeshSection} from '../../../config/schema.ts'
import type {MeshConfig} from '../mesh-config.ts'
import type {Chart} from '../values.ts'
import {defaultTag} from '../version.ts'

/** What listens at a name or an IP address (IPv6 without brackets). */
export interface Address {
  readonly host: string
  readonly port: number
}

/** A bare Envoy's settings: what is the same for every pod. */
export interface EnvoySettings {
  /** Where istiod serves ADS in plaintext. */
  readonly discovery: Address
  /** The family that the proxy listens in; where it is both, istiod must run with `ISTIO_DUAL_STACK`. */
  readonly ipFamily: 'IPv4' | 'IPv6' | 'both'
  readonly clusterDomain: string
  readonly clusterId: string
  readonly meshId: string
  readonly network: string
  /** What istiod takes the proxy for; it leaves out of its answers what that version does not know. */
  readonly istioVersion: string
  /** Whether port 15090 serves metrics. */
  readonly metrics: boolean
  /** Whether the admin interface profiles. */
  readonly profiling: boolean
  /** Whether what the bootstrap itself serves (metrics, admin) is logged; istiod's listeners log as istiod says. */
  readonly accessLog: boolean
  readonly collector: Collector | undefined
}

export interface Collector {
  readonly address: Address
  readonly protocol: 'otlp' | 'zipkin'
}

/** istiod serves discovery in plaintext here, and with mutual TLS, for which a plain Envoy has no certificate, there. */
export const plaintextPort = 15010
export const securePort = 15012

/** Zipkin's own port; every other collector is taken to speak OTLP over gRPC. */
const zipkinPort = 9411

/** What the configuration and the chart's values mean to a plain Envoy. */
export function envoySettings(
  section: MeshSection,
  chart: Chart,
  mesh: MeshConfig,
  environment: ReadonlyMap<string, string>,
): EnvoySettings {
  const config = section.sidecar?.proxy?.config
  return {
    discovery: discoveryAddress(section, mesh),
    ipFamily: ipFamily(chart),
    clusterDomain: chart.text('global.proxy.clusterDomain'),
    clusterId: environment.get('ISTIO_META_CLUSTER_ID') ?? 'Kubernetes',
    meshId: chart.text('global.meshID') || mesh.trustDomain,
    network: environment.get('ISTIO_META_NETWORK') ?? '',
    istioVersion: defaultTag,
    metrics: section.telemetry?.enabled !== false,
    profiling: config?.enableProfiling === true,
    accessLog: config?.accessLogFile === '/dev/stdout',
    collector: section.tracing?.enabled === false ? undefined : collectorAt(section.tracing?.endpoint),
  }
}

/** The collector at `host:port`; undefined where that is something else. */
export function collectorAt(endpoint: string | undefined): Collector | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s/:[\]]+)):([0-9]{1,5})$/.exec(endpoint ?? '')
  if (match === null) return undefined
  const [, bracketed, name = '', digits] = match
  const port = Number(digits)
  if (port < 1 || port > 65535) return undefined
  return {address: {host: bracketed ?? name, port}, protocol: port === zipkinPort ? 'zipkin' : 'otlp'}
}

function discoveryAddress({controlPlane}: MeshSection, mesh: MeshConfig): Address {
  const {address = hostOf(mesh.defaultConfig['discoveryAddress']), port = plaintextPort} = controlPlane ?? {}
  return {host: withoutBrackets(address), port: port === securePort ? plaintextPort : port}
}

/** The mesh configuration's `discoveryAddress` is `host:15012`; plaintext is at another port of the same host. */
function hostOf(discovery: unknown): string {
  const written = typeof discovery === 'string' ? discovery.slice(0, discovery.lastIndexOf(':')) : ''
  return written === '' ? 'istiod.istio-system.svc' : written
}

function withoutBrackets(address: string): string {
  return address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address
}

/** What istiod's own Service and its feature flag say of the cluster; most charts say nothing, which means IPv4. */
function ipFamily(chart: Chart): EnvoySettings['ipFamily'] {
  if (chart.text('env.ISTIO_DUAL_STACK') === 'true') return 'both'
  return chart.list('ipFamilies')[0] === 'IPv6' ? 'IPv6' : 'IPv4'
}
