import type {LoadedConfiguration} from '../config/load.ts'
import type {Tree} from '../config/tree.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {Built} from './built.ts'
import {Census} from './census.ts'
import {Cluster} from './cluster.ts'
import {
  mentionsFact,
  defaultFact,
  governanceFact,
  namesakesFact,
  rulesFact,
  serviceFact,
  serviceOf,
  type Fact,
} from './fact.ts'
import {Governance} from './governance.ts'
import {serviceOfHost} from './host.ts'
import type {ServiceName} from './intent.ts'
import {buildMesh, buildNamespace} from './namespace.ts'
import type {Source} from './origin.ts'
import {Readers} from './readers.ts'
import {Realms, type SystemNamespaces} from './realm.ts'
import {accessRule, registered, trafficRule} from './rule.ts'
import {Rulebook, type RuleChange} from './rulebook.ts'
import {buildService} from './service.ts'
import {
  hasRoutes,
  trimGrant,
  trimNamespace,
  trimPod,
  trimService,
  type TrimmedNamespace,
  type TrimmedService,
} from './trim.ts'
import {meshUnit, namespaceUnit, reconciledBy, serviceUnit, type Unit} from './unit.ts'
import {View} from './view.ts'

export type {Aspect, Built, Wanted} from './built.ts'
export type {Unit} from './unit.ts'

export interface WorldOptions {
  /**
   * True: the world holds all that the cluster has, so what it lacks does not exist. False: a few documents without a
   * cluster, so what is not among them is unknown.
   */
  readonly cluster: boolean
  /** Stands as MeshConfig `default` where the cluster has none. */
  readonly configuration?: LoadedConfiguration
  /** What `configuration` is called as a source: its file. */
  readonly configurationName?: string
  /** For namespaces whose label names no environment, where their configuration has it; absent: the base. */
  readonly environment?: string
  /** In place of every configuration's `mesh.type`. */
  readonly mesh?: MeshName
  /** Absent: where each mesh is installed by default. */
  readonly systemNamespaces?: SystemNamespaces
}

