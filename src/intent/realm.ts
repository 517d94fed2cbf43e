import type {Configuration} from '../config/schema.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {StringMap} from '../mesh/pod.ts'
import type {Cluster} from './cluster.ts'
import {configKey, environmentKey, type Governance, type Governing, type Governor} from './governance.ts'
import type {Rulebook} from './rulebook.ts'
import type {TrimmedNamespace} from './trim.ts'
import type {Realm} from './view.ts'

/** Where the mesh itself runs, as its installation says. */
export type SystemNamespaces = (configuration: Configuration) => readonly string[]

const injectKey = 'meshwright.dev/inject'
const clusterNamespaces = new Set(['kube-system', 'kube-public', 'kube-node-lease'])
const usualNamespaces: Readonly<Record<MeshName, string>> = {
  istio: 'istio-system',
  linkerd: 'linkerd',
  consul: 'consul',
}
const nothing: TrimmedNamespace = {labels: {}, annotations: {}}

/** The namespaces of the world, each under who governs it. */
export class Realms implements Realm {
  /** Whether namespaces that no object tells of do not exist. */
  readonly #complete: boolean
  readonly #cluster: Cluster
  readonly #rulebook: Rulebook
  readonly #governance: Governance
  readonly #system: SystemNamespaces
  /** The different choices of a configuration and an environment, and how many namespaces make each. */
  readonly #choices = new Map<string, {readonly labels: StringMap; readonly namespaces: number}>()
  #governors: ReadonlySet<Governor> | undefined

  constructor(
    complete: boolean,
    parts: {readonly cluster: Cluster; readonly rulebook: Rulebook; readonly governance: Governance},
    system: SystemNamespaces = ({mesh}) => [usualNamespaces[mesh.type ?? 'istio']],
  ) {
    this.#complete = complete
    this.#cluster = parts.cluster
    this.#rulebook = parts.rulebook
    this.#governance = parts.governance
    this.#system = system
  }

  of(namespace: string): Governing {
    return this.#governance.of(this.#facts(namespace).labels)
  }

  byDefault(): Governing {
    return this.#governance.byDefault()
  }

  governors(): ReadonlySet<Governor> {
    if (this.#governors !== undefined) return this.#governors
    const all = [this.byDefault(), ...[...this.#choices.values()].map(({labels}) => this.#governance.of(labels))]
    this.#governors = new Set(all.flatMap((governing) => (governing.ok ? [governing.governor] : [])))
    return this.#governors
  }

  /** A namespace that there may not have been before, or is no longer. */
  count(before: TrimmedNamespace | undefined, after: TrimmedNamespace | undefined): void {
    for (const [facts, more] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (facts === undefined) continue
      const labels = choiceOf(facts.labels)
      const key = JSON.stringify(labels)
      const namespaces = (this.#choices.get(key)?.namespaces ?? 0) + more
      if (namespaces === 0) this.#choices.delete(key)
      else this.#choices.set(key, {labels, namespaces})
    }
    this.forget()
  }

  /** A configuration changed. */
  forget(): void {
    this.#governors = undefined
  }

  isGoverned(namespace: string): boolean {
    if (this.#complete && this.#cluster.namespace(namespace) === undefined) return false
    const governing = this.of(namespace)
    if (!governing.ok || clusterNamespaces.has(namespace)) return false
    const {configuration, mesh, rules} = governing.governor
    if (this.#system(configuration).includes(namespace)) return false
    const {autoInject, injectionNamespace} = configuration.mesh
    const {labels, annotations} = this.#facts(namespace)
    return (
      (injectionNamespace === undefined ? autoInject === true : injectionNamespace.includes(namespace)) ||
      [configKey, environmentKey].some((key) => Object.hasOwn(labels, key)) ||
      (Object.hasOwn(labels, injectKey) && labels[injectKey] === 'enabled') ||
      optsIn[mesh]({labels, annotations}) ||
      this.#rulebook.isIn(namespace) ||
      rules.named.some(({service}) => service.namespace === namespace)
    )
  }

  /** Every namespace that anything is known of, or that a rule is about, in order. */
  namespaces(): readonly string[] {
    const configured = [...this.governors()].flatMap(({rules}) => rules.services.map(({namespace}) => namespace))
    const named = this.#complete ? [] : this.#named()
    const all = [...this.#cluster.namespaces(), ...this.#rulebook.namespaces(), ...configured, ...named]
    return [...new Set(all)].sort()
  }

  /** Namespaces that the configuration speaks of, which is all that is known of them. */
  #named(): readonly string[] {
    const {injectionNamespace = [], autoInject} = this.byDefault().governor.configuration.mesh
    return autoInject === true && injectionNamespace.length === 0 ? ['default'] : injectionNamespace
  }

  #facts(namespace: string): TrimmedNamespace {
    return this.#cluster.namespace(namespace) ?? nothing
  }
}

function choiceOf(labels: StringMap): StringMap {
  const own = [configKey, environmentKey].filter((key) => Object.hasOwn(labels, key))
  return Object.fromEntries(own.map((key) => [key, labels[key] ?? '']))
}

/** The mesh's own word of a namespace that opts in. Consul has none: its lists stand in its values. */
const optsIn: Readonly<Record<MeshName, (namespace: TrimmedNamespace) => boolean>> = {
  istio: ({labels}) => labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] ?? '') !== '',
  linkerd: ({annotations}) => ['enabled', 'ingress'].includes(annotations['linkerd.io/inject'] ?? ''),
  consul: () => false,
}
