import type {StringMap} from '../mesh/pod.ts'
import {accountFact, grantsFact, namesakesFact, serviceFact, type Fact} from './fact.ts'
import type {Neighbour, PodFacts, ServiceFacts, ServiceName} from './intent.ts'
import type {TrimmedGrant, TrimmedNamespace, TrimmedService} from './trim.ts'
import {shownService} from './unit.ts'

/** Pods that look alike: the replicas of one revision of a workload. */
interface Shape {
  readonly key: string
  readonly facts: PodFacts
  pods: number
}

interface Inhabitants {
  facts?: TrimmedNamespace
  readonly services: Map<string, TrimmedService>
  /** By what is alike. */
  readonly shapes: Map<string, Shape>
  /** By the name of the pod, or kind and name of the workload. */
  readonly pods: Map<string, Shape>
  readonly grants: Map<string, TrimmedGrant>
  /** By the service: ServiceProfiles of the namespace that have routes. */
  readonly profiles: Map<string, string>
}

/** So much of a name stays readable in names that are made of it (`order-service-v2`), whatever has to be cut. */
const stem = 40

/**
 * Services, pods, namespaces and grants. Every change names the facts that it may have changed; a change of nothing
 * that anybody reads names none.
 */
export class Cluster {
  readonly #namespaces = new Map<string, Inhabitants>()
  /** By the name of a Service: the namespaces that have one. */
  readonly #namesakes = new Map<string, string | Set<string>>()

  namespaces(): Iterable<string> {
    return this.#namespaces.keys()
  }

  namespace(name: string): TrimmedNamespace | undefined {
    return this.#namespaces.get(name)?.facts
  }

  /** Whether the namespace's facts differ from what they were. */
  setNamespace(name: string, facts: TrimmedNamespace | undefined): boolean {
    if (same(this.namespace(name), facts)) return false
    const inhabitants = this.#inhabitants(name)
    if (facts === undefined) delete inhabitants.facts
    else inhabitants.facts = facts
    this.#tidy(name)
    return true
  }

  services(namespace: string): Iterable<TrimmedService> {
    return this.#namespaces.get(namespace)?.services.values() ?? []
  }

  service({namespace, name}: ServiceName): TrimmedService | undefined {
    return this.#namespaces.get(namespace)?.services.get(name)
  }

  setService({namespace, name}: ServiceName, after: TrimmedService | undefined): readonly Fact[] {
    const before = this.service({namespace, name})
    if (same(before, after)) return []
    const {services, shapes} = this.#inhabitants(namespace)
    if (after === undefined) services.delete(name)
    else services.set(name, after)
    const touched = new Set<Fact>([serviceFact({namespace, name})])
    // Who runs under an account, and who shares pods, is told by selectors.
    for (const {facts} of shapes.values()) {
      if ([before, after].some((service) => service !== undefined && selects(service.selector, facts.labels))) {
        this.#touchShape(namespace, facts, touched)
      }
    }
    for (const service of services.values()) {
      if (isNamedAfter(service.name, name)) touched.add(serviceFact({namespace, name: service.name}))
    }
    if (before === undefined || after === undefined) {
      this.#setNamesake(name, namespace, after !== undefined)
      touched.add(namesakesFact(name))
    }
    this.#tidy(namespace)
    return [...touched]
  }

  /** Namespaces with a Service of the name, in order. */
  namesakes(name: string): readonly string[] {
    const namespaces = this.#namesakes.get(name) ?? []
    return typeof namespaces === 'string' ? [namespaces] : [...namespaces].sort()
  }

  setPod(namespace: string, pod: string, facts: PodFacts | undefined): readonly Fact[] {
    const before = this.#namespaces.get(namespace)?.pods.get(pod)
    const key = facts === undefined ? undefined : JSON.stringify(facts)
    if (before?.key === key) return []
    const {pods, shapes} = this.#inhabitants(namespace)
    const touched = new Set<Fact>()
    if (before !== undefined) {
      pods.delete(pod)
      before.pods -= 1
      if (before.pods === 0) {
        shapes.delete(before.key)
        this.#touchShape(namespace, before.facts, touched)
      }
    }
    if (facts !== undefined && key !== undefined) {
      const known = shapes.get(key)
      const shape = known ?? {key, facts, pods: 0}
      shape.pods += 1
      pods.set(pod, shape)
      if (known === undefined) {
        shapes.set(key, shape)
        this.#touchShape(namespace, facts, touched)
      }
    }
    this.#tidy(namespace)
    return [...touched]
  }

