import type {Match, Route, ServicePort} from '../../../intent/intent.ts'
import type {Feature} from '../../../intent/features.ts'
import type {StringMap} from '../../pod.ts'
import type {Desired} from '../../translation.ts'
import {linkerdDuration, routeDuration} from './duration.ts'
import type {Findings} from './findings.ts'
import {grpcRouteKind, httpRouteKind, objectOf} from './kinds.ts'
import {arrange, grpcRanking, httpRanking, type RankedMatch} from './precedence.ts'
import {everyRequest, isRootOfPrefix, type RequestMatch} from './request-match.ts'
import {retryAnnotations, retryPrefix} from './retry-annotations.ts'
import {backendRefs, type BackendScope} from './route-backends.ts'
import {grpcForm, grpcMatch, httpMatch, sayableMatches} from './route-match.ts'

const mostRules = 16
const mostMatchesOfRule = 64
const mostMatches = 128
const timeoutPrefix = 'timeout.linkerd.io/'

/** Callers of one port; without one, callers of every port, whose requests stay where they were sent. */
export interface RouteParent extends BackendScope {
  readonly port: ServicePort | undefined
  readonly kind: 'http' | 'grpc'
}

/** The matches of each route, once for all ports; undefined with a refusal where one cannot be said. */
export function routeMatches(
  routes: readonly Route[],
  findings: Findings,
): readonly (readonly RequestMatch[])[] | undefined {
  const said = routes.map(({matches}) =>
    matches.length === 0 ? [[everyRequest]] : matches.map((match) => sayableMatches(match, findings)),
  )
  if (said.some((matches) => matches.includes(undefined))) return undefined
  return said.map((matches) => matches.flatMap((match) => match ?? []))
}

/** True where services and methods of gRPC say every match: `/shop.Orders` alone, the root of a prefix, is no call. */
export function grpcSayable(matches: readonly (readonly RequestMatch[])[]): boolean {
  return matches.every((own) => own.every((match) => grpcForm(match) !== undefined || isRootOfPrefix(match, own)))
}

/**
 * The route objects of a service for callers of one of its ports. Retries, and timeouts of gRPC, are annotations of a
 * whole object, so that routes that differ in them need several.
 */
export function routeObjects(
  routes: readonly Route[],
  matches: readonly (readonly RequestMatch[])[],
  parent: RouteParent,
  findings: Findings,
): readonly Desired[] {
  const grouped = groups(routes, parent, findings)
  const ranked: RankedMatch[] = []
  const routeOf: number[] = []
  for (const [index, own] of matches.entries()) {
    for (const match of own) {
      const said = parent.kind === 'grpc' ? grpcForm(match) : match
      if (said === undefined) continue
      ranked.push({match: said, order: routeOf.length, object: grouped.objectOf(index)})
      routeOf.push(index)
    }
  }
  const arranged = arrange(ranked, parent.kind === 'grpc' ? grpcRanking : httpRanking)
  if (!arranged.ok) {
    const [one, other] = arranged.orders.map((order) => routes[routeOf[order] ?? 0])
    if (one !== undefined && other !== undefined) refuseOrder(arranged.reason, one, other, findings)
    return []
  }
  const byRoute = new Map<number, RequestMatch[]>()
  for (const {match, order} of arranged.matches) {
    const index = routeOf[order] ?? 0
    byRoute.set(index, [...(byRoute.get(index) ?? []), match])
  }
  return grouped.objects.flatMap(({annotations, members}, at) => {
    const rules = members.flatMap((index) => {
      const route = routes[index]
      const own = byRoute.get(index)
      return route === undefined || own === undefined ? [] : rulesOf(route, own, parent, findings)
    })
    if (rules.length === 0) return []
    const [first] = members.map((index) => routes[index])
    const count = rules.reduce((sum, {matches: own}) => sum + (own?.length ?? 1), 0)
    if (first !== undefined && (rules.length > mostRules || count > mostMatches))
      findings.refused(
        'MW6211',
        matchFeature(first),
        first.origin,
        `its routes become ${rules.length} rules with ${count} matches, and an object holds ${mostRules} with ${mostMatches}`,
      )
    return [routeObject(parent, at, rules, annotations)]
  })
}

interface Rule {
  readonly matches?: readonly object[]
  readonly backendRefs?: readonly object[]
  readonly timeouts?: {readonly request: string}
}

function routeObject(parent: RouteParent, at: number, rules: readonly Rule[], annotations: StringMap): Desired {
  const {service, port, kind} = parent
  const parentRef = {group: '', kind: 'Service', name: service.name, ...(port !== undefined && {port: port.port})}
  // A dot, which no name of a Service has, keeps `a` with port 80 and `a-80` apart.
  const name = [service.name, ...(port === undefined ? [] : [port.port]), ...(at === 0 ? [] : [at + 1])].join('.')
  const spec = {parentRefs: [parentRef], rules}
  const resource = kind === 'grpc' ? grpcRouteKind : httpRouteKind
  return {object: objectOf(resource, service.namespace, name, spec, annotations), mode: 'own'}
}

