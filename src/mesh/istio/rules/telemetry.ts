import {metricNames} from '../../../config/schema.ts'
import {serviceOfHost} from '../../../intent/host.ts'
import type {NamespaceIntent} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Part} from '../../translation.ts'
import type {Values} from '../../values.ts'
import {collectorAt, type Collector} from '../envoy/settings.ts'
import {percent} from '../neutral.ts'
import {owned, partOf} from '../../part.ts'
import {Findings} from './findings.ts'
import {hostOf} from './hosts.ts'
import {kinds, objectOf} from './kinds.ts'
import type {RuleSettings} from './settings.ts'

/** What a section of the Telemetry is made with. */
interface Watching {
  readonly intent: NamespaceIntent
  readonly settings: RuleSettings
  readonly findings: Findings
}

const standardOutput = '/dev/stdout'

/**
 * Metrics, traces and access log of a namespace, in one Telemetry named `default`: of several without a selector Istio
 * heeds the oldest only.
 */
export function telemetryPart(intent: NamespaceIntent, settings: RuleSettings): Part | undefined {
  const origins = written(intent)
  if (origins.length === 0) return undefined
  const watching = {intent, settings, findings: new Findings()}
  const spec: Values = {...metrics(watching), ...tracing(watching), ...accessLog(watching)}
  const objects = Object.keys(spec).length === 0 ? [] : [objectOf(kinds.telemetry, intent.namespace, 'default', spec)]
  return partOf('telemetry', origins, watching.findings, owned(...objects))
}

/** Where the configuration says anything of it. */
function written({settings: {telemetry, tracing: traces, sidecar}, originOf}: NamespaceIntent): readonly Origin[] {
  const all = new Map<string, unknown>([
    ['mesh.telemetry.enabled', telemetry?.enabled],
    ['mesh.telemetry.metrics', telemetry?.metrics],
    ['mesh.telemetry.samplingRate', telemetry?.samplingRate],
    ['mesh.tracing.enabled', traces?.enabled],
    ['mesh.tracing.endpoint', traces?.endpoint],
    ['mesh.sidecar.proxy.config.accessLogFile', sidecar?.proxy?.config?.accessLogFile],
  ])
  return [...all].flatMap(([path, value]) => (value === undefined ? [] : [originOf(path)]))
}

/**
 * The neutral list is about the four metrics of requests: those that it leaves out are disabled, on both sides. Metrics
 * of connections and of gRPC messages have no neutral name and stay.
 */
function metrics({intent: {settings: section, originOf}, settings, findings}: Watching): Values {
  const {enabled, metrics: list} = section.telemetry ?? {}
  if (enabled === undefined && list === undefined) return {}
  const providers = settings.providers.metrics.map((name) => ({name}))
  if (enabled === false) return {metrics: [{providers, overrides: [override('ALL_METRICS')]}]}
  if (settings.plainEnvoy && list !== undefined) {
    const message = 'a plain Envoy has metrics of its own, all of them, and not those'
    findings.ignored('MW6126', 'metrics-list', originOf('mesh.telemetry.metrics'), message)
    return {}
  }
  const left = list === undefined ? [] : metricNames.filter((name) => !list.includes(name))
  const overrides = left.map((name) => override(name.toUpperCase()))
  return {metrics: [{providers, ...(overrides.length > 0 && {overrides})}]}
}

function override(metric: string): Values {
  return {match: {metric, mode: 'CLIENT_AND_SERVER'}, disabled: true}
}

/**
 * A Telemetry that speaks of tracing puts an end to what stands in `defaultConfig.tracing` or in the bootstrap of a plain
 * Envoy: with no provider nothing is traced. Where that is how traces go, nothing is said here, and the share is the
 * sidecar's own setting.
 */
function tracing(watching: Watching): Values {
  const {settings: section} = watching.intent
  const {providers, plainEnvoy} = watching.settings
  const {enabled, endpoint} = section.tracing ?? {}
  const rate = section.telemetry?.samplingRate
  const sampling = rate === undefined ? {} : {randomSamplingPercentage: percent(rate)}
  if (enabled === false) return {tracing: [{disableSpanReporting: true}]}
  const collector = endpoint === undefined ? undefined : collectorAt(endpoint)
  const provider =
    collector === undefined ? undefined : providers.tracingTo(collector.address.host, collector.address.port)
  if (provider !== undefined) return {tracing: [{providers: [{name: provider}], ...sampling}]}
  const ownWay = providers.legacyCollector !== undefined || (plainEnvoy && collector !== undefined)
  if (endpoint === undefined || endpoint !== providers.legacyCollector) tellCollector(watching, collector)
  return rate === undefined || (ownWay && providers.tracing === undefined) ? {} : {tracing: [sampling]}
}

/** What the mesh config lacks for traces to go where they should. */
function tellCollector(
  {
    intent: {settings: section, originOf, namespace},
    settings: {providers, plainEnvoy, clusterDomain},
    findings,
  }: Watching,
  collector: Collector | undefined,
): void {
  const {enabled, endpoint} = section.tracing ?? {}
  if (endpoint === undefined) {
    if (enabled !== true || providers.tracing !== undefined || providers.legacyCollector !== undefined) return
    const message = "no collector is known: name one in mesh.tracing.endpoint and in Istio's mesh config"
    findings.approximated('MW6124', 'tracing', originOf('mesh.tracing.enabled'), message)
  } else if (collector === undefined) {
    findings.ignored('MW6124', 'tracing', originOf('mesh.tracing.endpoint'), 'a collector is host:port')
  } else if (!plainEnvoy || providers.tracing !== undefined) {
    const {address, protocol} = collector
    const kind = protocol === 'zipkin' ? 'zipkin' : 'opentelemetry'
    // Istio finds a provider's service by its whole host only.
    const service = serviceOfHost(address.host, namespace)
    const host = service === undefined ? address.host : hostOf(service, clusterDomain)
    const provider = `{name: traces, ${kind}: {service: ${host}, port: ${address.port}}}`
    const message = `no traces go there until Istio's mesh config has it: extensionProviders: [${provider}]`
    findings.approximated('MW6124', 'tracing', originOf('mesh.tracing.endpoint'), message)
  }
}

function accessLog({intent: {settings: section, originOf}, settings: {providers}, findings}: Watching): Values {
  const path = section.sidecar?.proxy?.config?.accessLogFile
  if (path === undefined) return {}
  const name = providers.accessLogTo(path)
  if (name !== undefined) return {accessLogging: [{providers: [{name}]}]}
  if (providers.writesAccessLogTo(path)) return {}
  const feature = path === standardOutput ? 'access-log' : 'access-log-file'
  const provider = `{name: access-log, envoyFileAccessLog: {path: ${JSON.stringify(path)}}}`
  const message = `nothing is written there until Istio's mesh config has it: extensionProviders: [${provider}]`
  findings.ignored('MW6125', feature, originOf('mesh.sidecar.proxy.config.accessLogFile'), message)
  return {}
}