/** Kinds that a world takes in, for whoever watches a cluster on its behalf. */
export const worldKinds = [
  {apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false},
  {apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true},
  {apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true},
  {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', plural: 'meshconfigs', namespaced: false},
  {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshService', plural: 'meshservices', namespaced: true},
  {apiVersion: 'meshwright.dev/v1alpha1', kind: 'TrafficPolicy', plural: 'trafficpolicies', namespaced: true},
  {apiVersion: 'meshwright.dev/v1alpha1', kind: 'AccessPolicy', plural: 'accesspolicies', namespaced: true},
  {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    plural: 'referencegrants',
    namespaced: true,
  },
  {apiVersion: 'linkerd.io/v1alpha2', kind: 'ServiceProfile', plural: 'serviceprofiles', namespaced: true},
] as const

/** Where manifests put what names no namespace. */
const usualNamespace = 'default'
const noUnits: ReadonlySet<Unit> = new Set()

/** Rules and what they are about, in memory, trimmed to what intents are made of. Pure: no clock, no I/O. */
export class World {
  readonly #complete: boolean
  readonly #cluster = new Cluster()
  readonly #rulebook = new Rulebook()
  readonly #governance: Governance
  readonly #realm: Realms
  readonly #census: Census
  readonly #readers = new Readers()

  constructor(options: WorldOptions) {
    const {cluster, configuration, configurationName = 'configuration', environment, mesh} = options
    this.#complete = cluster
    this.#governance = new Governance({fileName: configurationName, environment, mesh})
    const parts = {cluster: this.#cluster, rulebook: this.#rulebook, governance: this.#governance}
    this.#realm = new Realms(cluster, parts, options.systemNamespaces)
    this.#census = new Census({...parts, realm: this.#realm})
    this.configure(configuration)
  }

  /**
   * Takes an object in, in place of the one with its kind, namespace and name. Returns the units whose intent may
   * differ from what `intentOf` last returned; without a cluster, `units` may have further ones. Kinds that no intent
   * reads are let go. `places` knows where the object's parts stand in a file.
   */
  set(object: KubeObject, places?: Tree): ReadonlySet<Unit> {
    return this.#change(object, object, places)
  }

  /** The same for an object that is gone; only its kind, namespace and name are read. */
  delete(object: KubeObject): ReadonlySet<Unit> {
    return this.#change(object, undefined)
  }

  /** The configuration file is another one. */
  configure(configuration: LoadedConfiguration | undefined): ReadonlySet<Unit> {
    return this.#govern(
      () => this.#realm.namespaces(),
      () => {
        this.#governance.configure(configuration)
        return true
      },
    )
  }

  /** Every unit of which something may be wanted or be wrong, in order. */
  units(): readonly Unit[] {
    return this.#census.units()
  }

  /** Throws for what is no unit. */
  intentOf(unit: Unit): Built {
    const facts = new Set<Fact>()
    const view = new View(
      this.#complete,
      {cluster: this.#cluster, rulebook: this.#rulebook, realm: this.#realm},
      (fact) => facts.add(fact),
    )
    const about = reconciledBy(unit)
    const built =
      about.kind === 'service'
        ? buildService(about.service, view)
        : about.kind === 'namespace'
          ? buildNamespace(about.namespace, view)
          : buildMesh(this.#governance.problems(), view)
    // What a unit is told of anyway is not noted: there are tens of thousands of them.
    for (const own of ownFacts(unit)) facts.delete(own)
    this.#readers.note(unit, facts)
    return built
  }

  /** Every rule object of the world, and the configuration file where it counts, in order. */
  sources(): readonly Source[] {
    const rules = [...this.#rulebook.all()].map(({site}) => site.source)
    const key = ({kind, namespace, name}: Source) => `${kind}/${namespace}/${name}`
    return [...this.#governance.sources(), ...rules].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  }

  /** Units that a source has a say in, in order. */
  unitsOf(source: Source): readonly Unit[] {
    const {kind, namespace, name} = source
    if (kind === 'MeshConfig') return [...this.#census.governedBy(source)].sort()
    const rule = this.#rulebook.of(kind, {namespace, name})
    if (rule === undefined) return []
    const {destination} = rule
    const others = kind === 'TrafficPolicy' ? this.#rulebook.reachedBy({namespace, name}) : []
    return [...new Set([destination, ...others].map(serviceUnit))].sort()
  }

  /** `metadata.generation` of the object as intents are built from it. */
  generationOf({kind, namespace, name}: Source): number | undefined {
    return kind === 'MeshConfig'
      ? this.#governance.generationOf(name)
      : this.#rulebook.of(kind, {namespace, name})?.generation
  }

  #change(object: KubeObject, after: KubeObject | undefined, places?: Tree): ReadonlySet<Unit> {
    const {kind = '', apiVersion = '', metadata} = object
    const {name = '', namespace = usualNamespace} = metadata ?? {}
    if (name === '') return noUnits
    const at = {namespace: namespace === '' ? usualNamespace : namespace, name}
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
    switch (`${group}/${kind}`) {
      case '/Namespace':
        return this.#govern(
          () => [name],
          () => this.#setNamespace(name, after && trimNamespace(after)),
        )
      case '/Service':
        return this.#setService(at, after && trimService(name, after))
      case '/Pod':
        return this.#affected(this.#cluster.setPod(at.namespace, name, after && trimPod(after)))
      case 'gateway.networking.k8s.io/ReferenceGrant':
        return this.#affected(this.#cluster.setGrant(at, after && trimGrant(after)))
      case 'linkerd.io/ServiceProfile':
        return this.#setProfile(at, after)
      case 'meshwright.dev/MeshConfig':
        return this.#govern(
          () => this.#census.namespacesUnder(name),
          () => (after === undefined ? this.#governance.delete(name) : this.#governance.set(name, after, places)),
        )
      case 'meshwright.dev/TrafficPolicy':
        return this.#settle(at, () =>
          this.#rulebook.setTraffic(at, after && trafficRule(after, at.namespace, name, places)),
        )
      case 'meshwright.dev/AccessPolicy':
        return this.#settle(at, () =>
          this.#rulebook.setAccess(at, after && accessRule(after, at.namespace, name, places)),
        )
      case 'meshwright.dev/MeshService':
        return this.#settle(at, () =>
          this.#rulebook.setService(at, after && registered(after, at.namespace, name, places)),
        )
      default:
        return noUnits
    }
  }

  #setNamespace(name: string, after: TrimmedNamespace | undefined): boolean {
    const before = this.#cluster.namespace(name)
    const changed = this.#cluster.setNamespace(name, after)
    if (changed) this.#realm.count(before, after)
    return changed
  }

  #setService(service: ServiceName, after: TrimmedService | undefined): ReadonlySet<Unit> {
    const before = this.#census.isSpokenOf(service)
    const facts = this.#cluster.setService(service, after)
    const affected = this.#affected(facts)
    return before && facts.length > 0 ? affected.add(serviceUnit(service)) : affected
  }

  #setProfile({namespace, name}: ServiceName, after: KubeObject | undefined): ReadonlySet<Unit> {
    const service = serviceOfHost(name, namespace)
    if (service === undefined) return noUnits
    const profile = after !== undefined && hasRoutes(after) ? name : undefined
    return this.#affected(this.#cluster.setProfile(namespace, service, profile))
  }

  /** Its first rule may bring a namespace into the mesh, and its last one out of it. */
  #settle({namespace}: ServiceName, change: () => RuleChange): ReadonlySet<Unit> {
    const before = this.#realm.isGoverned(namespace)
    const {facts, settled} = change()
    const affected = this.#affected(facts)
    if (!settled || this.#realm.isGoverned(namespace) === before) return affected
    return new Set([...affected, ...this.#inhabitants([namespace])])
  }

  /** A change of who governs the namespaces that `among` names before and after it. */
  #govern(among: () => readonly string[], change: () => boolean): ReadonlySet<Unit> {
    const [before, named, usual] = [among(), this.#census.configured(), this.#realm.byDefault().governor]
    const affected = this.#inhabitants(before)
    if (!change()) return noUnits
    this.#realm.forget()
    if (this.#realm.byDefault().governor !== usual) {
      for (const unit of this.#readers.of(defaultFact)) affected.add(unit)
    }
    const after = among().filter((namespace) => !before.includes(namespace))
    for (const unit of this.#inhabitants([...before, ...after])) affected.add(unit)
    const facts = [...named, ...this.#census.configured()].map(mentionsFact)
    for (const unit of this.#affected(facts)) affected.add(unit)
    return affected.add(meshUnit)
  }

  /** Every unit of namespaces whose governance is another one, and whoever has read of it. */
  #inhabitants(namespaces: readonly string[]): Set<Unit> {
    const units = new Set(namespaces.map(namespaceUnit))
    for (const service of this.#census.spokenOf(namespaces)) units.add(serviceUnit(service))
    for (const namespace of namespaces) {
      for (const unit of this.#readers.of(governanceFact(namespace))) units.add(unit)
      for (const {name} of this.#cluster.services(namespace)) {
        for (const unit of this.#readers.of(namesakesFact(name))) units.add(unit)
      }
    }
    return units
  }

  #affected(facts: readonly Fact[]): Set<Unit> {
    const units = new Set<Unit>()
    for (const fact of facts) {
      for (const unit of this.#readers.of(fact)) units.add(unit)
      const told = serviceOf(fact)
      if (told !== undefined && (told.about !== 'service' || this.#census.isSpokenOf(told.service))) {
        units.add(serviceUnit(told.service))
      }
    }
    return units
  }
}

/** What `set` and `delete` tell a unit of without its having read it. */
function ownFacts(unit: Unit): readonly Fact[] {
  const about = reconciledBy(unit)
  if (about.kind === 'mesh') return []
  if (about.kind === 'namespace') return [governanceFact(about.namespace)]
  const {service} = about
  return [serviceFact(service), rulesFact(service), mentionsFact(service), governanceFact(service.namespace)]
}
