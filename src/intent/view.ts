import type {Callers, Identified} from './access-reading.ts'
import type {Cluster} from './cluster.ts'
import type {ConfiguredRules} from './configured.ts'
import {
  accountFact,
  defaultFact,
  governanceFact,
  grantsFact,
  namesakesFact,
  rulesFact,
  serviceFact,
  type Fact,
} from './fact.ts'
import type {Governing, Governor} from './governance.ts'
import type {Neighbour, ServiceFacts, ServiceName} from './intent.ts'
import type {AccessRuleObject, Registered, TrafficRule} from './rule.ts'
import {callersIn, type Rulebook} from './rulebook.ts'
import {byService, shownService} from './unit.ts'

/** Who governs namespaces. */
export interface Realm {
  of(namespace: string): Governing
  /** Whether the namespace is in the mesh by the word of its configuration. */
  isGoverned(namespace: string): boolean
  byDefault(): Governing
  /** Everybody who governs a namespace or governs by default, each once. */
  governors(): Iterable<Governor>
}

/** The world as one intent sees it; every fact that is asked for is noted. */
export class View implements Callers {
  /** Whether what is not there does not exist. */
  readonly complete: boolean
  readonly #cluster: Cluster
  readonly #rulebook: Rulebook
  readonly #realm: Realm
  readonly #note: (fact: Fact) => void

  constructor(
    complete: boolean,
    parts: {readonly cluster: Cluster; readonly rulebook: Rulebook; readonly realm: Realm},
    note: (fact: Fact) => void,
  ) {
    this.complete = complete
    this.#cluster = parts.cluster
    this.#rulebook = parts.rulebook
    this.#realm = parts.realm
    this.#note = note
  }

  governing(namespace: string): Governing {
    this.#note(governanceFact(namespace))
    return this.#realm.of(namespace)
  }

  byDefault(): Governing {
    this.#note(defaultFact)
    return this.#realm.byDefault()
  }

  governors(): Iterable<Governor> {
    return this.#realm.governors()
  }

  isGoverned(namespace: string): boolean {
    this.#note(governanceFact(namespace))
    return this.#realm.isGoverned(namespace)
  }

  /** True where it is known that there is no such Service. */
  isMissing(service: ServiceName): boolean {
    this.#note(serviceFact(service))
    return this.complete && this.#cluster.service(service) === undefined
  }

  /** True of a Service that Meshwright made itself. */
  isOurs(service: ServiceName): boolean {
    this.#note(serviceFact(service))
    return this.#cluster.service(service)?.managedFor !== undefined
  }

