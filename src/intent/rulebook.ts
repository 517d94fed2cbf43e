import {callsFact, rulesFact, type Fact} from './fact.ts'
import type {ServiceName} from './intent.ts'
import type {SourceKind} from './origin.ts'
import type {AccessRuleObject, Registered, Rule, TrafficRule} from './rule.ts'
import {Grid, Shelf} from './shelf.ts'
import {sameService, shownService} from './unit.ts'

/** What a change of a rule object comes to. */
export interface RuleChange {
  readonly facts: readonly Fact[]
  /** The object's namespace holds rules of ours since this change, or does no longer. */
  readonly settled: boolean
}

/** Every TrafficPolicy, AccessPolicy and MeshService. */
export class Rulebook {
  readonly traffic = new Shelf<TrafficRule>()
  readonly access = new Shelf<AccessRuleObject>()
  readonly services = new Shelf<Registered>()
  /** By caller: AccessPolicies that let it call. */
  readonly #permits = new Grid<Set<AccessRuleObject>>()

  /** AccessPolicies that name a caller, to let it call. */
  permits(caller: ServiceName): Iterable<AccessRuleObject> {
    return this.#permits.get(caller) ?? []
  }

  /** Whether a rule is about the service, or lets it call. */
  isAbout(service: ServiceName): boolean {
    const shelves = [this.traffic, this.access, this.services]
    return shelves.some((shelf) => shelf.about(service).length > 0) || this.#permits.get(service) !== undefined
  }

  /** Names of services of a namespace that rules are about, or let call; some more than once. */
  *names(namespace: string): Generator<string> {
    yield* this.traffic.destinations(namespace)
    yield* this.access.destinations(namespace)
    yield* this.services.destinations(namespace)
    yield* this.#permits.names(namespace)
  }

  /** Namespaces of these services, and of the rules themselves; some more than once. */
  *namespaces(): Generator<string> {
    for (const shelf of [this.traffic, this.access, this.services]) {
      yield* shelf.own.namespaces()
      yield* shelf.namespaces()
    }
    yield* this.#permits.namespaces()
  }

  /** Whether a rule object stands in the namespace. */
  isIn(namespace: string): boolean {
    const shelves = [this.traffic.own, this.access.own, this.services.own]
    return shelves.some((own) => own.names(namespace)[Symbol.iterator]().next().done !== true)
  }

  setTraffic(name: ServiceName, rule: TrafficRule | undefined): RuleChange {
    return this.#put(this.traffic, name, rule)
  }

  setService(name: ServiceName, rule: Registered | undefined): RuleChange {
    return this.#put(this.services, name, rule)
  }

  setAccess(name: ServiceName, rule: AccessRuleObject | undefined): RuleChange {
    const before = this.access.own.get(name)
    const {facts, settled} = this.#put(this.access, name, rule)
    const callers = [before, rule].flatMap(callersIn)
    for (const caller of callers) {
      const permits = this.#permits.get(caller) ?? new Set()
      if (before !== undefined) permits.delete(before)
      if (rule !== undefined && callersIn(rule).some((one) => sameService(one, caller))) permits.add(rule)
      this.#permits.set(caller, permits.size === 0 ? undefined : permits)
    }
    return {facts: facts.length === 0 ? [] : [...facts, ...callers.map(callsFact)], settled}
  }

  of(kind: SourceKind, name: ServiceName): Rule<unknown> | undefined {
    if (kind === 'TrafficPolicy') return this.traffic.own.get(name)
    if (kind === 'AccessPolicy') return this.access.own.get(name)
    return kind === 'MeshService' ? this.services.own.get(name) : undefined
  }

  *all(): Generator<Rule<unknown>> {
    yield* this.traffic.own.values()
    yield* this.access.own.values()
    yield* this.services.own.values()
  }

  #put<R extends Rule<unknown>>(shelf: Shelf<R>, name: ServiceName, rule: R | undefined): RuleChange {
    const before = shelf.own.get(name)
    const lived = this.isIn(name.namespace)
    shelf.put(name, rule)
    if (says(before) === says(rule)) return {facts: [], settled: false}
    const about = [before, rule].flatMap((one) => (one === undefined ? [] : [rulesFact(one.destination)]))
    return {facts: [...new Set(about)], settled: lived !== this.isIn(name.namespace)}
  }
}

/** Services that a rule lets call, each once. */
export function callersIn(rule: AccessRuleObject | undefined): readonly ServiceName[] {
  if (rule?.reading.ok !== true || rule.reading.spec.action !== 'ALLOW') return []
  const callers = (rule.reading.spec.from ?? []).flatMap(({service, namespace = rule.namespace}) =>
    service === undefined ? [] : [{namespace, name: service}],
  )
  return [...new Map(callers.map((caller) => [shownService(caller), caller])).values()]
}

/** What of a rule tells in an intent, or in its status: labels and the status itself do not. */
function says(rule: Rule<unknown> | undefined): string | undefined {
  return rule && JSON.stringify([rule.generation, rule.destination, rule.created, rule.reading])
}
