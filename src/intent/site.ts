import {dotted, formatPlace} from '../config/problem.ts'
import {child, nearest, type Path, type Tree} from '../config/tree.ts'
import type {Origin, Source} from './origin.ts'

/** One source, which knows where each of its parts was written. */
export interface Site {
  readonly source: Source
  /** `path` leads from the source's root: `['spec', 'split', 0]` in an object, `['mesh', 'security']` in a configuration. */
  at(path: Path): Origin
}

/** A rule object; `places` are those of the file that it stands in. */
export function objectSite(source: Source, places?: Tree): Site {
  return {
    source,
    at: (path) => ({
      source,
      path: dotted(path),
      place: (places && writtenPlace(places, path)) ?? `${shownSource(source)} ${dotted(path)}`,
    }),
  }
}

/** A resolved configuration, whose parts come from its base, from templates and from environments. */
export function configurationSite(source: Source, provenance: Tree): Site {
  return {
    source,
    at(path) {
      const layer = layerAt(provenance, path)
      const told = `${shownSource(source)} spec.${dotted(path)}${layer === 'base' ? '' : ` (${layer})`}`
      return {source, path: dotted(path), place: writtenPlace(provenance, path) ?? told}
    },
  }
}

/** `TrafficPolicy shop/order-service` */
export function shownSource({kind, namespace, name}: Source): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

function writtenPlace(tree: Tree, path: Path): string | undefined {
  const node = nearest(tree, path)
  const place = node.place ?? node.keyPlace
  return place === undefined ? undefined : formatPlace(place)
}

function layerAt(tree: Tree, path: Path): string {
  let here = tree
  for (const step of path) {
    const below = child(here, step)
    if (below === undefined) break
    here = below
  }
  return here.layer
}
