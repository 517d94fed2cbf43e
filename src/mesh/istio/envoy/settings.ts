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
