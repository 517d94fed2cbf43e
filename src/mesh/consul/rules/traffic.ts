import type {Origin} from '../../../intent/origin.ts'
import type {Route, ServiceIntent, Traffic} from '../../../intent/intent.ts'
import type {Desired, Part} from '../../translation.ts'
import type {Values} from '../../values.ts'
import {named, owned, partOf} from '../../part.ts'
import {Findings} from './findings.ts'
import {entry, kinds} from './kinds.ts'
import {limitsOf, localRequestTimeout} from './limits.ts'
import {httpMatches} from './matches.ts'
import type {RuleSettings} from './settings.ts'
import {areAlike, sharesOf, splitter, type Destinations, type Share} from './splits.ts'
import {Subsets} from './subsets.ts'

export interface TrafficRules {
  readonly part: Part
  /** Milliseconds, for the service's ServiceDefaults; absent where Envoy's own limit does. */
  readonly localRequestTimeout?: number
}

/** Routes, splits and subsets of a service; undefined where its rule asks for none. */
export function trafficRules(
  intent: ServiceIntent,
  settings: RuleSettings,
  heldBack: boolean,
): TrafficRules | undefined {
  const {traffic, service, facts} = intent
  if (traffic === undefined) return undefined
  const {subsets: versions, routes, beyond, origin} = traffic
  if (versions.length + routes.length + beyond.length === 0) return undefined

  const findings = new Findings()
  const subsets = new Subsets(versions, facts, findings)
  const objects = routeObjects(routes, {service, subsets, settings, findings})
  checkSurroundings(intent, traffic, findings)
  if (heldBack && routes.length > 0) {
    const message = `the protocol of ${service.name} is held back with the rest of its ServiceDefaults`
    findings.refused('MW6371', routes[0]?.feature ?? 'split', origin, message)
  }
  const limit = localRequestTimeout(routes, findings)
  for (const {field, origin} of beyond) {
    findings.ignored('MW6370', 'istio-words', origin, `Consul has nothing for Istio's ${field}`)
  }
  return {
    part: partOf('traffic', originsOf(traffic), findings, objects),
    ...(limit !== undefined && !findings.refuses && {localRequestTimeout: limit}),
  }
}

/**
 * Resolver, splitters and router. A route has one destination in Consul, so shares other than those of all remaining
 * requests become a splitter under a name of their own; no Service has a name with a dot.
 */
function routeObjects(routes: readonly Route[], destinations: Destinations): readonly Desired[] {
  const {service, subsets, findings} = destinations
  const shared = routes.map((route) => ({route, shares: sharesOf(route, destinations)}))
  const last = shared.at(-1)
  const rest = last !== undefined && last.route.matches.length === 0 ? last.shares : []
  const isSplit = rest.length > 1
  const splitters = isSplit ? [splitter(service.name, rest, destinations, isSplit)] : []

  const entries = shared.flatMap(({route, shares}, index): readonly Values[] => {
    const isRest = index === shared.length - 1 && route.matches.length === 0
    const name = `${service.name}.route-${index + 1}`
    const isOwnSplitter = shares.length > 1 && !(isSplit && areAlike(shares, rest))
    if (isOwnSplitter) splitters.push(splitter(name, shares, destinations, isSplit))
    const target = isOwnSplitter ? {service: name} : shares.length > 1 ? {} : single(shares, isSplit, subsets)
    const destination = (): Values => ({...target, ...limitsOf(route)})
    const isBare = Object.keys(destination()).length === 0
    if (isRest && isBare) return []
    const matches = route.matches.length === 0 ? [{}] : route.matches.flatMap((match) => httpMatches(match, findings))
    return matches.map((match) => ({
      ...(Object.keys(match).length > 0 && {match}),
      ...(!isBare && {destination: destination()}),
    }))
  })

  const resolver = subsets.spec()
  return [
    ...(resolver === undefined
      ? []
      : named(entry(kinds.resolver, service.namespace, service.name, resolver), 'spec', 'subsets')),
    ...owned(...splitters),
    ...(entries.length === 0 ? [] : owned(entry(kinds.router, service.namespace, service.name, {routes: entries}))),
  ]
}

/** The one target of a route; all of a service that is split itself has a subset of its own. */
function single(shares: readonly Share[], isSplit: boolean, subsets: Subsets): Values {
  const target = shares[0]?.target ?? {}
  return Object.keys(target).length === 0 && isSplit ? {serviceSubset: subsets.everything()} : {...target}
}

function checkSurroundings({service, protocol, facts}: ServiceIntent, {routes}: Traffic, findings: Findings): void {
  const [first] = routes
  if (first === undefined) return
  if (protocol === 'tcp') {
    const message = `${service.name} speaks tcp, and Consul routes and splits http, http2 and grpc only`
    findings.refused('MW6303', first.feature, first.origin, message)
  }
  if (facts?.headless === true) {
    const message = `${service.name} is headless, so callers reach its pods past every route unless they dial ${service.name}.virtual.consul`
    findings.approximated('MW6311', first.feature, first.origin, message)
  }
  for (const {port, origin, service: backend} of routes.flatMap(({backends}) => backends)) {
    if (port === undefined || (facts?.ports.length === 1 && facts.ports[0]?.port === port)) continue
    const message = `Consul registers ${backend.name} with one port, and port ${port} is not asked for`
    findings.approximated('MW6310', 'split', origin, message)
  }
}

function originsOf({origin, subsets, routes, beyond}: Traffic): readonly Origin[] {
  const ofRoutes = routes.flatMap((route) => [
    route.origin,
    ...route.backends.map(({origin}) => origin),
    ...(route.retries === undefined ? [] : [route.retries.origin]),
  ])
  return [origin, ...subsets.map(({origin}) => origin), ...ofRoutes, ...beyond.map(({origin}) => origin)]
}
