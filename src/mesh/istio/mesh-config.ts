import {isValues, type Values} from '../values.ts'
import {isTrustDomain} from './address.ts'
import {decode, objectOf, type Decoded, type ProtoJson} from './proto.ts'
import {defaultProxyConfig, mergeProxyConfig, overProxyConfig, proxyConfigProblem} from './proxy-config.ts'
import {meshConfigMessage} from './proxy-config-schema.ts'
import {lay, type Chart} from './values.ts'

/** What injection needs of istiod's mesh configuration. */
export interface MeshConfig {
  readonly proxyListenPort: number
  readonly proxyInboundListenPort: number
  readonly trustDomain: string
  readonly prometheusMerge: boolean
  /** `inboundTrafficPolicy.mode` LOCALHOST. */
  readonly inboundLocalhost: boolean
  /** Some tracing provider asks for OpenTelemetry's service attributes. */
  readonly otelAttributes: boolean
  /** `defaultConfig.statusPort`, where the agent answers probes and scrapes. */
  readonly statusPort: number
  /** `defaultConfig` over the code's defaults. */
  readonly defaultConfig: ProtoJson
}

/** What the chart's ConfigMap `istio` says, and what istiod makes of it (pkg/config/mesh ApplyMeshConfig). */
export function meshConfigOf(chart: Chart): Decoded<MeshConfig> {
  const rendered = renderedMeshConfig(chart)
  if (!rendered.ok) return rendered
  const decoded = decode(meshConfigMessage, lay(rendered.value, chart.map('meshConfig')))
  if (!decoded.ok) return decoded
  const config = decoded.value
  const defaultConfig = mergeProxyConfig(defaultProxyConfig, objectOf(config['defaultConfig']) ?? {})
  const trustDomain = config['trustDomain'] ?? 'cluster.local'
  const listen = config['proxyListenPort'] ?? 15001
  const inbound = config['proxyInboundListenPort']
  if (typeof trustDomain !== 'string' || !isTrustDomain(trustDomain)) {
    return {ok: false, message: `trustDomain: ${JSON.stringify(trustDomain)} is not a domain name`}
  }
  if (typeof listen !== 'number' || listen < 1 || listen > 65535) {
    return {ok: false, message: 'proxyListenPort: must be from 1 to 65535'}
  }
  const problem = proxyConfigProblem(defaultConfig)
  if (problem !== undefined) return {ok: false, message: `defaultConfig: ${problem}`}
  return {
    ok: true,
    value: {
      proxyListenPort: listen,
      proxyInboundListenPort: typeof inbound === 'number' && inbound !== 0 ? inbound : 15006,
      trustDomain,
      prometheusMerge: config['enablePrometheusMerge'] !== false,
      inboundLocalhost: objectOf(config['inboundTrafficPolicy'])?.['mode'] === 'LOCALHOST',
      otelAttributes: asksForOtelAttributes(config['extensionProviders']),
      statusPort: Number(defaultConfig['statusPort']),
      defaultConfig: overProxyConfig(defaultProxyConfig, defaultConfig),
    },
  }
}

/** The chart's template of the mesh configuration (templates/configmap.yaml), before the user's meshConfig is laid over it. */
function renderedMeshConfig(chart: Chart): Decoded<Values> {
  const tracer = tracerOf(chart)
  if (!tracer.ok) return tracer
  const meshId = chart.text('global.meshID')
  const imageType = chart.text(chart.truthy('global.proxy.variant') ? 'global.proxy.variant' : 'global.variant')
  return {
    ok: true,
    value: {
      trustDomain: 'cluster.local',
      defaultConfig: {
        ...(meshId === '' ? {} : {meshId}),
        ...(imageType === '' ? {} : {image: {imageType}}),
        ...tracer.value,
        discoveryAddress: discoveryAddress(chart),
      },
    },
  }
}

/** The release's namespace is istio-system; `global.istioNamespace` moves the CA's address, not this one. */
function discoveryAddress(chart: Chart): string {
  if (chart.truthy('global.remotePilotAddress')) {
    const local = chart.truthy('istiodRemote.enabled') && chart.truthy('istiodRemote.enabledLocalInjectorIstiod')
    return `${local ? 'istiod-remote' : 'istiod'}.istio-system.svc:15012`
  }
  const revision = chart.text('revision')
  return `istiod${revision === '' ? '' : `-${revision}`}.istio-system.svc:15012`
}

function tracerOf(chart: Chart): Decoded<Values> {
  const at = (key: string) => chart.at(`global.tracer.${key}`)
  const tracer = chart.text('global.proxy.tracer')
  switch (tracer) {
    case 'lightstep': {
      if (!isValues(at('lightstep'))) {
        return {ok: false, message: 'global.proxy.tracer is lightstep, which needs global.tracer.lightstep'}
      }
      return tracing({lightstep: {address: at('lightstep.address'), accessToken: at('lightstep.accessToken')}})
    }
    case 'zipkin':
      return tracing({
        zipkin: {address: at('zipkin.address') || `zipkin.${chart.text('global.istioNamespace')}:9411`},
      })
    case 'datadog':
      return tracing({datadog: {address: at('datadog.address') || '$(HOST_IP):8126'}})
    case 'stackdriver': {
      // Its settings in the values are removed; these are the chart's.
      const most = {maxNumberOfAttributes: 200, maxNumberOfAnnotations: 200, maxNumberOfMessageEvents: 200}
      return tracing({stackdriver: {debug: false, ...most}})
    }
    default:
      return {ok: true, value: {}}
  }
}

function tracing(value: Values): Decoded<Values> {
  return {ok: true, value: {tracing: value}}
}

/** A provider replaces an earlier one of the same name. */
function asksForOtelAttributes(providers: unknown): boolean {
  const byName = new Map<unknown, unknown>()
  for (const provider of Array.isArray(providers) ? providers : []) {
    if (isValues(provider)) byName.set(provider['name'], provider['opentelemetry'])
  }
  return [...byName.values()].some(
    (otel) => isValues(otel) && otel['serviceAttributeEnrichment'] === 'OTEL_SEMANTIC_CONVENTIONS',
  )
}
