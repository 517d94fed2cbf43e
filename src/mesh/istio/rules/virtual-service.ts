import type {
  Backend,
  Match,
  Retries,
  RetryCondition,
  Route,
  ServiceIntent,
  ServicePort,
} from '../../../intent/intent.ts'
import {retryConditions} from '../../../intent/intent.ts'
import type {KubeObject} from '../../pod.ts'
import type {Values} from '../../values.ts'
import {byText} from '../../text-order.ts'
import {istioDuration} from './durations.ts'
import type {Findings} from './findings.ts'
import {hostOf, isSame} from './hosts.ts'
import {kinds, objectOf} from './kinds.ts'
import {matchRequests} from './matches.ts'
import {sidesOf, spokenOn, type Sides} from './ports.ts'
import {covers, takesAll} from './reach.ts'
import type {RuleSettings} from './settings.ts'
import {subsetName, type SubsetNames} from './subset-names.ts'

/** What routes are made with. */
export interface Routing {
  readonly intent: ServiceIntent
  readonly names: SubsetNames
  readonly settings: RuleSettings
  readonly findings: Findings
}

/** What becomes of some requests. */
type Action = Pick<Route, 'matches' | 'backends' | 'timeout' | 'retries'>

/** Requests that no route matches would be answered with 404. */
const toTheService: Action = {matches: [], backends: []}

/** Routes of requests, first match first; what none matches gets the last one. */
export function httpVirtualService(routes: readonly Route[], routing: Routing): KubeObject {
  const reached: readonly Action[] = withoutUnreached(routes, routing.findings)
  const actions = reached.at(-1)?.matches.length === 0 ? reached : [...reached, toTheService]
  const seen = new Set<string>()
  const ports = portsOf(routing.intent, (sides) => sides.requests)
  return virtualService(routing, {
    http: ports.flatMap((port) => actions.flatMap((action) => httpRoute(action, port, seen, routing))),
  })
}

/** Shares of connections: there is one route, for all of them. */
export function tcpVirtualService({backends}: Route, routing: Routing): KubeObject {
  const ports = portsOf(routing.intent, ({requests, bytes}) => [
    ...requests.filter((port) => spokenOn(port) === 'detected'),
    ...bytes,
  ])
  return virtualService(routing, {
    tcp: ports.map((port) => ({
      ...(port !== undefined && {match: [{port}]}),
      route: destinations(backends, port, routing),
    })),
  })
}

function virtualService({intent: {service}, settings}: Routing, routes: Values): KubeObject {
  const hosts = [hostOf(service, settings.clusterDomain)]
  return objectOf(kinds.virtualService, service.namespace, service.name, {hosts, ...routes})
}

/** Where a Service has several ports, each has its own routes, which go on to that port. */
function portsOf(
  {facts}: ServiceIntent,
  choose: (sides: Sides) => readonly ServicePort[],
): readonly (number | undefined)[] {
  if (facts === undefined || facts.ports.length <= 1) return [undefined]
  const chosen = choose(sidesOf(facts)).map(({port}) => port)
  return chosen.toSorted((one, other) => one - other)
}

function httpRoute(action: Action, port: number | undefined, seen: Set<string>, routing: Routing): readonly Values[] {
  const {matches, backends} = action
  const onPort: Values = port === undefined ? {} : {port}
  const requests = matches
    .flatMap((match) => matchRequests(match, routing.findings))
    .map((request) => ({...onPort, ...request}))
    // The path /api of the prefix /api may be another match's already.
    .filter((request) => seen.size < seen.add(JSON.stringify(request)).size)
  if (matches.length > 0 && requests.length === 0) return []
  const match = matches.length === 0 && port !== undefined ? [onPort] : requests
  return [{...(match.length > 0 && {match}), route: destinations(backends, port, routing), ...limits(action, routing)}]
}

