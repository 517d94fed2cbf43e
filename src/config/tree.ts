/**
 * Where something was written, 1-based; columns count UTF-16 code units. Line 0: in no text but in an object of the API,
 * and `file` holds its kind, its name and the path inside: `MeshConfig default spec.mesh.type`.
 */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Who wrote a value: `base`, `template NAME`, `environment NAME`, `default` or `--mesh`. */
export type Layer = string

interface Node {
  /** Absent on what nobody wrote into a file: built-in templates, defaults, flags. */
  readonly place?: Place
  /** The key that leads here, where the parent is a map. */
  readonly keyPlace?: Place
  readonly layer: Layer
}

export interface Leaf extends Node {
  readonly kind: 'leaf'
  readonly value: string | number | boolean | null
  /** Of a literal block (`|`), where its text begins: a ConfigMap holds whole files in such blocks. */
  readonly block?: {readonly line: number; readonly indent: number}
}
export interface Listing extends Node {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}
export interface Branch extends Node {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Tree>
  /** As a patch: nothing of what lies below survives, as if null had come first. */
  readonly replaces?: true
}

/**
 * A document whose every part knows where it was written. Layers merge as trees, so that a resolved configuration
 * carries the origin of each of its values; keys live in Maps, so that `__proto__` is a key like any other.
 */
export type Tree = Leaf | Listing | Branch

export type Path = readonly (string | number)[]

export function isNull(tree: Tree | undefined): boolean {
  return tree?.kind === 'leaf' && tree.value === null
}

/** The part one step below, if there is one. */
export function child(tree: Tree | undefined, step: string | number): Tree | undefined {
  if (tree?.kind === 'map') return tree.entries.get(String(step))
  return tree?.kind === 'list' ? tree.items[Number(step)] : undefined
}

export function at(tree: Tree | undefined, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>(child, tree)
}

/** The deepest part on the way to `path` that somebody wrote into a file. */
export function nearest(tree: Tree, path: Path): Tree {
  let found = tree
  let here: Tree | undefined = tree
  for (const step of path) {
    here = child(here, step)
    if (here === undefined) break
    if (here.place !== undefined || here.keyPlace !== undefined) found = here
  }
  return found
}

/** Plain JSON; Object.fromEntries makes own properties, whatever the keys are called. */
export function plain(tree: Tree): unknown {
  if (tree.kind === 'leaf') return tree.value
  if (tree.kind === 'list') return tree.items.map(plain)
  return Object.fromEntries([...tree.entries].map(([key, value]) => [key, plain(value)]))
}

/** A tree of plain JSON that no file holds. */
export function planted(value: unknown, layer: Layer): Tree {
  if (Array.isArray(value)) return {kind: 'list', items: value.map((item) => planted(item, layer)), layer}
  if (typeof value === 'object' && value !== null) {
    return {
      kind: 'map',
      entries: new Map(Object.entries(value).map(([key, item]) => [key, planted(item, layer)])),
      layer,
    }
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return {kind: 'leaf', value, layer}
  }
  return {kind: 'leaf', value: null, layer}
}

/** A tree of plain JSON that an object of the API holds: every part is placed by its path in the object. */
export function placed(value: unknown, object: string, path = ''): Tree {
  const place: Place = {file: path === '' ? object : `${object} ${path}`, line: 0, column: 0}
  const node = {place, keyPlace: place, layer: 'base'}
  if (Array.isArray(value)) {
    return {kind: 'list', items: value.map((item, index) => placed(item, object, `${path}[${index}]`)), ...node}
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]): [string, Tree] => [
      key,
      placed(item, object, path === '' ? key : `${path}.${key}`),
    ])
    return {kind: 'map', entries: new Map(entries), ...node}
  }
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
  return {kind: 'leaf', value: plain, ...node}
}

/** The same document in the name of another layer. */
export function inLayer(tree: Tree, layer: Layer): Tree {
  if (tree.kind === 'leaf') return {...tree, layer}
  if (tree.kind === 'list') return {...tree, items: tree.items.map((item) => inLayer(item, layer)), layer}
  return {...tree, entries: new Map([...tree.entries].map(([key, value]) => [key, inLayer(value, layer)])), layer}
}

/** Every value with its path; an empty map or list is one too. */
export function* leaves(tree: Tree, path: readonly string[] = []): Generator<{path: readonly string[]; leaf: Tree}> {
  if (tree.kind !== 'map' || tree.entries.size === 0) {
    yield {path, leaf: tree}
    return
  }
  for (const [key, value] of tree.entries) yield* leaves(value, [...path, key])
}

/**
 * `tree` with `value` at `path`, maps on the way made where they are missing; or without what is there, and without the
 * maps on the way that this leaves empty.
 */
export function replaced(tree: Tree | undefined, path: readonly string[], value: Tree | undefined): Tree | undefined {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (value === undefined && at(tree, path) === undefined) return tree
  const entries = new Map(tree?.kind === 'map' ? tree.entries : [])
  const below = replaced(entries.get(key), rest, value)
  if (below === undefined) {
    entries.delete(key)
    if (entries.size === 0) return undefined
  } else entries.set(key, below)
  if (tree?.kind === 'map') return {...tree, entries}
  const layer = value?.layer ?? tree?.layer ?? 'base'
  // A map in the place of null keeps what null meant: what lies below goes.
  return {kind: 'map', entries, layer, ...(isNull(tree) ? {replaces: true} : {})}
}
