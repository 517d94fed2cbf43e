import type {Cluster} from './cluster.ts'
import type {Governance} from './governance.ts'
import type {ServiceName} from './intent.ts'
import type {Source} from './origin.ts'
import type {Realms} from './realm.ts'
import type {Rulebook} from './rulebook.ts'
import {byService, meshUnit, namespaceUnit, serviceUnit, type Unit} from './unit.ts'

/** Which units there are: of whom rules speak, and whom a configuration governs. */
export class Census {
  readonly #cluster: Cluster
  readonly #rulebook: Rulebook
  readonly #governance: Governance
  readonly #realm: Realms

  constructor(parts: {
    readonly cluster: Cluster
    readonly rulebook: Rulebook
    readonly governance: Governance
    readonly realm: Realms
  }) {
    this.#cluster = parts.cluster
    this.#rulebook = parts.rulebook
    this.#governance = parts.governance
    this.#realm = parts.realm
  }

  /** Every unit of which something may be wanted or be wrong, in order. */
  units(): readonly Unit[] {
    const namespaces = this.#realm.namespaces()
    const isUnit = (namespace: string) => this.#realm.isGoverned(namespace) || !this.#realm.of(namespace).ok
    return [
      meshUnit,
      ...namespaces.filter(isUnit).map(namespaceUnit),
      ...this.spokenOf(namespaces).sort(byService).map(serviceUnit),
    ]
  }

  /** Services that a configuration in force names. */
  configured(): readonly ServiceName[] {
    return [...this.#realm.governors()].flatMap(({rules}) => rules.services)
  }

  /** Namespaces that the MeshConfig of that name, or the file called so, governs. */
  namespacesUnder(name: string): readonly string[] {
    const source: Source = {kind: 'MeshConfig', namespace: '', name}
    return this.#realm.namespaces().filter((namespace) => {
      const labels = this.#cluster.namespace(namespace)?.labels ?? {}
      return this.#governance.isGovernedBy(labels, source)
    })
  }

  /** Units that a configuration has a say in. */
  governedBy(source: Source): ReadonlySet<Unit> {
    const namespaces = this.namespacesUnder(source.name)
    const units = new Set([...namespaces.map(namespaceUnit), ...this.spokenOf(namespaces).map(serviceUnit)])
    const isDefault = this.#governance.isGovernedBy({}, source)
    if (isDefault || this.#governance.problems().some(({origin}) => origin.source.name === source.name)) {
      units.add(meshUnit)
    }
    return units
  }

  /** Services of these namespaces that a rule, or mutual TLS for all, is about. */
  spokenOf(namespaces: readonly string[]): ServiceName[] {
    const configured = Map.groupBy(this.configured(), ({namespace}) => namespace)
    return namespaces.flatMap((namespace) => {
      const names = new Set(this.#rulebook.names(namespace))
      for (const {name} of configured.get(namespace) ?? []) names.add(name)
      if (this.#isMutual(namespace)) {
        for (const {name, managedFor} of this.#cluster.services(namespace))
          if (managedFor === undefined) names.add(name)
      }
      return [...names].map((name) => ({namespace, name}))
    })
  }

  /** Whether mutual TLS is asked for, or switched off, for every service of the namespace. */
  #isMutual(namespace: string): boolean {
    const governing = this.#realm.of(namespace)
    const value = governing.governor.configuration.mesh.security?.mutualTLS
    return governing.ok && value !== undefined && this.#realm.isGoverned(namespace)
  }

  /** Whether the service is a unit. */
  isSpokenOf({namespace, name}: ServiceName): boolean {
    if (this.#rulebook.isAbout({namespace, name})) return true
    const isOurs = this.#cluster.service({namespace, name})?.managedFor !== undefined
    if (!isOurs && this.#isMutual(namespace)) return true
    return [...this.#realm.governors()].some(({rules}) => rules.isAbout({namespace, name}))
  }
}