/** What an earlier match takes whole never gets to a later one; istiod warns of the plainest such cases. */
function withoutUnreached(routes: readonly Route[], findings: Findings): readonly Route[] {
  const before: Match[] = []
  const reached: Route[] = []
  for (const route of routes) {
    const everything = before.find(takesAll)
    const tell = ({origin: {place}}: Match, {origin}: Route | Match) =>
      findings.ignored('MW6107', route.feature, origin, `every request that it is for is taken by ${place}`)
    if (everything !== undefined) {
      tell(everything, route)
      continue
    }
    const matches = route.matches.filter((match) => {
      const earlier = before.find((one) => covers(one, match))
      if (earlier === undefined) before.push(match)
      else tell(earlier, match)
      return earlier === undefined
    })
    if (matches.some(takesAll)) reached.push({...route, matches: []})
    else if (route.matches.length === 0 || matches.length > 0) reached.push({...route, matches})
  }
  return reached
}

function destinations(backends: readonly Backend[], port: number | undefined, routing: Routing): readonly Values[] {
  const {service} = routing.intent
  const all: readonly Target[] = backends.length > 0 ? backends : [{service, weight: 100}]
  const byKey = new Map<string, {readonly destination: Values; readonly weight: number}>()
  for (const backend of all) {
    const destination = destinationOf(backend, port, routing)
    const key = JSON.stringify(destination)
    byKey.set(key, {destination, weight: (byKey.get(key)?.weight ?? 0) + backend.weight})
  }
  const sorted = [...byKey].toSorted(([one], [other]) => byText(one, other)).map(([, share]) => share)
  // One destination gets everything; a weight beside it is taken for a slip.
  return sorted.length === 1 ? sorted.map(({destination}) => ({destination})) : sorted
}

type Target = Pick<Backend, 'service' | 'subset' | 'port' | 'weight'>

/** Another service is asked on the port that its backend names, else on its only one, else on the same. */
function destinationOf({service, subset, port}: Target, own: number | undefined, routing: Routing): Values {
  const {intent, names, settings} = routing
  const isOwn = isSame(service, intent.service)
  const name = subset === undefined ? undefined : isOwn ? names.nameOf(subset) : subsetName(subset)
  const number = port ?? (isOwn ? own : undefined)
  return {
    host: hostOf(service, settings.clusterDomain),
    ...(name !== undefined && {subset: name}),
    ...(number !== undefined && {port: {number}}),
  }
}

/** Said always: where nothing is said, Istio tries twice more. */
const noRetries = {retries: {attempts: 0}} as const

function limits({timeout, retries}: Action, {intent}: Routing): Values {
  const {attempts = 0, perTryTimeout} = retries ?? {}
  if (retries === undefined || attempts === 0) {
    // One try: its limit is that of the call. Istio refuses a limit on tries where there are none.
    const limit = Math.min(timeout ?? Infinity, perTryTimeout ?? Infinity)
    return {...(limit !== Infinity && {timeout: istioDuration(limit)}), ...noRetries}
  }
  return {
    ...(timeout !== undefined && {timeout: istioDuration(timeout)}),
    retries: {
      attempts,
      ...(perTryTimeout !== undefined && {perTryTimeout: istioDuration(perTryTimeout)}),
      retryOn: retryOn(retries, intent.protocol === 'grpc'),
    },
  }
}

/** gRPC answers failures with HTTP 200 and a status of its own: these stand for 500, and for 502, 503 and 504. */
const grpcConditions: Partial<Record<RetryCondition, readonly string[]>> = {
  '5xx': ['internal', 'unavailable'],
  'gateway-error': ['unavailable'],
}

function retryOn({on}: Retries, grpc: boolean): string {
  const conditions = retryConditions.filter((condition) => on.includes(condition))
  const statuses = grpc ? conditions.flatMap((condition) => grpcConditions[condition] ?? []) : []
  return [...new Set<string>([...conditions, ...statuses])].join(',')
}
