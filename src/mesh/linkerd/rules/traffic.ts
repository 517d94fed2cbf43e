import type {Breaker, Route, ServiceFacts, ServiceIntent, ServicePort, Traffic} from '../../../intent/intent.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Desired, Part} from '../../translation.ts'
import {partOf} from '../../part.ts'
import {breakerService} from './breaker-annotations.ts'
import {Findings} from './findings.ts'
import type {InstalledPolicy} from './installed-policy.ts'
import {portKind} from './port.ts'
import {knownPorts, staysHome, type BackendScope} from './route-backends.ts'
import {grpcSayable, routeMatches, routeObjects} from './routes.ts'
import {versionServiceNames, versionServices} from './version-service.ts'

/** Versions, routes and the breaker of a service. */
export function trafficPart(intent: ServiceIntent, installed: InstalledPolicy): Part | undefined {
  const {service, facts, traffic} = intent
  if (traffic === undefined) return undefined
  const findings = new Findings()
  const {subsets, breaker} = traffic
  const routes = wantedRoutes(intent, traffic)
  istioWords(traffic, findings)
  const first = routes[0] ?? breaker
  if (first !== undefined) obstacles(intent, first.origin, routes.length > 0 ? 'split' : 'circuit-breaker', findings)
  const desired: Desired[] = []
  const [subset] = subsets
  if (subset !== undefined && facts === undefined)
    findings.refused(
      'MW6208',
      'subsets',
      subset.origin,
      `the selector and the ports of Service ${service.name} are not known`,
    )
  if (facts !== undefined) for (const object of versionServices(service, facts, subsets, findings)) desired.push(object)
  if (breaker !== undefined) desired.push(breakerService(service, breaker))
  const versions = versionServiceNames(
    service.name,
    subsets.map(({name}) => name),
  )
  if (routes.length > 0 && intent.protocol !== 'tcp')
    for (const object of routesOf(intent, routes, {service, facts, versions}, installed, findings)) desired.push(object)
  else if (breaker !== undefined && facts !== undefined)
    routablePorts(facts, breaker.origin, 'circuit-breaker', installed, findings)
  return partOf('traffic', originsOf(traffic), findings, desired)
}

/** A breaker of gRPC counts statuses only where a GRPCRoute says that it is gRPC. */
function wantedRoutes({service, protocol}: ServiceIntent, {routes, breaker}: Traffic): readonly Route[] {
  if (routes.length > 0 || breaker === undefined || protocol !== 'grpc') return routes
  const {origin} = breaker
  return [{matches: [], backends: [{service, weight: 100, origin}], feature: 'split', origin}]
}

function obstacles(
  {service, facts, protocol}: ServiceIntent,
  origin: Origin,
  feature: Feature,
  findings: Findings,
): void {
  if (facts?.headless === true)
    findings.refused(
      'MW6204',
      feature,
      origin,
      `Service ${service.name} is headless, and Linkerd takes no routes or breakers for one`,
    )
  if (facts?.serviceProfile !== undefined)
    findings.refused(
      'MW6205',
      feature,
      origin,
      `ServiceProfile ${facts.serviceProfile} has routes or dstOverrides; the proxies would heed nothing else`,
    )
  if (protocol === 'tcp')
    findings.refused(
      'MW6207',
      feature,
      origin,
      `Service ${service.name} speaks plain TCP; Linkerd's routes, timeouts, retries and breakers are for requests`,
    )
}

function routesOf(
  intent: ServiceIntent,
  routes: readonly Route[],
  scope: BackendScope,
  installed: InstalledPolicy,
  findings: Findings,
): readonly Desired[] {
  const matches = routeMatches(routes, findings)
  const [first] = routes
  if (matches === undefined || first === undefined) return []
  const ports = knownPorts(intent.facts)
  const grpc = intent.protocol === 'grpc' && grpcSayable(matches)
  if (ports === undefined || intent.facts === undefined) {
    const away = routes.find(({backends}) => !staysHome(backends, scope))
    if (away !== undefined) {
      findings.refused(
        'MW6208',
        away.feature,
        away.origin,
        `the ports of Service ${scope.service.name} are not known, and a backend needs one`,
      )
      return []
    }
    return routeObjects(routes, matches, {...scope, port: undefined, kind: grpc ? 'grpc' : 'http'}, findings)
  }
  return routablePorts(intent.facts, first.origin, first.feature, installed, findings).flatMap(({port, kind}) => {
    const asGrpc = grpc && kind === 'detected'
    if (intent.protocol === 'grpc' && !asGrpc) statusesLost(routes, intent.traffic?.breaker, port, findings)
    return routeObjects(routes, matches, {...scope, port, kind: asGrpc ? 'grpc' : 'http'}, findings)
  })
}

/** Ports whose requests Linkerd sees; a refusal where there are none, a finding for each one among others. */
function routablePorts(
  facts: ServiceFacts,
  origin: Origin,
  feature: Feature,
  {opaquePorts}: InstalledPolicy,
  findings: Findings,
): readonly {readonly port: ServicePort; readonly kind: 'detected' | 'http1' | 'http2'}[] {
  const found: {readonly port: ServicePort; readonly kind: 'detected' | 'http1' | 'http2'}[] = []
  const opaque: string[] = []
  for (const port of knownPorts(facts) ?? []) {
    const kind = portKind(port, facts, opaquePorts)
    if (kind.kind === 'opaque') opaque.push(`Linkerd carries port ${port.port} as opaque TCP: ${kind.because}`)
    else found.push({port, kind: kind.kind})
  }
  if (found.length === 0) findings.refused('MW6206', feature, origin, opaque[0] ?? 'the Service has no TCP port')
  else
    for (const because of opaque)
      findings.approximated('MW6206', feature, origin, `${because}; the rule does not reach it`)
  return found
}

/** GRPCRoutes have no regular expressions, and none are sure to be heeded where appProtocol names HTTP. */
function statusesLost(
  routes: readonly Route[],
  breaker: Breaker | undefined,
  {port}: ServicePort,
  findings: Findings,
): void {
  const retried = routes.find(({retries}) => (retries?.attempts ?? 0) > 0)?.retries
  const why = `port ${port} gets HTTP routes, which see no gRPC status`
  if (retried !== undefined)
    findings.approximated('MW6219', 'retry-conditions', retried.origin, `${why}: only HTTP statuses are tried again`)
  if (breaker !== undefined)
    findings.approximated('MW6219', 'circuit-breaker', breaker.origin, `${why}: only HTTP statuses count as failures`)
}

/** Without these a request would go elsewhere, or arrive as another one. */
const decisive = /(?:^|[.\]])(?:rewrite|redirect|directResponse|delegate|mirrors?|mirror_?[pP]ercent(?:age)?)(?:$|[.[])/

function istioWords({beyond}: Traffic, findings: Findings): void {
  for (const {field, origin} of beyond) {
    if (decisive.test(field)) findings.refused('MW6222', 'istio-words', origin, `Linkerd cannot follow ${field}`)
    else findings.ignored('MW6221', 'istio-words', origin, `${field} has no effect on Linkerd`)
  }
}

function originsOf({origin, subsets, routes, breaker, beyond}: Traffic): readonly Origin[] {
  return [
    origin,
    ...subsets.map((subset) => subset.origin),
    ...routes.flatMap((route) => [route.origin, ...route.backends.map((backend) => backend.origin)]),
    ...(breaker === undefined ? [] : [breaker.origin]),
    ...beyond.map((field) => field.origin),
  ]
}
