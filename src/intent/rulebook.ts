import {mentionsFact, rulesFact, type Fact} from './fact.ts'
import type {ServiceName} from './intent.ts'
import type {SourceKind} from './origin.ts'
import type {AccessRuleObject, Registered, Rule, TrafficRule} from './rule.ts'
import {Mentions, Shelf} from './shelf.ts'
import {shownService} from './unit.ts'

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
  readonly #permits = new Mentions<AccessRuleObject>(callersIn)
  /** By service: TrafficPolicies on others that send it requests. */
  readonly #routers = new Mentions<TrafficRule>(backendsIn)

  /** AccessPolicies that name a caller, to let it call. */
  permits(caller: ServiceName): Iterable<AccessRuleObject> {
    return this.#permits.of(caller)
  }

  /** TrafficPolicies on other services that send requests to this one. */
  routers(service: ServiceName): Iterable<TrafficRule> {
    return this.#routers.of(service)
  }

  /** Whether a rule is about the service, or names it. */
  isAbout(service: ServiceName): boolean {
    const shelves = [this.traffic, this.access, this.services]
    const mentions = [this.#permits, this.#routers]
    return shelves.some((shelf) => shelf.about(service).length > 0) || mentions.some((mention) => mention.isOf(service))
  }

  /** Names of services of a namespace that rules are about, or name; some more than once. */
  *names(namespace: string): Generator<string> {
    yield* this.traffic.destinations(namespace)
    yield* this.access.destinations(namespace)
    yield* this.services.destinations(namespace)
    yield* this.#permits.names(namespace)
    yield* this.#routers.names(namespace)
  }

  /** Namespaces of these services, and of the rules themselves; some more than once. */
  *namespaces(): Generator<string> {
    for (const shelf of [this.traffic, this.access, this.services]) {
      yield* shelf.own.namespaces()
      yield* shelf.namespaces()
    }
    yield* this.#permits.namespaces()
    yield* this.#routers.namespaces()
  }

  /** Whether a rule object stands in the namespace. */
  isIn(namespace: string): boolean {
    const shelves = [this.traffic.own, this.access.own, this.services.own]
    return shelves.some((own) => own.names(namespace)[Symbol.iterator]().next().done !== true)
  }

  /** Other services that a TrafficPolicy has a say in: where it sends requests, and callers that may be told of its breaker. */
  reachedBy(name: ServiceName): readonly ServiceName[] {
    const rule = this.traffic.own.get(name)
    return rule === undefined ? [] : [...backendsIn(rule), ...this.access.about(rule.destination).flatMap(callersIn)]
  }

  setTraffic(name: ServiceName, rule: TrafficRule | undefined): RuleChange {
    const mentioned = this.#routers.move(this.traffic.own.get(name), rule)
    return this.#put(this.traffic, name, rule, mentioned)
  }

  setAccess(name: ServiceName, rule: AccessRuleObject | undefined): RuleChange {
    const mentioned = this.#permits.move(this.access.own.get(name), rule)
    return this.#put(this.access, name, rule, mentioned)
  }

  setService(name: ServiceName, rule: Registered | undefined): RuleChange {
    return this.#put(this.services, name, rule, [])
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

  #put<R extends Rule<unknown>>(
    shelf: Shelf<R>,
    name: ServiceName,
    rule: R | undefined,
    mentioned: readonly ServiceName[],
  ): RuleChange {
    const before = shelf.own.get(name)
    const lived = this.isIn(name.namespace)
    shelf.put(name, rule)
    if (says(before) === says(rule)) return {facts: [], settled: false}
    const about = [before, rule].flatMap((one) => (one === undefined ? [] : [rulesFact(one.destination)]))
    return {
      facts: [...new Set([...about, ...mentioned.map(mentionsFact)])],
      settled: lived !== this.isIn(name.namespace),
    }
  }
}

/** Services that a rule lets call, each once. */
export function callersIn({reading, namespace: home}: AccessRuleObject): readonly ServiceName[] {
  if (!reading.ok || reading.spec.action !== 'ALLOW') return []
  const {from = []} = reading.spec
  return once(
    from.flatMap(({service, namespace = home}) => (service === undefined ? [] : [{namespace, name: service}])),
  )
}

/** Other services that a rule sends requests to, each once. */
export function backendsIn({reading, destination}: TrafficRule): readonly ServiceName[] {
  if (!reading.ok) return []
  const {split = [], routes = []} = reading.spec
  const shares = [...split, ...routes.flatMap((route) => route.split ?? [])]
  const {namespace} = destination
  return once(shares.flatMap(({service}) => (service === undefined ? [] : [{namespace, name: service}])))
}

function once(services: readonly ServiceName[]): readonly ServiceName[] {
  return [...new Map(services.map((service) => [shownService(service), service])).values()]
}

/** What of a rule tells in an intent, or in its status: labels and the status itself do not. */
function says(rule: Rule<unknown> | undefined): string | undefined {
  return rule && JSON.stringify([rule.generation, rule.destination, rule.created, rule.reading])
}
