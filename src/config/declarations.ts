import type {Finding} from '../mesh/finding.ts'
import {checkLayer} from './check.ts'
import {composePatches, mergePatch} from './merge.ts'
import {dotted, problemAtKey, type ConfigProblem} from './problem.ts'
import {baseOnlyKeys, fileSchema} from './schema.ts'
import {canonical} from './spelling.ts'
import {at, inLayer, isNull, type Branch, type Layer, type Leaf, type Path, type Tree} from './tree.ts'

/** A patch in the canonical spelling, with what its author should know about it. */
export interface Patch {
  readonly tree: Tree
  readonly findings: readonly Finding[]
}

export interface Environment extends Patch {
  readonly extends?: Leaf
  /** Names of templates. */
  readonly use: readonly Leaf[]
}

/** Everything that the files declare, each file laid over the ones before it. */
export interface Declarations {
  readonly base: Patch
  readonly use: readonly Leaf[]
  readonly environments: ReadonlyMap<string, Environment>
  readonly templates: ReadonlyMap<string, Patch>
}

export const noDeclarations: Declarations = {
  base: {tree: {kind: 'map', entries: new Map(), layer: 'base'}, findings: []},
  use: [],
  environments: new Map(),
  templates: new Map(),
}

export type Declared =
  | {readonly ok: true; readonly declarations: Declarations}
  | {readonly ok: false; readonly problems: readonly ConfigProblem[]}

/**
 * Lays one document over what earlier ones declared. The base is patched at once; patches of the same name are
 * composed, so that a null in a later file still deletes what the base says.
 */
export function declare(earlier: Declarations, document: Branch): Declared {
  const problems = [...checkLayer(document, fileSchema), ...misplaced(document)]
  if (problems.length > 0) return {ok: false, problems}

  const base = patchOf(document, 'base', problems)
  const environments = declared(earlier.environments, document.entries.get('environments'), (above, node, name) => {
    const written = patchOf(node, `environment ${name}`, problems)
    const extended = at(node, ['extends'])
    const chain = extended === undefined ? above?.extends : nameOf(extended)
    return {
      ...composed(above, written),
      ...(chain === undefined ? {} : {extends: chain}),
      use: named(at(node, ['use'])) ?? above?.use ?? [],
    }
  })
  const templates = declared(earlier.templates, document.entries.get('templates'), (above, node, name) =>
    composed(above, patchOf(node, `template ${name}`, problems)),
  )
  if (problems.length > 0) return {ok: false, problems}
  const declarations: Declarations = {
    base: {
      tree: mergePatch(earlier.base.tree, base.tree),
      findings: [...earlier.base.findings, ...base.findings],
    },
    use: named(document.entries.get('use')) ?? earlier.use,
    environments,
    templates,
  }
  return {ok: true, declarations}
}

/** The keys of a layer that are settings; the rest says how layers relate. */
const settingKeys = new Set(['mesh', 'meshSecurity'])

function patchOf(node: Tree, layer: Layer, problems: ConfigProblem[]): Patch {
  const entries = node.kind === 'map' ? [...node.entries].filter(([key]) => settingKeys.has(key)) : []
  const settings: Tree = {...node, kind: 'map', entries: new Map(entries)}
  const respelt = canonical(inLayer(settings, layer))
  problems.push(...respelt.problems)
  return respelt
}

function composed(above: Patch | undefined, patch: Patch): Patch {
  return {
    tree: composePatches(above?.tree, patch.tree),
    findings: [...(above?.findings ?? []), ...patch.findings],
  }
}

/** Each named declaration laid over the earlier one of its name; null removes a name. */
function declared<T>(
  earlier: ReadonlyMap<string, T>,
  section: Tree | undefined,
  lay: (above: T | undefined, node: Tree, name: string) => T,
): ReadonlyMap<string, T> {
  if (section === undefined) return earlier
  if (section.kind !== 'map') return new Map()
  const all = new Map(earlier)
  for (const [name, node] of section.entries) {
    if (isNull(node)) all.delete(name)
    else all.set(name, lay(earlier.get(name), node, name))
  }
  return all
}

function nameOf(node: Tree): Leaf | undefined {
  return node.kind === 'leaf' && node.value !== null ? node : undefined
}

/** One name or a list of them; null takes back what an earlier file named; undefined: nothing said. */
function named(node: Tree | undefined): readonly Leaf[] | undefined {
  if (node === undefined) return undefined
  const nodes = node.kind === 'list' ? node.items : [node]
  return nodes.flatMap((item) => nameOf(item) ?? [])
}

function misplaced(document: Branch): readonly ConfigProblem[] {
  return (['environments', 'templates'] as const).flatMap((section) => {
    const declarations = document.entries.get(section)
    if (declarations?.kind !== 'map') return []
    return [...declarations.entries.keys()].flatMap((name) =>
      baseOnlyKeys.flatMap((key) => {
        const path: Path = [section, name, 'mesh', key]
        const node = at(document, path)
        if (node === undefined) return []
        const message = `${dotted(path)}: only the base may set mesh.${key}; move it to mesh at the top level`
        return [problemAtKey(node, 'MW4015', message)]
      }),
    )
  })
}
