import {flat} from '../flat.ts'
import type {Rendering, Template} from './rendering.ts'

/** The replicas of a workload carry the same annotations; the parts of so many workloads are kept. */
const mostParts = 200

/** A template whose parts are made once for all pods that `partsKey` says are alike. */
export type PreparedTemplate = (rendering: Rendering, partsKey: string | undefined) => Template

/** `blank` is the rendering of a pod that sets nothing itself, with a native sidecar or without. */
export function prepare<Parts>(
  partsOf: (rendering: Rendering) => Parts,
  render: (rendering: Rendering, parts: Parts) => Template,
  blank: (native: boolean) => Rendering,
): PreparedTemplate {
  const usual = {native: flat(partsOf(blank(true))), plain: flat(partsOf(blank(false)))}
  const known = {native: new Map<string, Parts>(), plain: new Map<string, Parts>()}
  return (rendering, partsKey) => {
    if (partsKey === undefined) return render(rendering, partsOf(rendering))
    const place = rendering.native ? 'native' : 'plain'
    if (partsKey === '') return render(rendering, usual[place])
    const found = known[place].get(partsKey)
    if (found !== undefined) return render(rendering, found)
    const parts = flat(partsOf(rendering))
    if (known[place].size === mostParts) known[place].clear()
    known[place].set(partsKey, parts)
    return render(rendering, parts)
  }
}
