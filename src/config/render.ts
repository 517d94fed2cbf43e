import {Document, Pair, Scalar, YAMLMap, YAMLSeq} from 'yaml'
import {formatPlace} from './problem.ts'
import {leaves, plain, type Tree} from './tree.ts'

/** `mesh.yaml:5:20 (environment production)`: who said so, and where. */
export function originOf({place, keyPlace, layer}: Tree): string {
  const written = place ?? keyPlace
  return written === undefined ? `(${layer})` : `${formatPlace(written)} (${layer})`
}

/** The configuration as YAML, each value with its origin in a comment; reads back as the same configuration. */
export function renderYaml(tree: Tree): string {
  const document = new Document(node(tree))
  // Texts such as `yes` and `0644`, which Kubernetes would read as something else, are put in quotes.
  document.setSchema('1.2', {compat: 'yaml-1.1'})
  return document.toString({lineWidth: 0})
}

function node(tree: Tree): YAMLMap | YAMLSeq | Scalar {
  if (tree.kind === 'map' && tree.entries.size > 0) {
    const map = new YAMLMap()
    for (const [key, value] of tree.entries) map.add(new Pair(new Scalar(key), node(value)))
    return map
  }
  if (tree.kind === 'list' && tree.items.length > 0) {
    const list = new YAMLSeq()
    for (const item of tree.items) list.add(node(item))
    return list
  }
  const made = tree.kind === 'leaf' ? new Scalar(tree.value) : tree.kind === 'map' ? new YAMLMap() : new YAMLSeq()
  made.comment = ` ${originOf(tree)}`
  return made
}

/** A value that two resolved configurations do not share; a side is absent where it does not have the key. */
export interface Difference {
  readonly path: readonly string[]
  readonly from?: Tree
  readonly to?: Tree
}

export function differences(from: Tree, to: Tree): readonly Difference[] {
  const [before, after] = [from, to].map(
    (tree) => new Map([...leaves(tree)].map(({path, leaf}) => [JSON.stringify(path), {path, leaf}])),
  )
  const keys = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])
  return [...keys].flatMap((key) => {
    const [one, other] = [before?.get(key), after?.get(key)]
    const path = one?.path ?? other?.path ?? []
    if (one !== undefined && other !== undefined && text(one.leaf) === text(other.leaf)) return []
    return [{path, ...(one && {from: one.leaf}), ...(other && {to: other.leaf})}]
  })
}

/** A value on one line, as JSON. */
export function text(tree: Tree): string {
  return JSON.stringify(plain(tree))
}
