import type {Finding} from '../mesh/finding.ts'
import type {MeshName} from '../mesh/mesh.ts'
import {checkResolved} from './check.ts'
import {contradictions} from './contradictions.ts'
import {declare, noDeclarations, type Declarations} from './declarations.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {readConfigurations, unwrapObject, type Unwrapped} from './envelope.ts'
import {layersOf} from './environments.ts'
import {suggestion} from './keys.ts'
import {mergePatch} from './merge.ts'
import {inOrder, problemAtKey, shown, type ConfigProblem} from './problem.ts'
import type {ConfigSource} from './read.ts'
import {configurationSchema, type Configuration} from './schema.ts'
import {at, nearest, placed, plain, planted, replaced, type Tree} from './tree.ts'

/** One environment's configuration, whole: every layer merged, in the canonical spelling. */
export interface ResolvedConfiguration {
  /** Absent: the base alone. */
  readonly environment?: string
  readonly configuration: Configuration
  /** The same as a tree whose every value knows its file, line, column and layer. */
  readonly provenance: Tree
  /** Spellings that another one of the same layer outranks. */
  readonly findings: readonly Finding[]
}

export type ConfigResolution =
  | {readonly ok: true; readonly resolved: ResolvedConfiguration}
  | {readonly ok: false; readonly problems: readonly ConfigProblem[]}

/** A configuration of which every environment has been resolved once and found good. */
export interface LoadedConfiguration {
  /** Names, in the order of declaration. */
  readonly environments: readonly string[]
  /** `mesh` beats `mesh.type` of every layer. Fails only for an environment that is not declared. */
  resolve(environment?: string, options?: ResolveOptions): ConfigResolution
}

export interface ResolveOptions {
  readonly mesh?: MeshName | undefined
}

export type LoadResult =
  | {readonly ok: true; readonly loaded: LoadedConfiguration}
  | {readonly ok: false; readonly problems: readonly ConfigProblem[]}

/**
 * Reads configuration sources, each laid over the ones before it, and resolves every environment they declare. All
 * problems come back at once, in the order of the text. Pure, and total: no text makes it throw.
 */
export function loadConfiguration(sources: readonly ConfigSource[]): LoadResult {
  return load(
    sources.map(readConfigurations),
    sources.map(({file}) => file),
  )
}

/**
 * The same of a MeshConfig object of the API: problems and provenance name its parts by their path, or by where
 * `places` knows them to stand in a file.
 */
export function loadMeshConfig(name: string, object: KubeObject, places?: Tree): LoadResult {
  const {kind = 'MeshConfig', apiVersion, spec} = object
  return load([unwrapObject(places ?? placed({kind, apiVersion, spec}, `MeshConfig ${name}`))], [])
}

function load(sources: readonly Unwrapped[], files: readonly string[]): LoadResult {
  // Never spread into push: a file may hold more mistakes than a call takes arguments.
  let problems: readonly ConfigProblem[] = []
  let declarations = noDeclarations
  for (const {documents, problems: found} of sources) {
    problems = problems.concat(found)
    for (const document of documents) {
      const laid = declare(declarations, document)
      if (laid.ok) declarations = laid.declarations
      else problems = problems.concat(laid.problems)
    }
  }
  const environments = [...declarations.environments.keys()]
  const resolutions = new Map<string | undefined, ConfigResolution>()
  // A file that could not be read may have declared what the others name.
  if (problems.length === 0) {
    for (const environment of [undefined, ...environments]) {
      const resolution = resolve(declarations, environment)
      resolutions.set(environment, resolution)
      if (!resolution.ok) problems = problems.concat(resolution.problems)
    }
  }
  if (problems.length > 0) return {ok: false, problems: inOrder(problems, files)}

  const loaded: LoadedConfiguration = {
    environments,
    resolve(environment, {mesh} = {}) {
      const resolution = resolutions.get(environment)
      if (resolution === undefined) return {ok: false, problems: [unknownEnvironment(environment ?? '', environments)]}
      return mesh === undefined ? resolution : resolve(declarations, environment, mesh)
    },
  }
  return {ok: true, loaded}
}

function unknownEnvironment(name: string, known: readonly string[]): ConfigProblem {
  const none = known.length === 0 ? '; the configuration declares none' : ''
  return {code: 'MW4012', message: `unknown environment ${shown(name)}${suggestion(name, known)}${none}`}
}

function resolve(declarations: Declarations, environment: string | undefined, mesh?: MeshName): ConfigResolution {
  const chain = layersOf(declarations, environment)
  if (!chain.ok) return chain
  let tree = chain.layers.map((patch) => patch.tree).reduce<Tree | undefined>(mergePatch, undefined)
  if (mesh !== undefined) tree = replaced(tree, ['mesh', 'type'], planted(mesh, '--mesh'))
  if (at(tree, ['mesh', 'type']) === undefined) tree = replaced(tree, ['mesh', 'type'], planted('istio', 'default'))
  const provenance = tree ?? planted({}, 'default')

  const parsed = configurationSchema.safeParse(plain(provenance))
  if (!parsed.success) return {ok: false, problems: checkResolved(provenance, parsed.error.issues)}
  const findings = chain.layers.flatMap((patch) => patch.findings)
  const refused =
    parsed.data.mesh.strict === true ? findings.map((finding) => refusedByStrict(provenance, finding)) : []
  const problems = [...contradictions(parsed.data, provenance), ...refused]
  if (problems.length > 0) return {ok: false, problems}
  return {
    ok: true,
    resolved: {...(environment === undefined ? {} : {environment}), configuration: parsed.data, provenance, findings},
  }
}

function refusedByStrict(provenance: Tree, {key, message}: Finding): ConfigProblem {
  return problemAtKey(
    nearest(provenance, key.split('.')),
    'MW4018',
    `${key}: ${message}; mesh.strict is true, so this is refused`,
  )
}
