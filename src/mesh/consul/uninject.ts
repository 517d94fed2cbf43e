import type {Container, EnvVar, ObjectMeta, Pod, PodSpec, StringMap} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {Annotations} from './annotations.ts'
import {accessLogVolume, dataVolume, isInitName, isSidecarName, statusKey} from './keys.ts'
import {managedByKey, servicePortKey, writtenKeys} from './metadata.ts'
import {PodPorts} from './ports.ts'
import {probeNames} from './redirect.ts'
import {upstreamEnv} from './upstreams.ts'
import {userVolumes} from './user-volumes.ts'

const prometheusKeys = ['prometheus.io/scrape', 'prometheus.io/port', 'prometheus.io/path'] as const

/**
 * The pod without Consul's containers, volumes and metadata; the same object where it has none. Fields that the injector
 * overwrote (ports of probes, DNS, annotations) come back from the annotation in which it keeps the original pod.
 */
export function uninject(pod: Pod): Pod {
  const {containers, initContainers = []} = pod.spec
  if (![...containers, ...initContainers].some(injected)) return pod

  const annotations = new Annotations(pod.metadata.annotations)
  const original = readOriginal(annotations.get('original-pod'))
  const kept = containers.filter((container) => !injected(container))
  const keptInits = initContainers.filter((container) => !injected(container))
  const count = kept.length + keptInits.length
  const env = ['127.0.0.1', '::1'].map((loopback) => upstreamEnv(annotations, new PodPorts(kept), loopback, count))
  const restore = (container: Container) => restored(container, env, originalContainer(original, container.name))
  const volumes = (pod.spec.volumes ?? []).filter(keepsVolume(annotations, original))
  const {initContainers: _, volumes: __, ...rest} = pod.spec
  return {
    ...pod,
    metadata: originalMetadata(pod.metadata, original),
    spec: {
      ...originalDns(rest, original),
      containers: kept.map(restore),
      ...(keptInits.length > 0 && {initContainers: keptInits.map(restore)}),
      ...(volumes.length > 0 && {volumes}),
    },
  }
}

function injected({name}: Container): boolean {
  return isSidecarName(name) || isInitName(name)
}

function readOriginal(text: string | undefined): Values {
  if (text === undefined) return {}
  try {
    const original: unknown = JSON.parse(text)
    return isValues(original) ? original : {}
  } catch {
    return {}
  }
}

function part(values: Values, key: string): Values {
  const value = values[key]
  return isValues(value) ? value : {}
}

function originalContainer(original: Values, name: string): Values {
  const {containers} = part(original, 'spec')
  const found: unknown = Array.isArray(containers)
    ? containers.find((container) => isValues(container) && container['name'] === name)
    : undefined
  return isValues(found) ? found : {}
}

/** The volumes that are not the injector's: those of the pod's own, and any that it had before. */
function keepsVolume(annotations: Annotations, original: Values): (volume: {readonly name: string}) => boolean {
  const {volumes} = part(original, 'spec')
  const before = new Set(
    Array.isArray(volumes) ? volumes.map((volume) => (isValues(volume) ? volume['name'] : '')) : [],
  )
  const services = annotations.list('connect-service').map((service) => `${service}-service-account`)
  const added = new Set([dataVolume, accessLogVolume, ...services, ...userVolumes(annotations).map(({name}) => name)])
  return ({name}) => before.has(name) || !added.has(name)
}

function restored(container: Container, upstreams: readonly (readonly EnvVar[])[], original: Values): Container {
  const {env, volumeMounts, ...rest} = container
  const mounts = volumeMounts?.filter(({name}) => name !== dataVolume)
  const variables = upstreams.reduce<readonly EnvVar[]>(withoutTail, env ?? [])
  const probes = probeNames.flatMap((name) => {
    const probe = container[name]
    const port = part(part(original, name), 'httpGet')['port']
    if (probe?.httpGet === undefined || (typeof port !== 'number' && typeof port !== 'string')) return []
    return [[name, {...probe, httpGet: {...probe.httpGet, port}}] as const]
  })
  return {
    ...rest,
    ...(variables.length > 0 && {env: variables}),
    ...(mounts !== undefined && mounts.length > 0 && {volumeMounts: mounts}),
    ...Object.fromEntries(probes),
  }
}

/** The injector appends its variables, so they are looked for at the end only. */
function withoutTail(env: readonly EnvVar[], added: readonly EnvVar[]): readonly EnvVar[] {
  const start = env.length - added.length
  const matches =
    start >= 0 && added.every(({name, value}, i) => env[start + i]?.name === name && env[start + i]?.value === value)
  return matches ? env.slice(0, start) : env
}

function originalDns(spec: Omit<PodSpec, 'containers'>, original: Values): Omit<PodSpec, 'containers'> {
  const before = part(original, 'spec')
  // Where the pod had a dnsConfig of its own, the injector either left it alone or refused the pod.
  if (spec.dnsPolicy !== 'None' || isValues(before['dnsConfig'])) return spec
  const {dnsPolicy: _, dnsConfig: __, ...rest} = spec
  return typeof before['dnsPolicy'] === 'string' ? {...rest, dnsPolicy: before['dnsPolicy']} : rest
}

function originalMetadata(metadata: ObjectMeta, original: Values): ObjectMeta {
  const before = part(original, 'metadata')
  const known = isValues(original['metadata'])
  const {annotations: _, labels: __, ...rest} = metadata
  const keys = known ? [...writtenKeys, servicePortKey, ...prometheusKeys] : writtenKeys
  const annotations = undone(metadata.annotations, keys, part(before, 'annotations'))
  const labels = undone(metadata.labels, [statusKey, managedByKey], part(before, 'labels'))
  return {
    ...rest,
    ...(Object.keys(annotations).length > 0 && {annotations}),
    ...(Object.keys(labels).length > 0 && {labels}),
  }
}

/** `map` with the value that each of `keys` had before, or without the key where it had none. */
function undone(map: StringMap | undefined, keys: readonly string[], before: Values): StringMap {
  const entries = new Map(Object.entries(map ?? {}))
  for (const key of keys) {
    const value = Object.hasOwn(before, key) ? before[key] : undefined
    if (typeof value === 'string') entries.set(key, value)
    else entries.delete(key)
  }
  return Object.fromEntries(entries)
}
