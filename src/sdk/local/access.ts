import type {Access, AccessRule, Peer, ServiceName} from '../../intent/intent.ts'

/** A request, and who sent it as far as anybody knows. */
export interface Asked {
  readonly caller: ServiceName | undefined
  readonly method: string
  /** Without its query. */
  readonly path: string
}

/**
 * Whether a request may pass, as Istio, Linkerd and Consul are told to decide: a DENY rule that fits turns it away; where
 * there are ALLOW rules one of them must fit.
 */
export function isAllowed({rules}: Access, asked: Asked): boolean {
  const fitting = rules.filter((rule) => fits(rule, asked))
  if (fitting.some(({action}) => action === 'DENY')) return false
  return fitting.length > 0 || !rules.some(({action}) => action === 'ALLOW')
}

function fits({from, methods, paths}: AccessRule, {caller, method, path}: Asked): boolean {
  if (methods.length > 0 && !methods.includes(method)) return false
  if (paths.length > 0 && !paths.some((pattern) => fitsPath(pattern, path))) return false
  return from.length === 0 || (caller !== undefined && from.some((peer) => is(peer, caller)))
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

function is(peer: Peer, {namespace, name}: ServiceName): boolean {
  if (peer.kind === 'namespace') return peer.namespace === namespace
  return peer.service.namespace === namespace && peer.service.name === name
}