  facts(service: ServiceName): ServiceFacts | undefined {
    this.#note(serviceFact(service))
    const facts = this.#cluster.factsOf(service)
    if (facts === undefined) return undefined
    const governing = this.governing(service.namespace)
    const namesakes = governing.ok && governing.governor.mesh === 'consul' ? this.#namesakes(service) : []
    return {
      ...facts,
      neighbours: facts.neighbours.map((neighbour) => this.#guarded(neighbour, service.namespace)),
      ...(namesakes.length === 0 ? {} : {namesakes}),
    }
  }

  registered(service: ServiceName): Registered | undefined {
    this.#note(rulesFact(service))
    return this.#rulebook.services.own.get(service)
  }

  /** Every TrafficPolicy on the service, granted or not, the one that comes first first. */
  trafficRules(service: ServiceName): readonly TrafficRule[] {
    this.#note(rulesFact(service))
    const key = ({namespace, created, name}: TrafficRule) =>
      [namespace === service.namespace ? '0' : '1', created, name, namespace].join('\u0000')
    return this.#rulebook.traffic.about(service).toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  }

  /** Every AccessPolicy on the service, granted or not, in an order of their names. */
  accessRules(service: ServiceName): readonly AccessRuleObject[] {
    this.#note(rulesFact(service))
    return this.#rulebook.access.about(service).toSorted(byService)
  }

  /** Whether an object of ours in namespace `from` may speak of the service. */
  grants(kind: string, from: string, service: ServiceName): boolean {
    if (from === service.namespace) return true
    this.#note(grantsFact(service.namespace))
    return this.#cluster.grants(kind, from, service)
  }

  /** Destinations that rules in force let the caller call by name, in order. */
  destinationsOf(caller: ServiceName): readonly ServiceName[] {
    const written = [...this.#rulebook.permits(caller)].filter(({namespace, destination}) =>
      this.grants('AccessPolicy', namespace, destination),
    )
    const configured = this.#configured((rules) => rules.destinations.get(shownService(caller)))
    return inOrder([...written.map(({destination}) => destination), ...configured])
  }

  /** Other services with a rule that sends requests to this one, whether it counts or not, in order. */
  routersOf(service: ServiceName): readonly ServiceName[] {
    const written = [...this.#rulebook.routers(service)].map(({destination}) => destination)
    return inOrder([...written, ...this.#configured((rules) => rules.routers.get(shownService(service)))])
  }

  /** Callers that rules in force let call the destination by name, in order. */
  callersOf(destination: ServiceName): readonly ServiceName[] {
    const written = this.accessRules(destination)
      .filter(({namespace}) => this.grants('AccessPolicy', namespace, destination))
      .flatMap(callersIn)
    const governing = this.governing(destination.namespace)
    const rules = governing.ok ? (governing.governor.rules.access.get(shownService(destination)) ?? []) : []
    const configured = rules.flatMap(({action, caller}) => (action === 'ALLOW' ? [caller] : []))
    return inOrder([...written, ...configured])
  }

  identify(service: ServiceName): Identified {
    const {namespace} = service
    this.#note(serviceFact(service))
    const accounts = this.#cluster.accountsOf(service)
    if (accounts.length === 0 && this.complete) {
      return this.#cluster.service(service) === undefined
        ? {ok: false, code: 'MW6001', message: 'does not exist'}
        : {ok: false, code: 'MW6008', message: 'has no pod, so that nobody knows its ServiceAccount'}
    }
    if (accounts.length === 0) return {ok: true}
    return {
      ok: true,
      accounts: accounts.map((name) => {
        this.#note(accountFact(namespace, name))
        return {namespace, name, sharedWith: this.#cluster.sharedWith(service, name)}
      }),
    }
  }

  /** Services that configurations name, as far as they are in a namespace that the very configuration governs. */
  #configured(named: (rules: ConfiguredRules) => readonly ServiceName[] | undefined): readonly ServiceName[] {
    return [...this.#realm.governors()].flatMap((governor) =>
      (named(governor.rules) ?? []).filter(({namespace}) => {
        const governing = this.governing(namespace)
        return governing.ok && governing.governor === governor
      }),
    )
  }

  #guarded(neighbour: Neighbour, namespace: string): Neighbour {
    const service = {namespace, name: neighbour.name}
    const governing = this.governing(namespace)
    const configured = governing.ok && governing.governor.rules.access.has(shownService(service))
    const written = this.accessRules(service).some((rule) => this.grants('AccessPolicy', rule.namespace, service))
    if (configured || written) return {...neighbour, guarded: 'access'}
    const mutual = governing.ok && governing.governor.configuration.mesh.security?.mutualTLS === true
    return mutual && this.isGoverned(namespace) ? {...neighbour, guarded: 'mutual-tls'} : neighbour
  }

  #namesakes({namespace, name}: ServiceName): readonly string[] {
    this.#note(namesakesFact(name))
    return this.#cluster.namesakes(name).filter((other) => {
      if (other === namespace || !this.#realm.isGoverned(other)) return false
      const governing = this.#realm.of(other)
      return governing.ok && governing.governor.mesh === 'consul'
    })
  }
}

/** Each once. */
function inOrder(services: readonly ServiceName[]): readonly ServiceName[] {
  return [...new Map(services.map((service) => [shownService(service), service])).values()].sort(byService)
}
