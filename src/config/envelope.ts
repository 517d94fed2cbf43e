import {problemAt, problemAtKey, shown, type ConfigProblem} from './problem.ts'
import {readYaml, type ConfigSource, type Reading} from './read.ts'
import {child, isNull, plain, type Branch, type Tree} from './tree.ts'

export interface Unwrapped {
  /** The configurations that a source holds, in the order in which they patch each other. */
  readonly documents: readonly Branch[]
  readonly problems: readonly ConfigProblem[]
}

/** Reads a source that is a configuration, or a ConfigMap or MeshConfig object that holds one. */
export function readConfigurations(source: ConfigSource): Unwrapped {
  return unwrap(readYaml(source), source.file)
}

/** The same of an object of the API, whose parts are placed by path. */
export function unwrapObject(tree: Tree): Unwrapped {
  return unwrapDocument(tree, '')
}

function unwrap({tree, problems}: Reading, file: string): Unwrapped {
  if (tree === undefined || isNull(tree)) return {documents: [], problems}
  const inside = unwrapDocument(tree, file)
  return {documents: inside.documents, problems: [...problems, ...inside.problems]}
}

function unwrapDocument(tree: Tree, file: string): Unwrapped {
  if (tree.kind !== 'map') {
    const message = `a configuration is a map with mesh, meshSecurity, environments or templates, found ${shown(plain(tree))}`
    return refused(problemAt(tree, 'MW4008', message))
  }
  const kind = tree.entries.get('kind')
  if (kind === undefined) return {documents: [tree], problems: []}
  const name = plain(kind)
  if (name === 'ConfigMap') return unwrapConfigMap(tree, file)
  if (name === 'MeshConfig') return unwrapMeshConfig(tree)
  const message = `kind ${shown(name)} is not a configuration; give a configuration itself, a ConfigMap or a MeshConfig`
  return refused(problemAt(kind, 'MW4008', message))
}

const envelopeKeys = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status'])

function unwrapMeshConfig(tree: Branch): Unwrapped {
  const version = tree.entries.get('apiVersion')
  if (typeof value(version) !== 'string' || !String(value(version)).startsWith('meshwright.dev/')) {
    const found = version === undefined ? 'none' : shown(plain(version))
    return refused(
      problemAt(version ?? tree, 'MW4008', `apiVersion of a MeshConfig is meshwright.dev/v1alpha1, found ${found}`),
    )
  }
  const strangers = [...tree.entries]
    .filter(([key]) => !envelopeKeys.has(key))
    .map(([key, node]) =>
      problemAtKey(node, 'MW4003', `unknown key ${shown(key)} in a MeshConfig; settings stand in spec`),
    )
  const spec = tree.entries.get('spec')
  if (spec === undefined || isNull(spec)) return {documents: [], problems: strangers}
  if (spec.kind !== 'map') return refused(problemAt(spec, 'MW4008', `spec must be a map, found ${shown(plain(spec))}`))
  return {documents: strangers.length > 0 ? [] : [spec], problems: strangers}
}

function unwrapConfigMap(tree: Branch, file: string): Unwrapped {
  const data = tree.entries.get('data')
  if (data?.kind !== 'map' || data.entries.size === 0) {
    return refused(problemAt(data ?? tree, 'MW4008', 'the ConfigMap has no data; put the configuration under data'))
  }
  const parts = [...data.entries.keys()].sort().map((key) => {
    const node = child(data, key)
    const text = value(node)
    if (node?.kind !== 'leaf' || typeof text !== 'string') {
      return refused(problemAt(node ?? data, 'MW4008', `data.${key} must be text that holds a configuration`))
    }
    // Elsewhere than in a literal block the lines of the text are not lines of the file.
    const reading =
      node.block === undefined ? readYaml({file: `${file} (data.${key})`, text}) : readYaml({file, text}, node.block)
    return unwrap(reading, file)
  })
  return {documents: parts.flatMap(({documents}) => documents), problems: parts.flatMap(({problems}) => problems)}
}

function value(node: Tree | undefined): unknown {
  return node?.kind === 'leaf' ? node.value : undefined
}

function refused(problem: ConfigProblem): Unwrapped {
  return {documents: [], problems: [problem]}
}
