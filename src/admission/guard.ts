import type {MeshSection} from '../config/schema.ts'
import type {RefusalCode} from '../codes/refusals.ts'
import {parseQuantity, compareQuantities} from '../mesh/go/quantity.ts'
import {repositoryOf} from '../mesh/image.ts'
import type {Container, Pod} from '../mesh/pod.ts'
import {quoted} from './decide.ts'

type Bounds = NonNullable<MeshSection['bounds']>

export interface Breach {
  readonly code: RefusalCode
  readonly reason: string
}

/**
 * What the administrator allows a sidecar to be: images of `mesh.allowedImages`, resources within `mesh.bounds`. Looks at
 * the finished pod, so that it does not matter by which annotation a tenant chose them.
 */
export function breach(pod: Pod, sidecars: readonly string[], settings: MeshSection): Breach | undefined {
  const {allowedImages, bounds} = settings
  if (allowedImages === undefined && bounds === undefined) return undefined
  const {containers, initContainers = []} = pod.spec
  for (const container of [...initContainers, ...containers]) {
    if (!sidecars.includes(container.name)) continue
    const runsOn = !initContainers.includes(container) || container['restartPolicy'] === 'Always'
    const found =
      (allowedImages && imageBreach(container, allowedImages)) ?? (bounds && boundsBreach(container, bounds, runsOn))
    if (found !== undefined) return found
  }
  return undefined
}

/** An entry allows that very reference, every tag and digest of a repository, or with a closing `*` all that starts so. */
function imageBreach({name, image = ''}: Container, allowed: readonly string[]): Breach | undefined {
  const repository = repositoryOf(image)
  const fits = (entry: string) =>
    entry.endsWith('*') ? image.startsWith(entry.slice(0, -1)) : entry === image || entry === repository
  if (allowed.some(fits)) return undefined
  return {
    code: 'MW2004',
    reason: `the image ${quoted(image)} of container ${name} is not in mesh.allowedImages (${allowed.join(', ')})`,
  }
}

function boundsBreach({name, resources}: Container, bounds: Bounds, runsOn: boolean): Breach | undefined {
  for (const resource of ['cpu', 'memory'] as const) {
    const bound = bounds[resource]
    if (bound === undefined) continue
    // As a LimitRange has it: without a limit there is nothing that keeps below the maximum. An annotation can take one away.
    if (runsOn && bound.max !== undefined && resources?.limits?.[resource] === undefined) {
      return {
        code: 'MW2005',
        reason: `container ${name} has no ${resource} limit, and mesh.bounds.${resource}.max is ${bound.max}`,
      }
    }
    for (const kind of ['requests', 'limits'] as const) {
      const written = resources?.[kind]?.[resource]
      if (written === undefined) continue
      const at = `the ${resource} ${kind === 'requests' ? 'request' : 'limit'} ${quoted(String(written))} of container ${name}`
      const value = parseQuantity(String(written))
      if (value === undefined) return {code: 'MW2005', reason: `${at} is not a quantity`}
      for (const side of ['min', 'max'] as const) {
        const edge = bound[side] === undefined ? undefined : parseQuantity(bound[side])
        if (edge === undefined) continue
        const order = compareQuantities(value, edge)
        if (side === 'min' ? order < 0 : order > 0) {
          return {
            code: 'MW2005',
            reason: `${at} is ${side === 'min' ? 'below' : 'above'} mesh.bounds.${resource}.${side}, ${bound[side]}`,
          }
        }
      }
    }
  }
  return undefined
}
