import {loadMeshConfig, type LoadedConfiguration, type ResolvedConfiguration} from '../config/load.ts'
import {formatProblem} from '../config/problem.ts'
import type {Finding} from '../mesh/finding.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {meshes} from '../mesh/registry.ts'
import type {Need, ResourceKind} from '../mesh/resource.ts'
import {ClusterCache, trimmed} from './cluster-cache.ts'
import type {Governing} from './review.ts'
import {prepareEnvironments, type Choice} from './state.ts'

export const namespaces: ResourceKind = {apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false}
export const meshConfigs: ResourceKind = {
  apiVersion: 'meshwright.dev/v1alpha1',
  kind: 'MeshConfig',
  plural: 'meshconfigs',
  namespaced: false,
}

/** The MeshConfig that governs where no label names another. */
export const defaultConfiguration = 'default'

/** Kinds that only a review reads; every other one is part of what settings are made of. */
const readByReviews: ReadonlySet<string> = new Set(['Namespace', 'ReplicaSet', 'Job', 'ServiceAccount'])

export interface InCluster extends Governing {
  readonly configurations: ReadonlyMap<string, Governing>
  /** By `NAME` or `NAME/ENVIRONMENT`; only where there are any. */
  readonly findings: ReadonlyMap<string, readonly Finding[]>
}

export interface Judgement {
  /** What is to be in force; absent while there is nothing that could be. */
  readonly inForce?: InCluster
  /** Why something is not in force, each with its place; the last good state of it stays. */
  readonly problems: readonly string[]
}

/**
 * What a webhook in a cluster knows, from what its watches tell it. Pure: it asks for objects through `needs`, and says
 * through `judge` what follows from those that came.
 */
export class ClusterState {
  readonly cache = new ClusterCache()
  readonly #choice: Choice
  /** Stand for the MeshConfig `default` where there is none; without files, the defaults. */
  #files: LoadedConfiguration
  readonly #loaded = new Map<string, LoadedConfiguration>()
  readonly #refused = new Map<string, readonly string[]>()
  readonly #good = new Map<string, Prepared>()

  constructor(choice: Choice, files: LoadedConfiguration) {
    this.#choice = choice
    this.#files = files
  }

  useFiles(files: LoadedConfiguration): void {
    this.#files = files
  }

  /** True where settings may follow from the object, so that `needs` and `judge` must be asked again. */
  set(need: Need, object: KubeObject): boolean {
    if (need.kind.kind === meshConfigs.kind) return this.#configure(object)
    this.cache.set(need.kind.kind, trimmed(need, object))
    return !readByReviews.has(need.kind.kind)
  }

  delete(need: Need, object: KubeObject): boolean {
    const {kind} = need.kind
    if (kind === meshConfigs.kind) {
      const name = object.metadata?.name ?? ''
      for (const known of [this.#loaded, this.#refused, this.#good]) known.delete(name)
      return true
    }
    this.cache.delete(kind, object)
    return !readByReviews.has(kind)
  }

  /** What has to be watched for the configurations as they are now, each once. */
  needs(): readonly Need[] {
    const needs = new Map<string, Need>()
    for (const [, loaded] of this.#configurations()) {
      for (const environment of [undefined, ...loaded.environments]) {
        const resolution = loaded.resolve(environment ?? this.#choice.environment, {mesh: this.#choice.mesh})
        if (!resolution.ok) continue
        const {configuration} = resolution.resolved
        for (const need of meshes[configuration.mesh.type ?? 'istio'].needs(configuration)) {
          needs.set(keyOf(need), need)
        }
      }
    }
    return [...needs.values()]
  }

  /** To be asked once everything in `needs` has been listed. */
  judge(): Judgement {
    const problems = [...this.#refused.values()].flat()
    for (const [name, loaded] of this.#configurations()) {
      const preparation = prepareEnvironments(loaded, this.cache, this.#choice)
      const lacking = preparation.ok ? lackingIn(preparation.prepared) : []
      if (preparation.ok && lacking.length === 0) this.#good.set(name, preparation.prepared)
      else if (preparation.ok) for (const reason of lacking) problems.push(`MeshConfig ${name} ${reason}`)
      else for (const problem of preparation.problems) problems.push(formatProblem(problem))
    }
    const governing = this.#good.get(defaultConfiguration)
    if (governing === undefined) return {problems}
    const findings = [...this.#good].flatMap(([name, good]) =>
      [...good.findings].map(([environment, found]) => [environment ? `${name}/${environment}` : name, found] as const),
    )
    const {base, environments} = governing
    return {inForce: {base, environments, configurations: this.#good, findings: new Map(findings)}, problems}
  }

  /** The configuration that a namespace's labels choose, with the origin of every value; undefined where it is not good. */
  resolved(
    name: string = defaultConfiguration,
    environment: string | undefined = this.#choice.environment,
  ): ResolvedConfiguration | undefined {
    const loaded = new Map(this.#configurations()).get(name)
    const resolution = loaded?.resolve(environment, {mesh: this.#choice.mesh})
    return resolution?.ok === true ? resolution.resolved : undefined
  }

  #configure(object: KubeObject): true {
    const name = object.metadata?.name ?? ''
    const result = loadMeshConfig(name, object)
    if (result.ok) {
      this.#loaded.set(name, result.loaded)
      this.#refused.delete(name)
    } else this.#refused.set(name, result.problems.map(formatProblem))
    return true
  }

  *#configurations(): Generator<readonly [string, LoadedConfiguration]> {
    const stated = this.#loaded.has(defaultConfiguration) || this.#refused.has(defaultConfiguration)
    if (!stated) yield [defaultConfiguration, this.#files]
    yield* this.#loaded
  }
}

/** With settings that no proxy would start with a configuration is not taken, although it is good. */
function lackingIn({base, environments}: Governing): readonly string[] {
  return [...new Set([base, ...environments.values()].flatMap(({injector}) => injector.incomplete ?? []))]
}

type Prepared = Extract<ReturnType<typeof prepareEnvironments>, {ok: true}>['prepared']

/** One watch each. */
export function keyOf({kind: {apiVersion, kind}, namespace = '', name = ''}: Need): string {
  return `${apiVersion}/${kind}/${namespace}/${name}`
}
