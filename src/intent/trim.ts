import type {KubeObject, StringMap} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'
import type {PodFacts, ServicePort} from './intent.ts'

/** A Kubernetes Service as intents know it. */
export interface TrimmedService {
  readonly name: string
  readonly uid?: string
  /** Empty: it selects nothing. */
  readonly selector: StringMap
  readonly headless: boolean
  readonly annotations: StringMap
  readonly ports: readonly ServicePort[]
  readonly trafficDistribution?: string
  /** Of one that Meshwright made: the service that it made it for. */
  readonly managedFor?: string
}

const meshDomains = ['istio.io', 'linkerd.io', 'hashicorp.com', 'meshwright.dev']
const managedByLabel = 'app.kubernetes.io/managed-by'
const unitAnnotation = 'meshwright.dev/unit'

export function trimService(name: string, {metadata, spec}: KubeObject): TrimmedService {
  const own = isValues(spec) ? spec : {}
  const uid = metadata?.['uid']
  const unit = texts(metadata?.annotations)[unitAnnotation]?.split('/')[2]
  const managed = texts(metadata?.labels)[managedByLabel] === 'meshwright'
  const near = own['trafficDistribution']
  return {
    name,
    ...(typeof uid === 'string' ? {uid} : {}),
    selector: own['type'] === 'ExternalName' ? {} : texts(own['selector']),
    headless: own['clusterIP'] === 'None',
    annotations: ofMeshes(metadata?.annotations),
    ports: listed(own['ports']).flatMap((port) => servicePort(port) ?? []),
    ...(typeof near === 'string' ? {trafficDistribution: near} : {}),
    ...(managed ? {managedFor: unit ?? ''} : {}),
  }
}

function servicePort({name, port, targetPort, protocol, appProtocol}: Values): ServicePort | undefined {
  if (typeof port !== 'number') return undefined
  return {
    ...(typeof name === 'string' && name !== '' ? {name} : {}),
    port,
    targetPort: typeof targetPort === 'number' || typeof targetPort === 'string' ? targetPort : port,
    protocol: typeof protocol === 'string' ? protocol : 'TCP',
    ...(typeof appProtocol === 'string' ? {appProtocol} : {}),
  }
}

/** Undefined for a pod that has ended and gets no traffic any more. */
export function trimPod({metadata, spec, status}: KubeObject): PodFacts | undefined {
  const phase = isValues(status) ? status['phase'] : undefined
  if (phase === 'Succeeded' || phase === 'Failed') return undefined
  const own = isValues(spec) ? spec : {}
  const account = own['serviceAccountName'] ?? own['serviceAccount']
  // Init containers that stay, native sidecars, may be what a port's name leads to.
  const staying = listed(own['initContainers']).filter(({restartPolicy}) => restartPolicy === 'Always')
  const containers = [...listed(own['containers']), ...staying]
  return {
    labels: texts(metadata?.labels),
    annotations: ofMeshes(metadata?.annotations),
    serviceAccount: typeof account === 'string' && account !== '' ? account : 'default',
    ports: containers.flatMap(({ports}) =>
      listed(ports).flatMap(({name, containerPort, protocol}) => {
        if (typeof containerPort !== 'number' || (protocol ?? 'TCP') !== 'TCP') return []
        return [{...(typeof name === 'string' && name !== '' ? {name} : {}), port: containerPort}]
      }),
    ),
    probes: containers.flatMap((container) =>
      ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((key) => probe(container[key]) ?? []),
    ),
  }
}

function probe(value: unknown): {readonly path: string; readonly port: number | string} | undefined {
  const http = isValues(value) ? value['httpGet'] : undefined
  if (!isValues(http)) return undefined
  const {path, port} = http
  if (typeof port !== 'number' && typeof port !== 'string') return undefined
  return {path: typeof path === 'string' && path !== '' ? path : '/', port}
}

/** One ReferenceGrant: who may speak of which Services of its namespace. */
export interface TrimmedGrant {
  /** Kinds of ours that may, with the namespace they stand in. */
  readonly from: readonly {readonly kind: string; readonly namespace: string}[]
  /** Names of Services; absent: all of them. */
  readonly to: readonly (string | undefined)[]
}

export function trimGrant({spec}: KubeObject): TrimmedGrant {
  const own = isValues(spec) ? spec : {}
  return {
    from: listed(own['from']).flatMap(({group, kind, namespace}) =>
      group === 'meshwright.dev' && typeof kind === 'string' && typeof namespace === 'string'
        ? [{kind, namespace}]
        : [],
    ),
    to: listed(own['to']).flatMap(({group, kind, name}) =>
      (group ?? '') === '' && kind === 'Service' ? [typeof name === 'string' && name !== '' ? name : undefined] : [],
    ),
  }
}

/** Whether a ServiceProfile has anything that makes Linkerd's proxies heed it alone. */
export function hasRoutes({spec}: KubeObject): boolean {
  const own = isValues(spec) ? spec : {}
  return listed(own['routes']).length > 0 || listed(own['dstOverrides']).length > 0
}

export interface TrimmedNamespace {
  readonly labels: StringMap
  readonly annotations: StringMap
}

export function trimNamespace({metadata}: KubeObject): TrimmedNamespace {
  return {labels: texts(metadata?.labels), annotations: ofMeshes(metadata?.annotations)}
}

function listed(value: unknown): readonly Values[] {
  return Array.isArray(value) ? value.filter(isValues) : []
}

/** The texts of a map, in the order of their keys; `__proto__` is a key like any other. */
function texts(value: unknown): StringMap {
  if (!isValues(value)) return {}
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Annotations of a mesh's own prefixes, and ours: `config.linkerd.io/opaque-ports`. */
function ofMeshes(value: unknown): StringMap {
  const entries = Object.entries(texts(value)).filter(([key]) => {
    const domain = key.slice(0, key.indexOf('/'))
    return meshDomains.some((known) => domain === known || domain.endsWith(`.${known}`))
  })
  return Object.fromEntries(entries)
}
