import type {PodFacts, ServiceFacts, ServicePort} from '../../../intent/intent.ts'
import {opaquePortsAnnotation, own} from '../annotations.ts'

/**
 * How callers' proxies take a port of a Service. Only these two values of appProtocol are HTTP to Linkerd, and every
 * other one is opaque TCP, `grpc` and `https` among them (linkerd.io, protocol detection; policy-controller
 * core/src/outbound.rs, AppProtocol).
 */
export type PortKind =
  | {readonly kind: 'detected' | 'http1' | 'http2'}
  | {readonly kind: 'opaque'; /** Why: a clause. */ readonly because: string}

export function portKind(
  {port, appProtocol}: ServicePort,
  {annotations}: ServiceFacts,
  opaqueByDefault: string,
): PortKind {
  if (appProtocol !== undefined) {
    const known = appProtocols.get(appProtocol.toLowerCase())
    return known === undefined ? {kind: 'opaque', because: `its appProtocol is ${appProtocol}`} : {kind: known}
  }
  const written = own(annotations, opaquePortsAnnotation)
  if (!includesPort(written ?? opaqueByDefault, port)) return {kind: 'detected'}
  const because = written === undefined ? 'it is opaque by default' : `${opaquePortsAnnotation} names it`
  return {kind: 'opaque', because}
}

const appProtocols = new Map<string, 'http1' | 'http2'>([
  ['http', 'http1'],
  ['kubernetes.io/h2c', 'http2'],
])

/** True where a list such as `3306,8000-8080` has the port. */
export function includesPort(list: string, port: number): boolean {
  return list.split(',').some((item) => {
    const [, from = '', to = from] = /^\s*([0-9]{1,5})(?:-([0-9]{1,5}))?\s*$/.exec(item) ?? []
    return from !== '' && Number(from) <= port && port <= Number(to)
  })
}

/** TCP ports: a Server and a route know no others. */
export function tcpPorts({ports}: ServiceFacts): readonly ServicePort[] {
  return ports.filter(({protocol}) => protocol === 'TCP' || protocol === '')
}

/** The container ports that a target port stands for; a name may stand for several, or for none that is known. */
export function containerPorts(target: number | string, pods: readonly PodFacts[]): readonly number[] {
  if (typeof target === 'number') return [target]
  if (/^[0-9]+$/.test(target)) return [Number(target)]
  const found = pods.flatMap(({ports}) => ports.filter(({name}) => name === target).map(({port}) => port))
  return [...new Set(found)].sort((one, other) => one - other)
}

/** True where a pod's proxy takes its port as opaque, by the pod's own annotation or by default. */
export function opaqueContainerPort(port: number, pods: readonly PodFacts[], opaqueByDefault: string): boolean {
  return pods.some(({annotations}) => includesPort(own(annotations, opaquePortsAnnotation) ?? opaqueByDefault, port))
}
