import type {Container, Json, Pod, Probe, StringMap, Volume} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {findInPod} from './draft.ts'
import {metricsPort} from './envoy/listeners.ts'
import {bootstrapOption} from './envoy/template.ts'
import {prometheusPort, withoutPrometheus} from './metrics.ts'
import {initName, proxyName, validationName} from './names.ts'
import {objectOf, textOf, type ProtoJson} from './proto.ts'

const sidecarNames: ReadonlySet<string> = new Set([proxyName, initName, validationName])
const sidecarVolumes: ReadonlySet<string> = new Set([
  'credential-socket',
  'custom-bootstrap-volume',
  'gke-workload-certificate',
  'istio-ca-crl',
  'istio-certs',
  'istio-data',
  'istio-envoy',
  'istio-podinfo',
  'istio-token',
  'istio-xds',
  'istiod-ca-cert',
  'lightstep-certs',
  'workload-certs',
  'workload-socket',
])
const sidecarLabels: ReadonlySet<string> = new Set([
  'networking.istio.io/tunnel',
  'security.istio.io/tlsMode',
  'service.istio.io/canonical-name',
  'service.istio.io/canonical-revision',
])
const injectedArguments: ReadonlySet<string> = new Set(['proxy', 'istio-iptables', bootstrapOption])
/** Where Prometheus is sent to: to the agent, or to a bare Envoy. */
const metricsPorts: ReadonlySet<string> = new Set(['15020', String(metricsPort)])
const grpcVariables: ReadonlySet<string> = new Set(['GRPC_XDS_BOOTSTRAP', 'GRPC_XDS_EXPERIMENTAL_SECURITY_SUPPORT'])

/** True where a container runs Istio's agent, its capture or a bare Envoy; a user's own istio-proxy alone has none. */
export function carriesSidecar({spec}: Pod): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(
    ({name, args = []}) => sidecarNames.has(name) && injectedArguments.has(args[0] ?? ''),
  )
}

/**
 * The pod as it was before injection, as far as that can be told: its probes and scrape annotations are in the proxy's
 * environment. A gateway is nothing but its proxy and stays as it is.
 */
export function withoutSidecar(pod: Pod): Pod {
  if (!carriesSidecar(pod)) return pod
  const {metadata, spec} = pod
  const containers = spec.containers.filter(({name}) => !sidecarNames.has(name))
  if (containers.length === 0) return pod
  const initContainers = (spec.initContainers ?? []).filter(({name}) => !sidecarNames.has(name))
  const proxy = findInPod({containers: spec.containers, initContainers: spec.initContainers ?? []}, proxyName)
  const probers = objectOf(variable(proxy, 'ISTIO_KUBE_APP_PROBERS')) ?? {}
  const status = objectOf(parsed(own(metadata.annotations, keys.status))) ?? {}
  const dropped = droppedVolumes(spec.volumes ?? [], [...containers, ...initContainers], texts(status['volumes']))
  const secrets = texts(status['imagePullSecrets'])
  const restore = (container: Container) => restored(container, probers, dropped)
  const {initContainers: _, volumes: __, imagePullSecrets: ___, ...rest} = spec
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...map('labels', metadata.labels, (labels) => without(labels, (key) => sidecarLabels.has(key))),
      ...map('annotations', metadata.annotations, (annotations) => plainAnnotations(annotations, proxy, containers)),
    },
    spec: {
      ...rest,
      containers: containers.map(restore),
      ...list('initContainers', initContainers.map(restore)),
      ...list(
        'volumes',
        (spec.volumes ?? []).filter(({name}) => !dropped.has(name)),
      ),
      ...list(
        'imagePullSecrets',
        (spec.imagePullSecrets ?? []).filter((secret) => !secrets.includes(String(secret['name']))),
      ),
    },
  }
}

/** What the status names besides Istio's own volumes goes only where nobody else mounts it, for a tenant may write there. */
function droppedVolumes(
  volumes: readonly Volume[],
  containers: readonly Container[],
  named: readonly string[],
): ReadonlySet<string> {
  const mounted = new Set(containers.flatMap(({volumeMounts = []}) => volumeMounts.map(({name}) => name)))
  const names = volumes.map(({name}) => name)
  return new Set(names.filter((name) => sidecarVolumes.has(name) || (named.includes(name) && !mounted.has(name))))
}

function restored(container: Container, probers: ProtoJson, dropped: ReadonlySet<string>): Container {
  const {env, volumeMounts, readinessProbe, livenessProbe, startupProbe, lifecycle} = container
  const probe = (name: string, before: Probe | undefined) => {
    const after = before === undefined ? undefined : original(before, probers)
    return after === undefined || after === before ? {} : {[name]: after}
  }
  const hooks = {...probe('preStop', lifecycle?.preStop), ...probe('postStart', lifecycle?.postStart)}
  const mounts = volumeMounts?.filter(({name}) => !dropped.has(name))
  const variables = env?.filter(({name}) => !grpcVariables.has(name))
  const changes = {
    ...probe('readinessProbe', readinessProbe),
    ...probe('livenessProbe', livenessProbe),
    ...probe('startupProbe', startupProbe),
    ...(Object.keys(hooks).length === 0 ? {} : {lifecycle: {...lifecycle, ...hooks}}),
    ...(mounts === undefined || mounts.length === volumeMounts?.length ? {} : {volumeMounts: mounts}),
    ...(variables === undefined || variables.length === env?.length ? {} : {env: variables}),
  }
  return Object.keys(changes).length === 0 ? container : {...container, ...changes}
}

/** The probe as the agent was told to make it. */
function original(probe: Probe, probers: ProtoJson): Probe {
  const path = probe.httpGet?.path
  const known = path !== undefined && Object.hasOwn(probers, path) ? objectOf(probers[path]) : undefined
  if (known === undefined) return probe
  const {httpGet: _, ...rest} = probe
  const {timeoutSeconds: __, ...handler} = known
  return {...rest, ...handler}
}

function plainAnnotations(
  annotations: StringMap,
  proxy: Container | undefined,
  containers: readonly Container[],
): StringMap {
  const first = containers[0]?.name
  const kept = without(annotations, (key, value) => {
    if (key === keys.status || key === keys.revision || key === keys.overrides) return true
    return (key === keys.defaultContainer || key === keys.defaultLogsContainer) && value === first
  })
  const merged = metricsPorts.has(prometheusPort(kept) ?? '') && own(kept, 'prometheus.io/path') === '/stats/prometheus'
  if (!merged) return kept
  const scrape = objectOf(variable(proxy, 'ISTIO_PROMETHEUS_ANNOTATIONS')) ?? {}
  const written = (['scrape', 'path', 'port'] as const).flatMap((name) => {
    const value = textOf(scrape[name]) ?? ''
    return value === '' ? [] : [[`prometheus.io/${name}`, value] as const]
  })
  return {...withoutPrometheus(kept), ...Object.fromEntries(written)}
}

function variable(proxy: Container | undefined, wanted: string): Json | undefined {
  return parsed(proxy?.env?.find(({name}) => name === wanted)?.value)
}

function parsed(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function without(entries: StringMap, unwanted: (key: string, value: string) => boolean): StringMap {
  return Object.fromEntries(Object.entries(entries).filter(([key, value]) => !unwanted(key, value)))
}

function map(name: string, entries: StringMap | undefined, change: (entries: StringMap) => StringMap): object {
  return entries === undefined ? {} : {[name]: change(entries)}
}

function list(name: string, items: readonly unknown[]): {readonly [name: string]: readonly unknown[]} {
  return items.length === 0 ? {} : {[name]: items}
}