  setGrant({namespace, name}: ServiceName, grant: TrimmedGrant | undefined): readonly Fact[] {
    if (same(this.#namespaces.get(namespace)?.grants.get(name), grant)) return []
    const {grants} = this.#inhabitants(namespace)
    if (grant === undefined) grants.delete(name)
    else grants.set(name, grant)
    this.#tidy(namespace)
    return [grantsFact(namespace)]
  }

  /** A ServiceProfile of the service, where it has routes; undefined where it has none, or is gone. */
  setProfile(namespace: string, service: ServiceName, profile: string | undefined): readonly Fact[] {
    const key = shownService(service)
    if (this.#namespaces.get(namespace)?.profiles.get(key) === profile) return []
    const {profiles} = this.#inhabitants(namespace)
    if (profile === undefined) profiles.delete(key)
    else profiles.set(key, profile)
    this.#tidy(namespace)
    return [serviceFact(service)]
  }

  /** Whether a rule object of `kind` in namespace `from` may speak of the service. */
  grants(kind: string, from: string, {namespace, name}: ServiceName): boolean {
    if (from === namespace) return true
    const grants = this.#namespaces.get(namespace)?.grants.values() ?? []
    return [...grants].some(
      (grant) =>
        grant.from.some((one) => one.kind === kind && one.namespace === from) &&
        grant.to.some((one) => one === undefined || one === name),
    )
  }

  /** Absent where there is no such Service. What rules ask of its neighbours is not known here. */
  factsOf({namespace, name}: ServiceName): ServiceFacts | undefined {
    const inhabitants = this.#namespaces.get(namespace)
    const service = inhabitants?.services.get(name)
    if (inhabitants === undefined || service === undefined) return undefined
    const {managedFor: _, name: __, ...facts} = service
    const shapes = this.#shapesOf(inhabitants, service)
    // The destination's own namespace is where a profile speaks to every caller.
    const profile = inhabitants.profiles.get(`${namespace}/${name}`)
    const neighbours = [...inhabitants.services.values()].filter(
      (other) => other !== service && (isNamedAfter(name, other.name) || shapes.some(isSelectedBy(other))),
    )
    return {
      ...facts,
      pods: shapes.map(({facts}) => facts),
      neighbours: neighbours.map(neighbour).sort((a, b) => (a.name < b.name ? -1 : 1)),
      ...(profile === undefined ? {} : {serviceProfile: profile}),
    }
  }

  /** ServiceAccounts of the pods of a service, in order. */
  accountsOf({namespace, name}: ServiceName): readonly string[] {
    const inhabitants = this.#namespaces.get(namespace)
    const service = inhabitants?.services.get(name)
    if (inhabitants === undefined || service === undefined) return []
    const accounts = this.#shapesOf(inhabitants, service).map(({facts}) => facts.serviceAccount)
    return [...new Set(accounts)].sort()
  }

  /**
   * Other services with pods under the account that are not the service's too. A headless Service beside the ordinary
   * one, or one for each version, selects pods of the same workload and shares nothing.
   */
  sharedWith({namespace, name}: ServiceName, account: string): readonly ServiceName[] {
    const inhabitants = this.#namespaces.get(namespace)
    const own = inhabitants?.services.get(name)
    if (inhabitants === undefined || own === undefined) return []
    const strangers = [...inhabitants.shapes.values()].filter(
      ({facts}) => facts.serviceAccount === account && !selects(own.selector, facts.labels),
    )
    if (strangers.length === 0) return []
    return [...inhabitants.services.values()]
      .filter(({managedFor, selector}) => {
        return managedFor === undefined && strangers.some(({facts}) => selects(selector, facts.labels))
      })
      .map((service) => ({namespace, name: service.name}))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #shapesOf({shapes}: Inhabitants, service: TrimmedService): readonly Shape[] {
    return [...shapes.values()].filter(isSelectedBy(service)).sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #setNamesake(name: string, namespace: string, there: boolean): void {
    // Most names stand in one namespace, and a set for each would be most of what the index weighs.
    const namespaces = new Set(this.namesakes(name))
    if (there) namespaces.add(namespace)
    else namespaces.delete(namespace)
    const [only] = namespaces
    if (only === undefined) this.#namesakes.delete(name)
    else this.#namesakes.set(name, namespaces.size === 1 ? only : namespaces)
  }

  #touchShape(namespace: string, {labels, serviceAccount}: PodFacts, touched: Set<Fact>): void {
    touched.add(accountFact(namespace, serviceAccount))
    for (const {name, selector} of this.services(namespace)) {
      if (selects(selector, labels)) touched.add(serviceFact({namespace, name}))
    }
  }

  #inhabitants(namespace: string): Inhabitants {
    const known = this.#namespaces.get(namespace)
    if (known !== undefined) return known
    const made = {services: new Map(), shapes: new Map(), pods: new Map(), grants: new Map(), profiles: new Map()}
    this.#namespaces.set(namespace, made)
    return made
  }

  #tidy(namespace: string): void {
    const {facts, ...maps} = this.#inhabitants(namespace)
    if (facts === undefined && Object.values(maps).every(({size}) => size === 0)) this.#namespaces.delete(namespace)
  }
}

function neighbour({name, managedFor, selector, ports}: TrimmedService): Neighbour {
  return {name, ...(managedFor === undefined ? {} : {managedFor}), selector, ports}
}

function isSelectedBy({selector}: TrimmedService): (shape: Shape) => boolean {
  return ({facts}) => selects(selector, facts.labels)
}

/** Whether a name that is made of the service's could be this one. */
function isNamedAfter(service: string, other: string): boolean {
  return service !== other && other.startsWith(service.length > stem ? service.slice(0, stem) : `${service}-`)
}

/** As Services select: every label, and nothing where there are none. */
function selects(selector: StringMap, labels: StringMap): boolean {
  let any = false
  for (const [key, value] of Object.entries(selector)) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false
    any = true
  }
  return any
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
