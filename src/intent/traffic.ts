import type {RuleFinding} from '../mesh/translation.ts'
import type {Drafted, Drafting, TrafficDraft} from './draft.ts'
import type {Feature} from './features.ts'
import type {Governor} from './governance.ts'
import type {Caller, ServiceName} from './intent.ts'
import {draftConfigured} from './istio-words.ts'
import type {Origin, Source} from './origin.ts'
import {draftPolicy} from './policy.ts'
import {faultsOf, ignored, notGranted, refused} from './problem.ts'
import {protocolOf} from './protocol.ts'
import {shownService} from './unit.ts'
import {unmetBy} from './unmet.ts'
import type {View} from './view.ts'

/** What became of the rules on the traffic of a service. */
export interface TrafficVerdict {
  /** Absent where there is no rule, where the SDK applies it, and where it is held back. */
  readonly draft?: TrafficDraft
  readonly problems: readonly RuleFinding[]
  /** A problem keeps the rule from being taken up: the last good state stays. */
  readonly held: boolean
  readonly sources: readonly Source[]
  /** The namespace of the TrafficPolicy that counts; absent: the administrator's word counts. */
  readonly spokenIn?: string
  /** Whether the rule that counts has a breaker, or nobody can tell. */
  readonly breaks: boolean
}

/** The rule that counts, before it is read. */
interface Winner {
  readonly origin: Origin
  /** What it asks for before all else. */
  readonly asks: Feature
  readonly spokenIn?: string
  readonly breaks: boolean
  draft(drafting: Drafting): Drafted
}

/** Which rule on the traffic of a service counts, and what it says; `governor` governs the service's namespace. */
export function trafficOf(service: ServiceName, governor: Governor, view: View): TrafficVerdict {
  const rules = view.trafficRules(service)
  const isGranted = ({namespace}: {readonly namespace: string}) => view.grants('TrafficPolicy', namespace, service)
  const administrators = configuredWinner(service, governor)
  const first = administrators === undefined ? rules.find(isGranted) : undefined
  const winner: Winner | undefined =
    administrators ??
    (first && {
      origin: first.site.at(['spec', 'service']),
      asks: first.asks,
      spokenIn: first.namespace,
      breaks: !first.reading.ok || first.reading.spec.circuitBreaker !== undefined,
      draft: (drafting) =>
        first.reading.ok ? draftPolicy(first, first.reading.spec, drafting) : {problems: faultsOf(first)},
    })
  const losers = rules.filter((rule) => rule !== first)
  const turnedAway = [
    ...(governor.rules.traffic.get(shownService(service))?.problems ?? []),
    ...losers.map((rule) => {
      if (!isGranted(rule)) return notGranted(rule, service)
      const message = `${winner?.origin.place ?? ''} is about ${shownService(service)} too, and that is the one that counts`
      return refused('MW6002', rule.asks, rule.site.at(['spec', 'service']), message)
    }),
  ]
  const sources = [
    ...(administrators === undefined ? [] : [governor.site.source]),
    ...rules.map(({site}) => site.source),
  ]
  if (winner === undefined) return {problems: turnedAway, held: false, sources, breaks: false}
  const {draft, problems, held} = verdictOn(winner, service, governor, view)
  return {
    ...(draft === undefined ? {} : {draft}),
    problems: [...turnedAway, ...problems],
    held,
    sources,
    breaks: winner.breaks,
    ...(winner.spokenIn === undefined ? {} : {spokenIn: winner.spokenIn}),
  }
}

/** Callers that the rule's breaker may be told to, where the mesh keeps breakers with them. */
export function callersOf(service: ServiceName, {spokenIn}: TrafficVerdict, view: View): readonly Caller[] {
  return view.callersOf(service).map((caller) => ({
    service: caller,
    reachable: mayReach(spokenIn, service, caller, view),
  }))
}

/** Whether a rule on `destination` may touch what belongs to `caller`; the administrator's may touch everything. */
export function mayReach(
  spokenIn: string | undefined,
  destination: ServiceName,
  caller: ServiceName,
  view: View,
): boolean {
  if (spokenIn === undefined || caller.namespace === destination.namespace) return true
  return view.grants('TrafficPolicy', spokenIn, caller)
}

function configuredWinner(service: ServiceName, governor: Governor): Winner | undefined {
  const configured = governor.rules.traffic.get(shownService(service))
  const worded = configured?.virtualService ?? configured?.destinationRule
  if (configured === undefined || worded === undefined) return undefined
  return {
    origin: governor.site.at(worded.path),
    asks: configured.virtualService === undefined ? 'subsets' : 'split',
    breaks: configured.destinationRule?.spec['trafficPolicy'] !== undefined,
    draft: (drafting) => draftConfigured(configured, governor, drafting),
  }
}

function verdictOn(
  winner: Winner,
  service: ServiceName,
  governor: Governor,
  view: View,
): Pick<TrafficVerdict, 'draft' | 'problems' | 'held'> {
  const {origin, asks} = winner
  if (governor.configuration.mesh.trafficManagement?.enableBypass === true) {
    const message =
      'mesh.trafficManagement.enableBypass is true: the SDK applies the rule, and the mesh is told nothing'
    return {problems: [ignored('MW6010', asks, origin, message)], held: false}
  }
  if (view.isMissing(service)) {
    const message = `there is no Service ${shownService(service)}`
    return {problems: [refused('MW6001', asks, origin, message)], held: true}
  }
  const registration = view.registered(service)?.reading
  const spec = registration?.ok === true ? registration.spec : undefined
  const facts = view.facts(service)
  const protocol = protocolOf(spec, facts)
  const drafting = {service, facts, protocol, registered: spec?.versions?.map(({name}) => name) ?? []}
  const {draft, problems} = winner.draft(drafting)
  const found = [...problems, ...(draft === undefined ? [] : unmetBy(draft, drafting, view))]
  const held = found.some(({kind}) => kind === 'refused')
  return {...(draft === undefined || held ? {} : {draft}), problems: found, held}
}
