import type {MeshSection} from '../../../config/schema.ts'
import type {MeshIntent, NamespaceIntent} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Part} from '../../translation.ts'
import type {Values} from '../../values.ts'
import {partOf, shared} from '../../part.ts'
import {Findings} from './findings.ts'
import {entry, kinds} from './kinds.ts'
import {tracingConfig} from './tracing.ts'

/**
 * Where the two entries stand that are there once for all of Consul. consul-k8s takes them from any namespace; this one is in
 * every cluster, and where Consul's documentation puts what names none.
 */
const home = 'default'

/** What the default configuration wants of every proxy: the one ProxyDefaults and the one Mesh, which others may have made. */
export function meshParts(intent: MeshIntent): readonly Part[] {
  return [allowancePart(intent), proxiesPart(intent), metricsPart(intent), healthPart(intent)].filter(
    (one) => one !== undefined,
  )
}

/** Consul takes no permissive service before the mesh allows it. */
function allowancePart({settings, originOf, plaintext}: MeshIntent): Part | undefined {
  const origin = settings.security?.mutualTLS === false ? originOf('mesh.security.mutualTLS') : plaintext
  if (origin === undefined) return undefined
  const mesh = entry(kinds.mesh, home, 'mesh', {allowEnablingPermissiveMutualTLS: true})
  return partOf('mesh', [origin], new Findings(), shared(mesh))
}

function proxiesPart(intent: MeshIntent): Part | undefined {
  const {settings, originOf} = intent
  const findings = new Findings()
  const file = settings.sidecar?.proxy?.config?.accessLogFile
  const config = tracingConfig(intent, findings)
  const spec = {
    ...(file !== undefined && {accessLogs: accessLogs(file)}),
    ...(Object.keys(config).length > 0 && {config}),
  }
  const keys = written(settings)
  if (keys.length === 0) return undefined
  const hasSpec = Object.keys(spec).length > 0
  const objects = hasSpec ? [entry(kinds.proxyDefaults, home, 'global', spec)] : []
  return partOf('proxies', keys.map(originOf), findings, shared(...objects))
}

function accessLogs(file: string): Values {
  if (file === '/dev/null') return {enabled: false}
  if (file === '/dev/stdout') return {enabled: true, type: 'stdout'}
  if (file === '/dev/stderr') return {enabled: true, type: 'stderr'}
  return {enabled: true, type: 'file', path: file}
}

function metricsPart({settings, originOf}: MeshIntent): Part | undefined {
  if (settings.telemetry?.metrics === undefined) return undefined
  const findings = new Findings()
  tellMetrics(originOf('mesh.telemetry.metrics'), findings)
  return partOf('metrics', [originOf('mesh.telemetry.metrics')], findings)
}

function tellMetrics(origin: Origin, findings: Findings): void {
  const message = "Consul's sidecars export all of their metrics or none, and the sizes of requests and responses never"
  findings.ignored('MW6350', 'metrics-list', origin, message)
}

function healthPart({settings, originOf}: MeshIntent): Part | undefined {
  if (settings.serviceDiscovery?.healthCheckInterval === undefined) return undefined
  const origin = originOf('mesh.serviceDiscovery.healthCheckInterval')
  const findings = new Findings()
  const message = "Consul takes a pod's health from the kubelet, as often as the readinessProbe's periodSeconds says"
  findings.ignored('MW6363', 'health-check', origin, message)
  return partOf('health', [origin], findings)
}

/** Keys that only the whole mesh can have on Consul. */
const meshWide: readonly {
  readonly key: string
  readonly feature: Feature
  readonly of: (settings: MeshSection) => unknown
}[] = [
  {key: 'mesh.telemetry.samplingRate', feature: 'sampling', of: ({telemetry}) => telemetry?.samplingRate},
  {key: 'mesh.tracing.enabled', feature: 'tracing', of: ({tracing}) => tracing?.enabled},
  {key: 'mesh.tracing.endpoint', feature: 'tracing', of: ({tracing}) => tracing?.endpoint},
  {
    key: 'mesh.sidecar.proxy.config.accessLogFile',
    feature: 'access-log',
    of: ({sidecar}) => sidecar?.proxy?.config?.accessLogFile,
  },
]

function written(settings: MeshSection): readonly string[] {
  return meshWide.filter(({of}) => of(settings) !== undefined).map(({key}) => key)
}

/** What a namespace's configuration wants otherwise than the default one, which is the one that counts on Consul. */
export function namespaceParts({settings, byDefault, originOf, namespace}: NamespaceIntent): readonly Part[] {
  if (byDefault === undefined) return []
  const findings = new Findings()
  const origins: Origin[] = []
  for (const {key, feature, of} of meshWide) {
    if (of(settings) === undefined || of(settings) === of(byDefault)) continue
    origins.push(originOf(key))
    const message = `Consul has one such setting for all proxies, and for ${namespace} it is that of the default configuration`
    findings.ignored('MW6351', feature, originOf(key), message)
  }
  const {telemetry} = settings
  if (telemetry?.metrics !== undefined && byDefault.telemetry?.metrics === undefined) {
    origins.push(originOf('mesh.telemetry.metrics'))
    tellMetrics(originOf('mesh.telemetry.metrics'), findings)
  }
  return origins.length === 0 ? [] : [partOf('proxies', origins, findings)]
}
