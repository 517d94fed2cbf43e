import type {Configuration} from '../config/schema.ts'
import {loadConfiguration, loadMeshConfig, type LoadedConfiguration} from '../config/load.ts'
import {formatPlace, shown, type ConfigProblem} from '../config/problem.ts'
import type {Tree} from '../config/tree.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject, StringMap} from '../mesh/pod.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {readConfiguredRules, type ConfiguredRules} from './configured.ts'
import type {Source} from './origin.ts'
import {refused} from './problem.ts'
import {configurationSite, objectSite, shownSource, type Site} from './site.ts'

/** One configuration in one environment, as it governs namespaces. */
export interface Governor {
  readonly site: Site
  readonly mesh: MeshName
  readonly configuration: Configuration
  readonly rules: ConfiguredRules
}

/**
 * Who governs a namespace; a problem where its labels name what there is not, or where nothing usable is there, with
 * a configuration that says as little as can be.
 */
export type Governing =
  | {readonly ok: true; readonly governor: Governor}
  | {readonly ok: false; readonly problem: RuleFinding; readonly governor: Governor}

interface Entry {
  readonly source: Source
  readonly generation: number | undefined
  /** The last good one. */
  readonly loaded: LoadedConfiguration | undefined
  /** Why the newest one was not taken. */
  readonly problems: readonly RuleFinding[]
  /** The spec, as text: to tell a change from a new status. */
  readonly text: string
  /** By environment, '' for the base. */
  readonly governors: Map<string, Governor>
}

export const configKey = 'meshwright.dev/config'
export const environmentKey = 'meshwright.dev/environment'
const defaultName = 'default'

export interface GovernanceOptions {
  /** For namespaces whose label names no environment. */
  readonly environment?: string | undefined
  /** In place of every configuration's `mesh.type`. */
  readonly mesh?: MeshName | undefined
  /** What a configuration file is called as a source. */
  readonly fileName: string
}

/** The MeshConfigs of the cluster and the configuration file, and which of them governs what. */
export class Governance {
  readonly #options: GovernanceOptions
  readonly #entries = new Map<string, Entry>()
  readonly #nothing: Entry
  #file: Entry | undefined

  constructor(options: GovernanceOptions) {
    this.#options = options
    this.#nothing = entryOf({kind: 'MeshConfig', namespace: '', name: defaultName}, nothingSaid())
  }

