/** Everything about Istio 1.31 (release-1.31) that other versions do otherwise, in one place. */

export const defaultHub = 'docker.io/istio'
export const defaultTag = '1.31.0'

/** Of the istiod chart; the first three are injected, the others belong to controllers or are not built yet. */
export const injectedTemplates = ['sidecar', 'gateway', 'grpc-agent'] as const
export const otherTemplates = [
  'grpc-simple',
  'waypoint',
  'kube-gateway',
  'agentgateway',
  'agentgateway-waypoint',
] as const

/** What the environment of the proxy reads from its limits; 1.28 and older write divisor 0, 1.32 drops GOMAXPROCS. */
export const limitVariables = [
  {name: 'GOMEMLIMIT', resource: 'limits.memory'},
  {name: 'GOMAXPROCS', resource: 'limits.cpu'},
] as const
export const limitDivisor = '1'

/** The policy with which Go's own FIPS mode is switched on; older versions do not know it. */
export const fipsPolicy = 'fips-140-3'

/** Trimmed from both ends of a canonical name that was cut to 63 characters; older versions cut one trailing dash. */
export const canonicalNameTrim = '-_.'

/** Ports that no scrape target may name (pilot-agent status/server.go); older versions take any. */
export const reservedPorts: ReadonlyMap<number, string> = new Map([
  [15000, 'Envoy admin'],
  [15001, 'outbound traffic capture'],
  [15004, 'pilot debug'],
  [15006, 'inbound traffic capture'],
  [15008, 'HBONE tunnel'],
  [15020, 'pilot-agent status / merged Prometheus'],
  [15021, 'Envoy health'],
  [15053, 'DNS proxy'],
  [15090, 'Envoy Prometheus (already merged)'],
])

/** Names of network interfaces (pkg/util/net); 1.29 and older take any text. */
export const interfaceName = /^[a-zA-Z][a-zA-Z0-9_.-]*$/
export const longestInterfaceName = 15

/** Values with which the chart refuses to install (templates/NOTES.txt). */
export const removedValues = [
  'telemetry.v2.prometheus.configOverride',
  'telemetry.v2.stackdriver.disableOutbound',
  'global.tracer.stackdriver.debug',
  'global.tracer.stackdriver.maxNumberOfAttributes',
  'global.tracer.stackdriver.maxNumberOfAnnotations',
  'global.tracer.stackdriver.maxNumberOfMessageEvents',
  'meshConfig.defaultConfig.tracing.stackdriver.debug',
  'meshConfig.defaultConfig.tracing.stackdriver.maxNumberOfAttributes',
  'meshConfig.defaultConfig.tracing.stackdriver.maxNumberOfAnnotations',
  'meshConfig.defaultConfig.tracing.stackdriver.maxNumberOfMessageEvents',
] as const
