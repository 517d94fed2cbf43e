import {createHash} from 'node:crypto'
import type {Desired} from '../mesh/translation.ts'
import type {KubeObject} from '../mesh/pod.ts'

/** Who writes: the field manager of server-side apply, and the value of `app.kubernetes.io/managed-by` on what we made. */
export const manager = 'meshwright'

export const managedByLabel = 'app.kubernetes.io/managed-by'
/** A label, for selecting (`unitLabel`); and an annotation, for reading: the unit as it is. */
export const unitKey = 'meshwright.dev/unit'
/** A label: the part of the unit's translation that an object belongs to. */
export const partLabel = 'meshwright.dev/part'
/** An annotation of what we made: `own` or `share`. */
export const modeAnnotation = 'meshwright.dev/mode'

const longestLabel = 63

/** The label value that stands for a unit: `service.shop.order-service`; where that is too long, its beginning and a hash. */
export function unitLabel(unit: string): string {
  const readable = unit.replace(/\/+$/, '').replaceAll('/', '.')
  if (readable.length <= longestLabel) return readable
  const hash = createHash('sha256').update(unit).digest('hex').slice(0, 16)
  return `${readable.slice(0, longestLabel - 1 - hash.length).replace(/[^a-zA-Z0-9]+$/, '')}-${hash}`
}

/**
 * A desired object with the marks by which it is found again. What we only contribute to keeps its owner: it is not
 * called managed by us.
 */
export function stamped({object, mode}: Desired, unit: string, part: string): KubeObject {
  const {labels = {}, annotations = {}, ...metadata} = object.metadata ?? {}
  const contributes = mode === 'contribute'
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: {
        ...labels,
        ...(contributes ? {} : {[managedByLabel]: manager}),
        [unitKey]: unitLabel(unit),
        [partLabel]: part,
      },
      annotations: {...annotations, [unitKey]: unit, ...(mode === 'share' ? {[modeAnnotation]: mode} : {})},
    },
  }
}
