import {mostAnnotationBytes, largestReview, mostValues} from '../../src/admission/size.ts'

export interface Giant {
  readonly name: string
  readonly text: Buffer
}

/** A review as the API server writes it. */
export function reviewAbout(object: object, request: object = {}, more: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        uid: 'giant',
        kind: {group: '', version: 'v1', kind: 'Pod'},
        resource: {group: '', version: 'v1', resource: 'pods'},
        namespace: 'shop',
        operation: 'CREATE',
        ...request,
        object,
        oldObject: null,
        ...more,
      },
    }),
  )
}

const times = <T>(count: number, make: (index: number) => T) => Array.from({length: count}, (_, index) => make(index))
const mapOf = (count: number, prefix = 'k') => Object.fromEntries(times(count, (i) => [`${prefix}${i}`, 'v']))

function pod(name: string, metadata: object, container: object = {}, spec: object = {}, more: object = {}): Giant {
  const containers = [{name: 'app', image: 'app:1', ...container}]
  const object = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web', ...metadata}, spec: {containers, ...spec}}
  return {name, text: reviewAbout(object, {}, more)}
}

const longest = 6.9 * 1024 * 1024
/** Values of the review around what is multiplied. */
const frame = 60

/** Up to what the server takes at all, and beyond what it works on; and just below that. */
export const giantReviews: {readonly beyond: readonly Giant[]; readonly below: readonly Giant[]} = {
  beyond: [
    pod('150,000 annotations', {annotations: mapOf(150_000)}),
    pod('500,000 annotations', {annotations: mapOf(500_000)}),
    pod('6,000 annotations', {annotations: mapOf(6000)}),
    pod('6,000 labels', {labels: mapOf(6000)}),
    pod('one annotation', {annotations: {a: 'x'.repeat(mostAnnotationBytes)}}),
    pod('an argument of 6.9 MiB', {}, {args: ['x'.repeat(longest)]}),
    pod('variables', {}, {env: times(130_000, () => ({name: 'A', value: 'v'}))}),
    pod('ports', {}, {ports: times(130_000, () => ({containerPort: 1}))}),
    pod('containers', {}, {}, {initContainers: times(1001, (i) => ({name: `i${i}`, image: 'a'}))}),
    pod('lists in a field that nobody knows', {}, {}, {x: times(2_000_000, () => [])}),
    pod('an old object', {}, {}, {}, {oldObject: mapOf(300_000)}),
    pod('options', {}, {}, {}, {options: times(1_000_000, () => 0)}),
  ],
  below: [
    pod('annotations and labels', {annotations: mapOf(5000, 'k'.repeat(40)), labels: mapOf(5000)}),
    pod('one annotation', {annotations: {a: '€'.repeat((mostAnnotationBytes - 2) / 3)}}),
    pod('an argument', {}, {args: ['x'.repeat(largestReview - 2000)]}),
    pod('variables', {}, {env: times((mostValues - frame) / 2, () => ({name: 'A'}))}, {}),
    pod('containers', {}, {}, {initContainers: times(999, (i) => ({name: `i${i}`, image: 'a'}))}),
    pod('an old object', {}, {}, {}, {oldObject: mapOf(mostValues - frame)}),
  ],
}
