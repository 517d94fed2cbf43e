import type {NamespaceFacts} from '../mesh/objects.ts'
import {isValues, type Values} from '../mesh/values.ts'
import type {AdmissionRequest} from './review.ts'

// One thread answers everybody, so these decide how long others wait for a review. Just below one of them the slowest that was
// found takes 50 ms on two cores that others use too, just below several of them 90 ms; beyond them it is refused within 4 ms.

/** Bytes of a review that is read whole: as many as etcd takes of an object, unless it is told to take more. */
export const largestReview = 1.5 * 1024 * 1024
/**
 * Values in the text of a review: each map, list, member and item. A pod of twenty containers with a hundred variables each
 * has 32,000, with what `metadata.managedFields` says of them.
 */
export const mostValues = 40_000
/** Bytes of the keys and values of all annotations: what Kubernetes takes (TotalAnnotationSizeLimitB). */
export const mostAnnotationBytes = 256 * 1024
/** Of the annotations, and of the labels, also of a namespace: copying a map costs more than copying a list. */
const mostKeys = 5000
/** Regular ones and init containers together; what a mesh adds to each of them is multiplied by these. */
const mostContainers = 1000

/** Of an object that is parsed, in half a sentence what there is more of than is worked on; undefined where nothing is. */
export function excessOf({kind, object}: Pick<AdmissionRequest, 'kind' | 'object'>): string | undefined {
  const metadata = field(object, 'metadata')
  const [annotations, labels] = [mapOf(metadata, 'annotations'), mapOf(metadata, 'labels')]
  const crowded = crowdedMap('metadata', annotations, labels)
  if (crowded !== undefined) return crowded
  let bytes = 0
  for (const key of Object.keys(annotations)) {
    const value = annotations[key]
    bytes += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0)
  }
  if (bytes > mostAnnotationBytes) {
    return `the keys and values of metadata.annotations have ${bytes} bytes; Kubernetes takes ${mostAnnotationBytes}`
  }
  if (kind !== 'Pod') return undefined
  const spec = field(object, 'spec')
  const containers = lengthOf(field(spec, 'containers')) + lengthOf(field(spec, 'initContainers'))
  return containers > mostContainers ? `spec has ${containers} containers; ${mostContainers} are the most` : undefined
}

/** The same of the namespace that an object is in: what a mesh reads of it is read for each of its pods. */
export function namespaceExcess({name, labels, annotations}: NamespaceFacts): string | undefined {
  return crowdedMap(`namespace ${name}: metadata`, annotations, labels)
}

function crowdedMap(where: string, annotations: Values, labels: Values): string | undefined {
  for (const [name, map] of [
    ['annotations', annotations],
    ['labels', labels],
  ] as const) {
    const {length} = Object.keys(map)
    if (length > mostKeys) return `${where}.${name} has ${length} keys; ${mostKeys} are the most`
  }
  return undefined
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function mapOf(value: unknown, key: string): Values {
  const map = field(value, key)
  return isValues(map) ? map : {}
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}
