import type {Configuration} from '../../config/schema.ts'
import type {Finding} from '../finding.ts'
import {isPlainEnvoy} from '../image.ts'
import {isValues, overlay, type Values} from '../values.ts'

/** The user's Linkerd values with the neutral keys laid over them, and what Linkerd has nothing for. */
export function neutralValues({mesh}: Configuration): {readonly values: Values; readonly findings: readonly Finding[]} {
  const findings: Finding[] = []
  const ignored = (key: string, message: string) => findings.push({kind: 'ignored', key: `mesh.${key}`, message})
  let values: Values = mesh.linkerd?.values ?? {}
  const set = (over: Values) => {
    values = overlay(values, over)
  }

  if (mesh.sidecarImage !== undefined) {
    if (isPlainEnvoy(mesh.sidecarImage))
      findings.push({
        kind: 'replaced',
        key: 'mesh.sidecarImage',
        message: "an Envoy image cannot be Linkerd's proxy; the mesh's own image is used",
      })
    else set({proxy: {image: imageValues(mesh.sidecarImage)}})
  }
  setResources(mesh.sidecar?.resources, set)
  const {accessLogFile, statNameLength, enableProfiling} = mesh.sidecar?.proxy?.config ?? {}
  if (accessLogFile === '/dev/stdout') {
    const format = textAt(values, 'proxy', 'accessLog') || 'apache'
    set({proxy: {accessLog: format}})
    findings.push({
      kind: 'approximated',
      key: 'mesh.sidecar.proxy.config.accessLogFile',
      message: `Linkerd logs to stdout in its own format, ${format}`,
    })
  } else if (accessLogFile !== undefined)
    ignored('sidecar.proxy.config.accessLogFile', "Linkerd's proxy logs to /dev/stdout only")
  if (statNameLength !== undefined)
    ignored('sidecar.proxy.config.statNameLength', "Linkerd's metrics have no such limit")
  if (enableProfiling !== undefined)
    ignored('sidecar.proxy.config.enableProfiling', "Linkerd's proxy has no profiling switch")

  if (mesh.telemetry?.enabled === false) ignored('telemetry.enabled', "Linkerd's proxy always serves its metrics")
  if (mesh.telemetry?.metrics !== undefined)
    ignored('telemetry.metrics', "Linkerd's proxy always serves all its metrics")
  if (mesh.telemetry?.samplingRate !== undefined)
    ignored('telemetry.samplingRate', "Linkerd's proxy starts no traces; it follows those it is given")
  setTracing(mesh.tracing, values, set, findings)
  if (mesh.controlPlane?.address !== undefined)
    ignored('controlPlane.address', 'the proxies find the control plane in namespace linkerd')
  if (mesh.controlPlane?.port !== undefined)
    ignored('controlPlane.port', "the ports of Linkerd's control plane are fixed")
  if (mesh.serviceDiscovery?.enabled === false)
    ignored('serviceDiscovery.enabled', "Linkerd's proxies always ask its destination service")
  if (mesh.serviceDiscovery?.healthCheckInterval !== undefined)
    ignored('serviceDiscovery.healthCheckInterval', "Linkerd leaves health checks to Kubernetes' probes")
  if (mesh.security?.mutualTLS === false) ignored('security.mutualTLS', 'Linkerd encrypts between its proxies always')
  return {values, findings}
}

/** Linkerd writes `name:version`, so a digest is split at its own colon; without either the version stays. */
function imageValues(image: string): Values {
  const at = image.lastIndexOf(':')
  return at > image.lastIndexOf('/') ? {name: image.slice(0, at), version: image.slice(at + 1)} : {name: image}
}

type Resources = NonNullable<NonNullable<Configuration['mesh']['sidecar']>['resources']>

function setResources(resources: Resources | undefined, set: (over: Values) => void): void {
  for (const [kind, map] of [
    ['limit', resources?.limits],
    ['request', resources?.requests],
  ] as const) {
    if (map?.cpu !== undefined) set({proxy: {resources: {cpu: {[kind]: map.cpu}}}})
    if (map?.memory !== undefined) set({proxy: {resources: {memory: {[kind]: map.memory}}}})
  }
}

/**
 * Linkerd wants the collector's identity beside its address. Where the values do not name it, the address does:
 * collector.tracing:4317 is the ServiceAccount collector in namespace tracing, by the custom of naming both alike.
 */
function setTracing(
  tracing: Configuration['mesh']['tracing'],
  values: Values,
  set: (over: Values) => void,
  findings: Finding[],
): void {
  if (tracing === undefined) return
  const {enabled, endpoint} = tracing
  if (endpoint !== undefined) set({proxy: {tracing: {collector: {endpoint}}}})
  if (enabled === false) set({proxy: {tracing: {enabled}}})
  if (enabled !== true) return
  const collector = ['proxy', 'tracing', 'collector']
  const address = endpoint ?? textAt(values, ...collector, 'endpoint')
  if (address === '') {
    findings.push({
      kind: 'ignored',
      key: 'mesh.tracing.enabled',
      message: 'Linkerd needs mesh.tracing.endpoint, the collector, too',
    })
    return
  }
  const [, service, namespace] =
    /^(?:[a-z]+:\/\/)?([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc[a-z0-9.-]*)?(?::[0-9]+)?$/.exec(address) ?? []
  const serviceAccountName = textAt(values, ...collector, 'meshIdentity', 'serviceAccountName') || service
  const accountNamespace = textAt(values, ...collector, 'meshIdentity', 'namespace') || namespace
  if (serviceAccountName === undefined || accountNamespace === undefined) {
    findings.push({
      kind: 'ignored',
      key: 'mesh.tracing.enabled',
      message: "name the collector's ServiceAccount in proxy.tracing.collector.meshIdentity",
    })
    return
  }
  if (textAt(values, ...collector, 'meshIdentity', 'serviceAccountName') === '')
    findings.push({
      kind: 'approximated',
      key: 'mesh.tracing.endpoint',
      message: `taken to run as ServiceAccount ${accountNamespace}/${serviceAccountName}`,
    })
  set({
    proxy: {tracing: {enabled, collector: {meshIdentity: {serviceAccountName, namespace: accountNamespace}}}},
  })
}

function textAt(values: Values, ...path: string[]): string {
  let at: unknown = values
  for (const key of path) at = isValues(at) && Object.hasOwn(at, key) ? at[key] : undefined
  return typeof at === 'string' ? at : ''
}
