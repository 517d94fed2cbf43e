import type {KubeObject} from '../../pod.ts'
import {isValues, type Values} from '../../values.ts'

/** For tests: how Linkerd's proxies take a request (linkerd2-proxy, linkerd/http/route/src). */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The rule that a proxy takes, with its object; undefined where it would answer 404. Throws where the age of two objects
 * would decide, which nobody can rely on.
 */
export function findRule(
  routes: readonly KubeObject[],
  request: Request,
): {readonly route: KubeObject; readonly rule: Values} | undefined {
  let best: {readonly route: KubeObject; readonly rule: Values; readonly rank: readonly number[]} | undefined
  let tied = false
  for (const route of routes) {
    for (const rule of maps(field(route['spec'], 'rules'))) {
      const written = maps(rule['matches'])
      const ranks = (written.length === 0 ? [{}] : written).map((match) =>
        rankOf(match, request, route.kind === 'GRPCRoute'),
      )
      const rank = ranks.filter((one) => one !== undefined).toSorted((one, other) => compare(other, one))[0]
      if (rank === undefined) continue
      const difference = best === undefined ? 1 : compare(rank, best.rank)
      if (difference > 0) tied = false
      if (difference === 0 && best?.route !== route) tied = true
      if (difference > 0) best = {route, rule, rank}
    }
  }
  if (tied) throw new Error(`two objects match ${JSON.stringify(request)} alike`)
  return best
}

/** Who calls: its identity, or nobody that a proxy knows. */
export type Caller = {readonly namespace: string; readonly account: string} | 'unmeshed'

/** What the proxy of a pod answers on a Server's port; the objects are those of one service. */
export function authorize(
  desired: readonly KubeObject[],
  server: string,
  request: Request,
  caller: Caller,
): 200 | 403 | 404 {
  const found = desired.find(({kind, metadata}) => kind === 'Server' && metadata?.name === server)
  if (found === undefined) return 200
  if (field(found['spec'], 'accessPolicy') === 'all-authenticated' && caller !== 'unmeshed') return 200
  if (allows(desired, 'Server', server, caller)) return 200
  const routes = desired.filter(
    (object) =>
      object.kind === 'HTTPRoute' && maps(field(object['spec'], 'parentRefs')).some(({name}) => name === server),
  )
  if (routes.length === 0) return 403
  const taken = findRule(routes, request)
  if (taken === undefined) return 404
  return allows(desired, 'HTTPRoute', taken.route.metadata?.name ?? '', caller) ? 200 : 403
}

function allows(desired: readonly KubeObject[], kind: string, name: string, caller: Caller): boolean {
  return desired.some((policy) => {
    const target = field(policy['spec'], 'targetRef')
    if (policy.kind !== 'AuthorizationPolicy' || field(target, 'kind') !== kind || field(target, 'name') !== name)
      return false
    return maps(field(policy['spec'], 'requiredAuthenticationRefs')).every((ref) => {
      const authentication = desired.find((one) => one.kind === ref['kind'] && one.metadata?.name === ref['name'])
      return authentication !== undefined && authenticates(authentication, caller)
    })
  })
}

function authenticates({kind, spec}: KubeObject, caller: Caller): boolean {
  // Its networks are every network here.
  if (kind === 'NetworkAuthentication') return true
  if (caller === 'unmeshed') return false
  const identities = field(spec, 'identities')
  if (Array.isArray(identities)) return identities.includes('*')
  return maps(field(spec, 'identityRefs')).some(({kind: of, name, namespace}) =>
    of === 'Namespace' ? name === caller.namespace : name === caller.account && namespace === caller.namespace,
  )
}

/** Path, method, headers; for gRPC service, method, headers. */
function rankOf(match: Values, request: Request, grpc: boolean): readonly number[] | undefined {
  const headers = maps(match['headers'])
  const held = headers.every(({name, type, value}) => {
    const own = request.headers[String(name)]
    return own !== undefined && (type === 'Exact' ? own === value : wholly(String(value), own))
  })
  if (!held) return undefined
  if (grpc) {
    const [, service = '', method = ''] = request.path.split('/')
    const wanted = match['method']
    const ofService = field(wanted, 'service')
    const ofMethod = field(wanted, 'method')
    if (request.method !== 'POST' || (ofService ?? service) !== service || (ofMethod ?? method) !== method)
      return undefined
    return [ofService === undefined ? 0 : service.length, ofMethod === undefined ? 0 : method.length, headers.length]
  }
  const {method} = match
  if (method !== undefined && method !== request.method) return undefined
  const path = pathRank(match['path'], request.path)
  return path === undefined ? undefined : [path, method === undefined ? 0 : 1, headers.length]
}

function pathRank(match: unknown, path: string): number | undefined {
  const written = field(match, 'value')
  const value = typeof written === 'string' ? written : '/'
  switch (field(match, 'type') ?? 'PathPrefix') {
    case 'Exact':
      return value === path ? path.length : undefined
    case 'RegularExpression':
      return wholly(value, path) ? path.length : undefined
    default:
      // The only prefix that is ever written.
      if (value !== '/') throw new Error(`PathPrefix ${value}`)
      return 1
  }
}

/** The first match, and then whether it is all of the text. */
function wholly(regex: string, text: string): boolean {
  return new RegExp(regex).exec(text)?.[0] === text
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, value] of one.entries()) {
    const difference = value - (other[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function field(value: unknown, key: string): unknown {
  return isValues(value) ? value[key] : undefined
}

function maps(value: unknown): readonly Values[] {
  return Array.isArray(value) ? value.filter(isValues) : []
}
