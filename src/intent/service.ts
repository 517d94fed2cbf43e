import {accessOf} from './access.ts'
import {built, type Aspect, type Built} from './built.ts'
import type {Governor} from './governance.ts'
import type {Call, ServiceIntent, ServiceName, Traffic} from './intent.ts'
import {refused} from './problem.ts'
import {protocolOf} from './protocol.ts'
import type {Rule} from './rule.ts'
import {registrationOf} from './registration.ts'
import {callersOf, mayReach, trafficOf, type TrafficVerdict} from './traffic.ts'
import type {Source} from './origin.ts'
import {sameService, serviceUnit} from './unit.ts'
import type {View} from './view.ts'

/** What is wanted of one service. */
export function buildService(service: ServiceName, view: View): Built {
  const unit = serviceUnit(service)
  const governing = view.governing(service.namespace)
  const {governor} = governing
  if (!governing.ok) {
    const rules = rulesOn(service, view)
    const {code, message} = governing.problem
    return built(unit, governor, {
      sources: rules.map(({site}) => site.source),
      problems: rules.map(({site}) => refused(code, 'istio-words', site.at(['spec']), message)),
      held: ['everything'],
    })
  }
  const rule = view.registered(service)
  const registration = registrationOf(service, governor, view)
  const facts = view.facts(service)
  const protocol = protocolOf(rule?.reading.ok === true ? rule.reading.spec : undefined, facts)
  const traffic = trafficOf(service, governor, view)
  const access = accessOf(service, protocol, governor, view)
  const calls = callsOf(service, governor, view)
  const mutualTLS = mutualTLSOf(service, governor, view)
  const routing = routingTo(service, view)

  // What cannot be read may have said what is spoken, and everything hangs on that.
  const silenced: readonly Aspect[] = rule?.reading.ok === false ? ['traffic', 'access', 'defaults'] : []
  const held: readonly Aspect[] = [
    ...silenced,
    ...(registration.held ? ['registration' as const] : []),
    ...(traffic.held ? ['traffic' as const] : []),
    ...(access.held ? ['access' as const] : []),
    ...(calls.held ? ['calls' as const, 'defaults' as const] : []),
  ]
  const wishes = {
    ...(registration.registration === undefined ? {} : {registration: registration.registration}),
    ...(traffic.draft === undefined || held.includes('traffic')
      ? {}
      : {traffic: told(service, traffic, traffic.draft, view)}),
    ...(access.access === undefined || held.includes('access') ? {} : {access: access.access}),
    ...(mutualTLS === undefined ? {} : {mutualTLS}),
    ...(routing.routed ? {routed: true as const} : {}),
  }
  const intent: ServiceIntent = {
    service,
    ...(facts === undefined ? {} : {facts}),
    protocol,
    calls: calls.calls,
    ...wishes,
  }
  const isWanted = Object.keys(wishes).length > 0 || calls.calls.length > 0
  return built(unit, governor, {
    wanted: isWanted ? {kind: 'service', intent} : undefined,
    sources: [
      ...(rule === undefined ? [] : [rule.site.source]),
      ...traffic.sources,
      ...access.sources,
      ...calls.calls.map(({breaker}) => breaker.origin.source),
      ...(mutualTLS === undefined ? [] : [mutualTLS.origin.source]),
      ...routing.sources,
    ],
    problems: [...registration.problems, ...traffic.problems, ...access.problems],
    held,
  })
}

function told(service: ServiceName, verdict: TrafficVerdict, draft: Omit<Traffic, 'callers'>, view: View): Traffic {
  return {...draft, callers: callersOf(service, verdict, view)}
}

interface CallsVerdict {
  readonly calls: readonly Call[]
  /** The breaker of some destination is held back, and its last good state is not known here. */
  readonly held: boolean
}

/** Breakers of the services that this one is allowed to call by name, where their rule may reach it. */
function callsOf(caller: ServiceName, governor: Governor, view: View): CallsVerdict {
  if (governor.configuration.mesh.trafficManagement?.enableBypass === true) return {calls: [], held: false}
  const calls: Call[] = []
  let held = false
  for (const destination of view.destinationsOf(caller)) {
    const governing = view.governing(destination.namespace)
    if (!governing.ok) {
      held = true
      continue
    }
    const verdict = trafficOf(destination, governing.governor, view)
    const reaches = mayReach(verdict.spokenIn, destination, caller, view)
    held ||= verdict.held && verdict.breaks && reaches
    const breaker = verdict.draft?.breaker
    if (breaker !== undefined && reaches) calls.push({destination, breaker})
  }
  return {calls, held}
}

interface Routing {
  readonly routed: boolean
  /** Of the rules that send requests. */
  readonly sources: readonly Source[]
}

/** Whether rules on other services send requests to this one; what is held back has done so before, perhaps. */
function routingTo(service: ServiceName, view: View): Routing {
  if (view.isMissing(service)) return {routed: false, sources: []}
  const verdicts = view.routersOf(service).flatMap((router) => {
    const governing = view.governing(router.namespace)
    return governing.ok ? [trafficOf(router, governing.governor, view)] : []
  })
  const drafts = verdicts.flatMap(({draft}) => draft ?? [])
  const sending = drafts.filter(({routes}) =>
    routes.some(({backends}) => backends.some((backend) => sameService(backend.service, service))),
  )
  return {
    routed: sending.length > 0 || verdicts.some(({held}) => held),
    sources: sending.map(({origin}) => origin.source),
  }
}

function mutualTLSOf(service: ServiceName, {configuration, site}: Governor, view: View): ServiceIntent['mutualTLS'] {
  const value = configuration.mesh.security?.mutualTLS
  if (value === undefined || !view.isGoverned(service.namespace)) return undefined
  if (view.isMissing(service) || view.isOurs(service)) return undefined
  return {value, origin: site.at(['mesh', 'security', 'mutualTLS'])}
}

function rulesOn(service: ServiceName, view: View): readonly Rule<unknown>[] {
  const registered = view.registered(service)
  const rules = [...view.trafficRules(service), ...view.accessRules(service)]
  return registered === undefined ? rules : [registered, ...rules]
}
