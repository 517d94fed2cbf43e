import type {Finding} from '../finding.ts'
import type {PodOverrides} from '../overrides.ts'
import type {StringMap} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {canonicalQuantity} from '../go/quantity.ts'
import {readYaml} from '../go/yaml.ts'
import {keys, own} from './annotations.ts'
import {percent} from './neutral.ts'
import {objectOf, type ProtoJson} from './proto.ts'
import type {ResourceSettings} from './settings.ts'

export interface Overridden {
  /** The pod's annotations with the native ones that say the same as the overrides, for istiod and CNI read those. */
  readonly annotations: StringMap
  readonly findings: readonly Finding[]
}

/** Writes `meshwright.dev/` overrides as the native annotations that mean the same. Resources have a rule of their own. */
export function applyOverrides(annotations: StringMap, overrides: PodOverrides, defaultConfig: ProtoJson): Overridden {
  const written: [string, string][] = []
  const {logLevel, nativeSidecar, excludeInboundPorts, excludeOutboundPorts, excludeOutboundCidrs} = overrides
  if (logLevel !== undefined) written.push([keys.logLevel, logLevel])
  if (nativeSidecar !== undefined) written.push([keys.nativeSidecar, String(nativeSidecar)])
  if (excludeInboundPorts !== undefined) written.push([keys.excludeInboundPorts, excludeInboundPorts.join(',')])
  if (excludeOutboundPorts !== undefined) written.push([keys.excludeOutboundPorts, excludeOutboundPorts.join(',')])
  if (excludeOutboundCidrs !== undefined) written.push([keys.excludeOutboundIPRanges, excludeOutboundCidrs.join(',')])
  const config = proxyConfigText(annotations, overrides, defaultConfig)
  if (config !== undefined) written.push([keys.proxyConfig, config])
  const findings: Finding[] =
    overrides.accessLog === undefined
      ? []
      : [
          {
            kind: 'ignored',
            key: 'meshwright.dev/access-log',
            message: 'Istio has no access log of a single pod; use a Telemetry',
          },
        ]
  return {annotations: written.length === 0 ? annotations : {...annotations, ...Object.fromEntries(written)}, findings}
}

/** proxy.istio.io/config is read by the agent at run time too, so the override has to stand in it. */
function proxyConfigText(
  annotations: StringMap,
  {concurrency, samplingRate, holdUntilReady}: PodOverrides,
  defaultConfig: ProtoJson,
): string | undefined {
  if (concurrency === undefined && samplingRate === undefined && holdUntilReady === undefined) return undefined
  const present = own(annotations, keys.proxyConfig)
  const reading = present === undefined ? undefined : readYaml(present)
  // A text that cannot be read is left for the check of the annotation, which says so.
  if (reading?.ok === false || (reading !== undefined && !isValues(reading.value) && reading.value !== null))
    return present
  const config: Values = isValues(reading?.value) ? reading.value : {}
  const tracing = isValues(config['tracing']) ? config['tracing'] : objectOf(defaultConfig['tracing'])
  return JSON.stringify({
    ...config,
    ...(concurrency === undefined ? {} : {concurrency}),
    ...(samplingRate === undefined ? {} : {tracing: {...tracing, sampling: percent(samplingRate)}}),
    ...(holdUntilReady === undefined ? {} : {holdApplicationUntilProxyStarts: holdUntilReady}),
  })
}

const native = [
  {key: keys.proxyCPU, side: 'requests', resource: 'cpu'},
  {key: keys.proxyMemory, side: 'requests', resource: 'memory'},
  {key: keys.proxyCPULimit, side: 'limits', resource: 'cpu'},
  {key: keys.proxyMemoryLimit, side: 'limits', resource: 'memory'},
] as const

/** A single native annotation drops all of the chart's resources; an override replaces just its own. */
export function proxyResources(
  annotations: StringMap,
  overrides: PodOverrides,
  defaults: ResourceSettings,
): ResourceSettings {
  const asked = native.some(({key}) => own(annotations, key) !== undefined)
  const base = asked ? fromAnnotations(annotations) : defaults
  const {proxyCpuRequest, proxyMemoryRequest, proxyCpuLimit, proxyMemoryLimit} = overrides
  if ((proxyCpuRequest ?? proxyMemoryRequest ?? proxyCpuLimit ?? proxyMemoryLimit) === undefined) return base
  const requests = side({cpu: proxyCpuRequest, memory: proxyMemoryRequest}, base.requests)
  const limits = side({cpu: proxyCpuLimit, memory: proxyMemoryLimit}, base.limits)
  if (requests === base.requests && limits === base.limits) return base
  return {
    ...base,
    ...(requests === undefined ? {} : {requests}),
    ...(limits === undefined ? {} : {limits}),
  }
}

function side(
  written: {readonly [resource: string]: string | undefined},
  base: StringMap | undefined,
): StringMap | undefined {
  const given = Object.entries(written).flatMap(([resource, quantity]) =>
    quantity === undefined ? [] : [[resource, canonicalQuantity(quantity) ?? quantity] as const],
  )
  return given.length === 0 ? base : {...base, ...Object.fromEntries(given)}
}

function fromAnnotations(annotations: StringMap): ResourceSettings {
  const sides: {requests: Record<string, string>; limits: Record<string, string>} = {requests: {}, limits: {}}
  for (const {key, side, resource} of native) {
    const quantity = own(annotations, key)
    if (quantity !== undefined) sides[side][resource] = canonicalQuantity(quantity) ?? quantity
  }
  const {requests, limits} = sides
  return {
    ...(Object.keys(requests).length === 0 ? {} : {requests}),
    ...(Object.keys(limits).length === 0 ? {} : {limits}),
  }
}
