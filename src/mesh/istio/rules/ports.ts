import type {ServiceFacts, ServiceIntent, ServicePort} from '../../../intent/intent.ts'

/** What Istio takes a port for; `detected`: it looks at the first bytes of each connection. */
export type Spoken = 'http' | 'http2' | 'grpc' | 'bytes' | 'detected'

const words = new Map<string, Spoken>([
  ['http', 'http'],
  ['http_proxy', 'http'],
  ['http2', 'http2'],
  ['grpc', 'grpc'],
  ...['tcp', 'https', 'tls', 'mongo', 'mysql', 'redis'].map((word): [string, Spoken] => [word, 'bytes']),
])
/** Words that Kubernetes itself has for appProtocol. */
const kubernetesWords = new Map<string, Spoken>([
  ['kubernetes.io/h2c', 'http2'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/wss', 'bytes'],
])
/** SMTP, DNS, MySQL, MongoDB: servers that speak first are not waited for. */
const neverDetected: ReadonlySet<number> = new Set([25, 53, 3306, 27017])

/** As pkg/config/kube ConvertProtocol: appProtocol, else the port's name up to its first dash. */
export function spokenOn({name = '', port, appProtocol}: ServicePort): Spoken {
  const said = appProtocol === undefined ? undefined : kubernetesWords.get(appProtocol)
  if (said !== undefined) return said
  const text = (appProtocol ?? name).toLowerCase()
  if (text.startsWith('grpc-web')) return 'grpc'
  return words.get(text.split('-', 1)[0] ?? '') ?? (neverDetected.has(port) ? 'bytes' : 'detected')
}

/** Ports that a sidecar proxies. */
export function proxiedPorts({ports}: ServiceFacts): readonly ServicePort[] {
  return ports.filter(({protocol}) => protocol !== 'UDP' && protocol !== 'SCTP')
}

/** Ports on which Istio sees requests, and those on which it sees bytes, as far as the Service is known. */
export interface Sides {
  readonly requests: readonly ServicePort[]
  readonly bytes: readonly ServicePort[]
}

export function sidesOf(facts: ServiceFacts): Sides {
  const ports = proxiedPorts(facts)
  return {
    requests: ports.filter((port) => spokenOn(port) !== 'bytes'),
    bytes: ports.filter((port) => spokenOn(port) === 'bytes'),
  }
}

/** True where requests are what the service is about, and Istio sees them (or nobody knows the Service). */
export function hasRequests({protocol, facts}: ServiceIntent): boolean {
  return protocol !== 'tcp' && (facts === undefined || sidesOf(facts).requests.length > 0)
}

/** `80 (http)` */
export function shownPort({name, port}: ServicePort): string {
  return name === undefined ? String(port) : `${port} (${name})`
}

/** Numbers in the pods that a port of the Service leads to; empty where no pod has a port of that name. */
export function targetsOf({targetPort}: ServicePort, {pods}: ServiceFacts): readonly number[] {
  if (typeof targetPort === 'number') return [targetPort]
  if (/^[0-9]{1,5}$/.test(targetPort)) return [Number(targetPort)]
  const found = pods.flatMap(({ports}) => ports.filter(({name}) => name === targetPort).map(({port}) => port))
  return [...new Set(found)].toSorted((one, other) => one - other)
}
