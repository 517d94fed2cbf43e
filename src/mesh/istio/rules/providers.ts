import {isValues, type Values} from '../../values.ts'
import type {MeshConfig} from '../mesh-config.ts'
import type {Chart} from '../values.ts'

/** Extension providers of Istio's mesh config, which a Telemetry names; Telemetry objects cannot make any. */
export interface Providers {
  /** What metrics go to where no Telemetry names another. */
  readonly metrics: readonly string[]
  /** What traces go to where no Telemetry names another. */
  readonly tracing: string | undefined
  /** `host:port` of the collector in `defaultConfig.tracing`, which counts where no Telemetry speaks of tracing; '' for one without. */
  readonly legacyCollector: string | undefined
  /** The provider that sends traces to the host and port. */
  tracingTo(host: string, port: number): string | undefined
  /** The provider that writes the access log to the file. */
  accessLogTo(path: string): string | undefined
  /** The mesh config itself has every proxy write its access log to the file. */
  writesAccessLogTo(path: string): boolean
}

/** Kinds of providers that take spans at `service` and `port`. */
const tracers = ['opentelemetry', 'zipkin', 'lightstep', 'datadog', 'skywalking', 'opencensus'] as const
const legacyTracers = ['zipkin', 'lightstep', 'datadog', 'stackdriver', 'openCensusAgent'] as const
const standardOutput = '/dev/stdout'

/** istiod brings `prometheus` and `envoy`, which the mesh config may say otherwise (pkg/config/mesh/mesh.go). */
export function readProviders(chart: Chart, meshConfig: MeshConfig | undefined, clusterDomain: string): Providers {
  const byName = new Map<string, Values>([['envoy', {envoyFileAccessLog: {path: standardOutput}}]])
  for (const provider of chart.list('meshConfig.extensionProviders')) {
    if (isValues(provider) && typeof provider['name'] === 'string') byName.set(provider['name'], provider)
  }
  const find = (matches: (provider: Values) => boolean) => [...byName].find(([, provider]) => matches(provider))?.[0]
  const metrics = names(chart, 'metrics')
  return {
    metrics: metrics.length === 0 ? ['prometheus'] : metrics,
    tracing: names(chart, 'tracing')[0],
    legacyCollector: legacyCollector(meshConfig),
    tracingTo: (host, port) =>
      find((provider) => tracers.some((tracer) => takesAt(provider[tracer], host, port, clusterDomain))),
    accessLogTo: (path) =>
      find(({envoyFileAccessLog: log}) => isValues(log) && (log['path'] ?? standardOutput) === path),
    writesAccessLogTo: (path) => chart.text('meshConfig.accessLogFile') === path,
  }
}

function names(chart: Chart, kind: 'metrics' | 'tracing'): readonly string[] {
  return chart.list(`meshConfig.defaultProviders.${kind}`).filter((name) => typeof name === 'string')
}

/** A provider's service may begin with its namespace: `observability/otel-collector.observability.svc.cluster.local`. */
function takesAt(provider: unknown, host: string, port: number, clusterDomain: string): boolean {
  if (!isValues(provider)) return false
  const {service, port: own} = provider
  if (typeof service !== 'string' || own !== port) return false
  const short = (name: string) => {
    const ending = [`.svc.${clusterDomain}`, '.svc'].find((suffix) => name.endsWith(suffix)) ?? ''
    return name.slice(0, name.length - ending.length)
  }
  return short(service.slice(service.indexOf('/') + 1)) === short(host)
}

function legacyCollector(meshConfig: MeshConfig | undefined): string | undefined {
  const tracing = meshConfig?.defaultConfig['tracing']
  if (!isValues(tracing)) return undefined
  const tracer: unknown = legacyTracers.map((name) => tracing[name]).find(isValues)
  if (!isValues(tracer)) return undefined
  return typeof tracer['address'] === 'string' ? tracer['address'] : ''
}
