import {compareQuantities, parseQuantity} from '../mesh/go/quantity.ts'
import {dotted, problemAt, type ConfigProblem} from './problem.ts'
import type {Configuration} from './schema.ts'
import {nearest, type Path, type Tree} from './tree.ts'

const resources = ['cpu', 'memory'] as const

/** Values that are each fine and cannot both hold, in a resolved configuration. */
export function contradictions({mesh}: Configuration, provenance: Tree): readonly ConfigProblem[] {
  const {limits, requests} = mesh.sidecar?.resources ?? {}
  const sidecar = ['mesh', 'sidecar', 'resources']
  const orders = resources.flatMap((resource): Order[] => [
    {
      low: {path: [...sidecar, 'requests', resource], value: requests?.[resource]},
      high: {path: [...sidecar, 'limits', resource], value: limits?.[resource]},
    },
    {
      low: {path: ['mesh', 'bounds', resource, 'min'], value: mesh.bounds?.[resource]?.min},
      high: {path: ['mesh', 'bounds', resource, 'max'], value: mesh.bounds?.[resource]?.max},
    },
  ])
  return orders.flatMap(({low, high}) => {
    const [least, most] = [parseQuantity(low.value ?? ''), parseQuantity(high.value ?? '')]
    if (least === undefined || most === undefined || compareQuantities(least, most) <= 0) return []
    const message = `${dotted(low.path)} is ${low.value}, which is above ${dotted(high.path)} (${high.value})`
    return problemAt(nearest(provenance, low.path), 'MW4017', message)
  })
}

interface Order {
  readonly low: Written
  readonly high: Written
}

interface Written {
  readonly path: Path
  readonly value: string | undefined
}