  /** Whether anything changed for those whom it governs. */
  set(name: string, object: KubeObject, places?: Tree): boolean {
    const {metadata, spec} = object
    const before = this.#entries.get(name)
    const generation = metadata?.['generation']
    const text = JSON.stringify(spec ?? {})
    const source: Source = {kind: 'MeshConfig', namespace: '', name}
    const common = {source, generation: typeof generation === 'number' ? generation : undefined, text}
    if (before?.text === text) {
      this.#entries.set(name, {...before, ...common})
      return before.generation !== common.generation
    }
    const loading = loadMeshConfig(name, object, places)
    this.#entries.set(name, {
      ...common,
      loaded: loading.ok ? loading.loaded : before?.loaded,
      problems: loading.ok ? [] : loading.problems.map((problem) => notTaken(source, problem)),
      governors: new Map(),
    })
    return true
  }

  delete(name: string): boolean {
    return this.#entries.delete(name)
  }

  /** The configuration file, which stands for MeshConfig `default` where the cluster has none. */
  configure(loaded: LoadedConfiguration | undefined): void {
    const source: Source = {kind: 'MeshConfig', namespace: '', name: this.#options.fileName}
    this.#file = loaded === undefined ? undefined : entryOf(source, loaded)
  }

  sources(): readonly Source[] {
    const files = this.#file !== undefined && this.#default() === this.#file ? [this.#file] : []
    return [...files, ...this.#entries.values()].map(({source}) => source)
  }

  generationOf(name: string): number | undefined {
    return this.#entries.get(name)?.generation
  }

  /** Why configurations were not taken. */
  problems(): readonly RuleFinding[] {
    return [...this.#entries.values()].flatMap(({problems}) => problems)
  }

  /** Whether a namespace with these labels is governed by the source. */
  isGovernedBy(labels: StringMap, {name}: Source): boolean {
    return this.#entryFor(labels)?.source.name === name
  }

  /** Who governs where no label says otherwise: the source of cluster-wide objects. */
  byDefault(): Governing {
    return this.of({})
  }

  of(labels: StringMap): Governing {
    const entry = this.#entryFor(labels)
    const site = (source: Source) => objectSite(source).at(['spec'])
    if (entry === undefined) {
      const name = labels[configKey] ?? ''
      const message = `the namespace is labelled ${configKey}: ${shown(name)}, and there is no MeshConfig of that name`
      const problem = refused('MW6011', 'istio-words', site({kind: 'MeshConfig', namespace: '', name}), message)
      return {ok: false, problem, governor: this.#known(this.#nothing)}
    }
    if (entry.loaded === undefined) {
      const message = `MeshConfig ${entry.source.name} cannot be used, and was never good`
      return {
        ok: false,
        problem: refused('MW6012', 'istio-words', site(entry.source), message),
        governor: this.#known(this.#nothing),
      }
    }
    const named = Object.hasOwn(labels, environmentKey) ? labels[environmentKey] : undefined
    const governor = this.#governor(entry, named ?? this.#ownEnvironment(entry))
    if (governor !== undefined) return {ok: true, governor}
    const message = `the namespace is labelled ${environmentKey}: ${shown(named)}, an environment that the configuration lacks`
    return {
      ok: false,
      problem: refused('MW6011', 'istio-words', site(entry.source), message),
      governor: this.#known(entry),
    }
  }

  #default(): Entry {
    return this.#entries.get(defaultName) ?? this.#file ?? this.#nothing
  }

  #entryFor(labels: StringMap): Entry | undefined {
    const name = Object.hasOwn(labels, configKey) ? labels[configKey] : undefined
    return name === undefined ? this.#default() : this.#entries.get(name)
  }

  /** Of an environment that was chosen for all, where this configuration has it. */
  #ownEnvironment({loaded}: Entry): string | undefined {
    const {environment} = this.#options
    return environment !== undefined && loaded?.environments.includes(environment) === true ? environment : undefined
  }

  /** Undefined where there is no such environment. */
  #governor(entry: Entry, environment: string | undefined): Governor | undefined {
    const known = entry.governors.get(environment ?? '')
    if (known !== undefined) return known
    const resolution = entry.loaded?.resolve(environment, {mesh: this.#options.mesh})
    if (resolution?.ok !== true) return undefined
    const {configuration, provenance} = resolution.resolved
    const site = configurationSite(entry.source, provenance)
    const governor: Governor = {
      site,
      mesh: configuration.mesh.type ?? 'istio',
      configuration,
      rules: readConfiguredRules(configuration, site),
    }
    entry.governors.set(environment ?? '', governor)
    return governor
  }

  /** Of a configuration whose base is known to be good, or of none at all. */
  #known(entry: Entry): Governor {
    const governor = this.#governor(entry, undefined) ?? this.#governor(this.#nothing, undefined)
    if (governor === undefined) throw new Error('an empty configuration is good')
    return governor
  }
}

function entryOf(source: Source, loaded: LoadedConfiguration): Entry {
  return {source, generation: undefined, loaded, problems: [], text: '', governors: new Map()}
}

function nothingSaid(): LoadedConfiguration {
  const loading = loadConfiguration([])
  if (!loading.ok) throw new Error('an empty configuration is good')
  return loading.loaded
}

function notTaken(source: Source, {code, place, message}: ConfigProblem): RuleFinding {
  const origin = {source, path: 'spec', place: place === undefined ? shownSource(source) : formatPlace(place)}
  return refused('MW6012', 'istio-words', origin, `${code} ${message}`)
}
