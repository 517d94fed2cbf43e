import {isNull, type Branch, type Tree} from './tree.ts'

/**
 * Inside these sections null is a value: Helm takes it as the order to drop a default of the chart, and a configuration
 * lies over those defaults in the same way. `true` marks a section.
 */
type Kept = true | {readonly [key: string]: Kept}
const helm: Kept = {
  mesh: {istio: {values: true, meshConfig: true}, linkerd: {values: true}, consul: {values: true}},
}

/**
 * JSON Merge Patch (RFC 7386): maps merge, lists and scalars replace, null deletes. The one exception: in the sections
 * that hold Helm values, null stays, because it deletes the chart's default too.
 */
export function mergePatch(target: Tree | undefined, patch: Tree): Tree {
  return merge(target, patch, helm, 'deletes')
}

/**
 * Two patches as one: applying the result equals applying `first`, then `second`. Nulls stay, for they still have
 * something to delete.
 */
export function composePatches(first: Tree | undefined, second: Tree): Tree {
  return merge(first, second, helm, 'stays')
}

function merge(target: Tree | undefined, patch: Tree, kept: Kept | undefined, nothing: 'deletes' | 'stays'): Tree {
  if (patch.kind !== 'map') return patch
  const below: Branch | undefined = target?.kind === 'map' && patch.replaces !== true ? target : undefined
  const entries = new Map(below?.entries)
  for (const [key, value] of patch.entries) {
    const inside = kept === true ? true : own(kept, key)
    if (!isNull(value)) entries.set(key, merge(entries.get(key), value, inside, nothing))
    else if (nothing === 'stays' || kept === true) entries.set(key, value)
    else entries.delete(key)
  }
  const {replaces: _, ...node} = patch
  // Composed over null, a scalar or a list, the map must not let through what a document further down holds there.
  const covers = below?.replaces === true || (target !== undefined && target.kind !== 'map')
  const replaces = nothing === 'stays' && (patch.replaces === true || covers)
  return {...node, entries, ...(replaces ? {replaces: true} : {})}
}

function own(kept: Exclude<Kept, true> | undefined, key: string): Kept | undefined {
  return kept !== undefined && Object.hasOwn(kept, key) ? kept[key] : undefined
}