function rulesOf(
  route: Route,
  matches: readonly RequestMatch[],
  parent: RouteParent,
  findings: Findings,
): readonly Rule[] {
  const said = matches.map(parent.kind === 'grpc' ? grpcMatch : httpMatch)
  if (said.includes(undefined))
    findings.refused('MW6211', matchFeature(route), route.origin, 'the path of a match grows beyond 1024 characters')
  const whole = said.filter((match) => match !== undefined)
  const rest = {
    ...(parent.port !== undefined && {backendRefs: backendRefs(route.backends, parent.port, parent, findings)}),
    ...(parent.kind === 'http' &&
      route.timeout !== undefined && {timeouts: {request: routeTimeout(route.timeout, route, parent, findings)}}),
  }
  // An empty match of a GRPCRoute is every call, and so is none at all.
  if (whole.some((match) => Object.keys(match).length === 0)) return [rest]
  const rules: Rule[] = []
  for (let from = 0; from < whole.length; from += mostMatchesOfRule)
    rules.push({matches: whole.slice(from, from + mostMatchesOfRule), ...rest})
  return rules
}

function routeTimeout(milliseconds: number, {origin}: Route, {facts}: RouteParent, findings: Findings): string {
  const {text, rounded} = routeDuration(milliseconds)
  if (rounded) findings.approximated('MW6214', 'timeout', origin, `${milliseconds}ms becomes ${text}`)
  overridden(['response', 'idle'], origin, facts?.annotations ?? {}, findings)
  return text
}

/** Any timeout of a route puts all of the Service's out of force. */
function overridden(
  kinds: readonly string[],
  origin: Route['origin'],
  annotations: StringMap,
  findings: Findings,
): void {
  for (const kind of kinds) {
    const key = timeoutPrefix + kind
    if (Object.hasOwn(annotations, key))
      findings.approximated('MW6215', 'timeout', origin, `the Service's own ${key} no longer counts`)
  }
}

interface Groups {
  objectOf(route: number): string
  readonly objects: readonly {readonly annotations: StringMap; readonly members: readonly number[]}[]
}

function groups(routes: readonly Route[], parent: RouteParent, findings: Findings): Groups {
  const groups = new Map<string, {readonly annotations: StringMap; readonly members: number[]}>()
  for (const [index, route] of routes.entries()) {
    const annotations = annotationsOf(route, parent, findings)
    const key = JSON.stringify(annotations)
    const group = groups.get(key) ?? {annotations, members: []}
    group.members.push(index)
    groups.set(key, group)
  }
  const objects = [...groups.values()].flatMap(({annotations, members}) => {
    const parts: {readonly annotations: StringMap; readonly members: readonly number[]}[] = []
    for (let from = 0; from < members.length; from += mostRules)
      parts.push({annotations, members: members.slice(from, from + mostRules)})
    return parts
  })
  return {objects, objectOf: (route) => String(objects.findIndex(({members}) => members.includes(route)))}
}

function annotationsOf(route: Route, {kind, facts}: RouteParent, findings: Findings): StringMap {
  const {retries, timeout, origin} = route
  const service = facts?.annotations ?? {}
  if (retries?.attempts === 0) {
    const own = Object.keys(service).find((key) => key.startsWith(retryPrefix))
    if (own !== undefined)
      findings.refused(
        'MW6215',
        'retries',
        retries.origin,
        `the Service's own ${own} would still hold: a route cannot say no retries`,
      )
  }
  const timed = kind === 'grpc' && timeout !== undefined
  if (timed) overridden(['response', 'idle'], origin, service, findings)
  return {
    ...(retries !== undefined && retryAnnotations(retries, kind, findings)),
    ...(timed && {[`${timeoutPrefix}request`]: linkerdDuration(timeout)}),
  }
}

function refuseOrder(reason: 'unsayable' | 'too-many', one: Route, other: Route, findings: Findings): void {
  if (reason === 'too-many')
    findings.refused(
      'MW6211',
      matchFeature(one),
      one.origin,
      'its routes overlap in so many ways that no object holds the matches',
    )
  else
    findings.refused(
      'MW6210',
      matchFeature(other),
      other.origin,
      `requests that ${one.origin.place} matches as well would go to this later route, which is more specific, and no match says which they are`,
    )
}

/** The word of the route that weighs most where its matches are the trouble. */
function matchFeature({matches, feature}: Route): Feature {
  const asks = (test: (match: Match) => boolean) => matches.some(test)
  if (asks(({path}) => path?.kind === 'regex')) return 'route-path-regex'
  if (asks(({headers}) => headers.some(({kind}) => kind === 'regex'))) return 'route-header-regex'
  if (asks(({path}) => path?.kind === 'prefix' || path?.kind === 'text-prefix')) return 'route-path-prefix'
  if (asks(({path}) => path?.kind === 'exact')) return 'route-path-exact'
  if (asks(({headers}) => headers.length > 0)) return 'route-header'
  return asks(({method}) => method !== undefined) ? 'route-method' : feature
}
