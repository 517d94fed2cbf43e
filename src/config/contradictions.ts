import {compareQuantities, parseQuantity} from '../mesh/go/quantity.ts'
import {dotted, problemAt, type ConfigProblem} from './problem.ts'
import type {Configuration} from './schema.ts'
import {nearest, type Path, type Tree} from './tree.ts'

const resources = ['cpu', 'memory'] as const

/** Values that are each fine and cannot both hold, in a resolved configuration. */
export function contradictions({mesh}: Configuration, provenance: Tree): readonly ConfigProblem[] {
  const {limits, requests} = mesh.sidecar?.resources ?? {}
  return resources.flatMap((resource) => [
    ...above(requests?.[resource], limits?.[resource], provenance, [
      ['mesh', 'sidecar', 'resources', 'requests', resource],
      ['mesh', 'sidecar', 'resources', 'limits', resource],
    ]),
    ...above(mesh.bounds?.[resource]?.min, mesh.bounds?.[resource]?.max, provenance, [
      ['mesh', 'bounds', resource, 'min'],
      ['mesh', 'bounds', resource, 'max'],
    ]),
  ])
}

function above(
  low: string | undefined,
  high: string | undefined,
  provenance: Tree,
  [lowPath, highPath]: readonly [Path, Path],
): readonly ConfigProblem[] {
  const [least, most] = [low, high].map((text) => (text === undefined ? undefined : parseQuantity(text)))
  if (least === undefined || most === undefined || compareQuantities(least, most) <= 0) return []
  const message = `${dotted(lowPath)} is ${low}, which is above ${dotted(highPath)} (${high})`
  return [problemAt(nearest(provenance, lowPath), 'MW4017', message)]
}
