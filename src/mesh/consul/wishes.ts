import {parseBool} from '../go/bool.ts'
import {compareQuantities, parseQuantity, printQuantity} from '../go/quantity.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {PodOverrides} from '../overrides.ts'
import type {Resources} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import type {Resource, ResourceSide, ResourceTexts} from './chart-values.ts'
import {keyPrefix} from './keys.ts'
import {metricsEnabled} from './metrics.ts'
import type {Settings} from './settings.ts'
import {shown} from './shown.ts'

/** What one pod is to get: its overrides, else its annotations, else its namespace's labels, else the settings. */
export interface Wishes {
  readonly transparentProxy: boolean
  /** DNS redirection is asked for; whether there is a cluster DNS to fall back on is another question. */
  readonly dns: boolean
  readonly overwriteProbes: boolean
  readonly proxyHealthCheck: boolean
  readonly metrics: boolean
  readonly lifecycle: boolean
  readonly nativeSidecar: boolean
  readonly logLevel: string
  readonly concurrency: string
  readonly resources: Resources
}

/** Consul's dataplane knows fewer log levels than the override does. */
const logLevels = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
  off: 'error',
} as const

export function readWishes(
  annotations: Annotations,
  namespace: NamespaceFacts,
  overrides: PodOverrides,
  settings: Settings,
): Wishes {
  const transparentProxy = transparentProxyEnabled(annotations, namespace, settings)
  return {
    transparentProxy,
    // Without redirected traffic there is nothing that could answer DNS, and the switch is not even read.
    dns: transparentProxy && switched(annotations, namespace, 'consul-dns', settings.dnsRedirection),
    overwriteProbes: annotations.flag('transparent-proxy-overwrite-probes') ?? settings.overwriteProbes,
    proxyHealthCheck: parseBool(annotations.get('use-proxy-health-check') ?? '') === true,
    metrics: metricsEnabled(annotations, settings.metrics),
    lifecycle: annotations.flagUnlessEmpty('enable-sidecar-proxy-lifecycle') ?? settings.lifecycle.enabled,
    nativeSidecar:
      overrides.nativeSidecar ??
      annotations.flagUnlessEmpty('enable-consul-dataplane-as-sidecar') ??
      settings.nativeSidecar.enabled,
    logLevel: overrides.logLevel === undefined ? settings.logLevel : logLevels[overrides.logLevel],
    concurrency: String(
      overrides.concurrency ?? annotations.unsigned('consul-envoy-proxy-concurrency') ?? settings.concurrency,
    ),
    resources: readResources(annotations, overrides, settings.sidecarResources),
  }
}

export function transparentProxyEnabled(
  annotations: Annotations,
  namespace: NamespaceFacts,
  settings: Settings,
): boolean {
  return switched(annotations, namespace, 'transparent-proxy', settings.transparentProxy)
}

/** The pod's annotation, else its namespace's label, else the settings. */
function switched(annotations: Annotations, {name, labels}: NamespaceFacts, key: string, otherwise: boolean): boolean {
  const onPod = annotations.flag(key)
  if (onPod !== undefined || annotations.get(key) !== undefined) return onPod ?? otherwise
  const label = `${keyPrefix}${key}`
  if (!Object.hasOwn(labels, label)) return otherwise
  const text = labels[label] ?? ''
  const onNamespace = parseBool(text)
  if (onNamespace === undefined) {
    annotations.refuse(`namespace ${name} is labelled ${label}: ${shown(text)}: write "true" or "false"`)
  }
  return onNamespace ?? otherwise
}

const quantities = [
  {side: 'limits', resource: 'cpu', key: 'sidecar-proxy-cpu-limit', override: 'proxyCpuLimit'},
  {side: 'requests', resource: 'cpu', key: 'sidecar-proxy-cpu-request', override: 'proxyCpuRequest'},
  {side: 'limits', resource: 'memory', key: 'sidecar-proxy-memory-limit', override: 'proxyMemoryLimit'},
  {side: 'requests', resource: 'memory', key: 'sidecar-proxy-memory-request', override: 'proxyMemoryRequest'},
] as const satisfies readonly {
  side: ResourceSide
  resource: Resource
  key: string
  override: keyof PodOverrides
}[]

function readResources(annotations: Annotations, overrides: PodOverrides, defaults: ResourceTexts): Resources {
  let changed: Record<ResourceSide, Partial<Record<Resource, string>>> | undefined
  for (const {side, resource, key, override} of quantities) {
    const text = overrides[override] ?? annotations.get(key)
    if (text === undefined) continue
    const quantity = parseQuantity(text)
    if (quantity === undefined || quantity.unscaled < 0n) {
      const example = resource === 'cpu' ? '100m' : '128Mi'
      annotations.refuseValue(key, `that is not a quantity that a container can have, such as ${example}`)
      continue
    }
    changed ??= {requests: {...defaults.requests}, limits: {...defaults.limits}}
    changed[side][resource] = printQuantity(quantity)
  }
  if (changed === undefined) return compact(defaults)
  for (const resource of ['cpu', 'memory'] as const) {
    const [request, limit] = [changed.requests[resource], changed.limits[resource]]
    if (request !== undefined && limit !== undefined && exceeds(request, limit)) {
      annotations.refuse(
        `the sidecar's ${resource} request ${request} is above its limit ${limit}: lower ` +
          `${keyPrefix}sidecar-proxy-${resource}-request or raise ${keyPrefix}sidecar-proxy-${resource}-limit`,
      )
    }
  }
  return compact(changed)
}

/** Go leaves an empty list of resources out. */
function compact({requests, limits}: ResourceTexts): Resources {
  return {
    ...(Object.keys(limits).length > 0 && {limits}),
    ...(Object.keys(requests).length > 0 && {requests}),
  }
}

function exceeds(request: string, limit: string): boolean {
  const [asked, most] = [parseQuantity(request), parseQuantity(limit)]
  return asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0
}
