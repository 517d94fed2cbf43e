import type {Route, ServiceIntent, Traffic} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {KubeObject} from '../../pod.ts'
import type {Part} from '../../translation.ts'
import {named, owned, partOf} from '../../part.ts'
import {clientTLS, destinationRule} from './destination-rule.ts'
import {Findings} from './findings.ts'
import {isSame} from './hosts.ts'
import {ownDestinationRule, ownVirtualService} from './own-words.ts'
import {proxiedPorts, shownPort, sidesOf, spokenOn} from './ports.ts'
import type {RuleSettings} from './settings.ts'
import {subsetNames} from './subset-names.ts'
import {httpVirtualService, tcpVirtualService, type Routing} from './virtual-service.ts'

/** A service's versions, routes and breaker: one DestinationRule, one VirtualService. */
export function trafficPart(intent: ServiceIntent, settings: RuleSettings): Part | undefined {
  const {traffic, service, mutualTLS} = intent
  const findings = new Findings()
  const names = subsetNames((traffic?.subsets ?? []).map(({name}) => name))
  const tls = clientTLS(intent, settings)
  if (traffic === undefined) {
    const rule = destinationRule(intent, names, settings, findings)
    return rule === undefined || mutualTLS === undefined
      ? undefined
      : partOf('traffic', [mutualTLS.origin], findings, owned(rule))
  }
  const wording = {home: settings.home, service, names, settings, tls}
  checkHeadless(intent, traffic, settings, findings)
  const {destinationRule: ownRule, virtualService: ownRoutes} = traffic.istio ?? {}
  const rule =
    ownRule === undefined ? destinationRule(intent, names, settings, findings) : ownDestinationRule(ownRule, wording)
  const routes =
    ownRoutes === undefined
      ? routesOf(traffic.routes, {intent, names, settings, findings})
      : ownVirtualService(ownRoutes, wording)
  const objects = [
    ...(rule === undefined ? [] : named(rule, 'spec', 'subsets')),
    ...(routes === undefined ? [] : owned(routes)),
  ]
  const origins = [...originsOf(traffic), ...(tls !== undefined && mutualTLS !== undefined ? [mutualTLS.origin] : [])]
  return partOf('traffic', origins, findings, objects)
}

function originsOf({origin, subsets, routes, breaker}: Traffic): readonly Origin[] {
  return [
    origin,
    ...subsets.map((subset) => subset.origin),
    ...routes.map((route) => route.origin),
    ...(breaker === undefined ? [] : [breaker.origin]),
  ]
}

function routesOf(routes: readonly Route[], routing: Routing): KubeObject | undefined {
  const [first, ...others] = routes
  if (first === undefined) return undefined
  checkSubsets(routes, routing)
  const {intent, findings} = routing
  if (intent.protocol !== 'tcp') {
    checkPorts(routes, routing)
    return httpVirtualService(routes, routing)
  }
  const last = others.at(-1) ?? first
  for (const route of routes) {
    const about = aboutRequests(route)
    if (about === undefined) continue
    const message = `${intent.service.name} speaks TCP: ${about} are of requests, and there are none`
    findings.refused(
      'MW6111',
      about === 'timeouts' ? 'timeout' : about === 'tries' ? 'retries' : route.feature,
      route.origin,
      message,
    )
  }
  checkBytes(last, routing)
  // All of it would go to the service anyway: there is nothing to share.
  return last.backends.length === 0 ? undefined : tcpVirtualService(last, routing)
}

function aboutRequests({matches, timeout, retries}: Route): 'matches' | 'timeouts' | 'tries' | undefined {
  if (matches.length > 0) return 'matches'
  if (timeout !== undefined) return 'timeouts'
  return retries !== undefined && retries.attempts > 0 ? 'tries' : undefined
}

/** A route to a subset that the DestinationRule lacks would answer 503. */
function checkSubsets(routes: readonly Route[], {intent, names, findings}: Routing): void {
  for (const {backends, feature} of routes) {
    for (const {service, subset, origin} of backends) {
      if (subset === undefined || !isSame(service, intent.service) || names.nameOf(subset) !== undefined) continue
      findings.refused(
        'MW6110',
        feature,
        origin,
        `version ${subset} of ${service.name} has no labels to find its pods by`,
      )
    }
  }
}

/** Routes of requests reach the ports on which Istio sees requests. */
function checkPorts(routes: readonly Route[], {intent: {facts, service}, findings}: Routing): void {
  const [first] = routes
  if (facts === undefined || first === undefined || proxiedPorts(facts).length === 0) return
  const {requests, bytes} = sidesOf(facts)
  const ports = bytes.map(shownPort).join(', ')
  if (requests.length === 0) {
    const message = `Istio takes every port of Service ${service.name} for bytes: ${ports}`
    findings.refused('MW6104', first.feature, first.origin, message)
  } else if (bytes.length > 0) {
    const message = `Istio takes a port of Service ${service.name} for bytes, where no route holds: ${ports}`
    findings.approximated('MW6105', first.feature, first.origin, message)
  }
}

/** Shares of connections hold on the ports that Istio takes for bytes. */
function checkBytes({feature, origin}: Route, {intent: {facts, service}, findings}: Routing): void {
  if (facts === undefined || proxiedPorts(facts).length === 0) return
  const {requests, bytes} = sidesOf(facts)
  const detected = requests.filter((port) => spokenOn(port) === 'detected')
  const http = requests.filter((port) => spokenOn(port) !== 'detected')
  const ports = http.map(shownPort).join(', ')
  if (bytes.length + detected.length === 0) {
    const message = `Istio takes every port of Service ${service.name} for HTTP, and it speaks TCP: ${ports}`
    findings.refused('MW6104', feature, origin, message)
  } else if (http.length > 0) {
    const message = `Istio takes a port of Service ${service.name} for HTTP, where no share of connections holds: ${ports}`
    findings.approximated('MW6105', feature, origin, message)
  }
  if (detected.length > 0) {
    const shown = detected.map(shownPort).join(', ')
    const message = `port ${shown} says no protocol: connections that look like HTTP go to all pods alike`
    findings.approximated('MW6106', feature, origin, message)
  }
}

/** Of a headless Service istiod makes clusters that connect where the client's own DNS lookup pointed. */
function checkHeadless(
  {facts, service}: ServiceIntent,
  {routes, breaker}: Traffic,
  {balancesHeadless}: RuleSettings,
  findings: Findings,
): void {
  if (facts?.headless !== true || balancesHeadless) return
  for (const {backends, feature, origin: place} of routes) {
    const subset = backends.find((backend) => backend.subset !== undefined && isSame(backend.service, service))
    if (subset === undefined) continue
    const message = `Service ${service.name} is headless: a request goes to the pod that the client looked up, of whatever version`
    findings.refused('MW6103', feature, place, message)
  }
  if (breaker !== undefined) {
    const message = `Service ${service.name} is headless: a request goes to the pod that the client looked up, ejected or not`
    findings.refused('MW6103', 'circuit-breaker', breaker.origin, message)
  }
}
