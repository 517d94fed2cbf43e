import type {KubeObject} from '../mesh/pod.ts'
import {canonical, digestOf} from './digest.ts'
import {appliedBy, extract, foreignFields, isMap} from './fields.ts'
import {managedByLabel, manager, modeAnnotation, partLabel, unitKey} from './stamp.ts'

/** An annotation of what we made: the digest of what was applied, to be compared with what is wanted now. */
export const appliedAnnotation = 'meshwright.dev/applied'

export interface ObjectRef {
  readonly apiVersion: string
  readonly kind: string
  /** '' for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
}

/**
 * What is kept of an object in the cluster that we wrote to: enough to see whether it still is what we applied, and not
 * the object itself, of which there may be tens of thousands.
 */
export interface LiveObject extends ObjectRef {
  readonly uid: string
  /** `metadata.resourceVersion` as a number, which the API server lets be compared (KEP-5504); 0 where it is none. */
  readonly version: number
  /** Of the unit that wrote it; '' where somebody took that mark off an object of ours. */
  readonly unit: string
  /** Names of the parts that wrote it, joined by dots. */
  readonly part: string
  readonly mode: 'own' | 'share' | 'contribute'
  /** Of what was applied, where the object says so. */
  readonly applied?: string
  /** Of the fields that are ours still, with the values they have now. */
  readonly digest: string
  /** Of what we applied in this process to get this `digest`: the API server may have written it its own way. */
  readonly means?: string
  /** These fields as JSON, where they are not simply what was applied: the API server fills in defaults. */
  readonly ours?: string
  /** Others have set fields beside ours in an object that we made. */
  readonly touched: boolean
  /** Is being deleted and waits for somebody's finalizer. */
  readonly leaving: boolean
}

/** Of the group and not the version: the same object can be read in several. */
export function keyOf({apiVersion, kind, namespace, name}: ObjectRef): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return `${group}/${kind}/${namespace}/${name}`
}

export function refOf(object: KubeObject): ObjectRef {
  const {apiVersion = '', kind = '', metadata} = object
  return {apiVersion, kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? ''}
}

/** What an object as the API server gives it means to us; undefined where we have no part in it. */
export function liveObject(object: KubeObject): LiveObject | undefined {
  const {labels = {}, annotations = {}, ...metadata} = object.metadata ?? {}
  const fields = appliedBy(object, manager)
  const isOurs = labels[managedByLabel] === manager
  const {[unitKey]: unit = isOurs && fields.size > 0 ? '' : undefined} = annotations
  if (unit === undefined || (fields.size === 0 && !isOurs)) return undefined
  const mode = isOurs ? (annotations[modeAnnotation] === 'share' ? 'share' : 'own') : 'contribute'
  const ours = essence(extract(object, fields))
  const digest = digestOf(ours)
  const applied = annotations[appliedAnnotation]
  return {
    ...refOf(object),
    uid: typeof metadata['uid'] === 'string' ? metadata['uid'] : '',
    version: Number(metadata['resourceVersion']) || 0,
    unit,
    part: labels[partLabel] ?? '',
    mode,
    ...(applied === undefined ? {} : {applied: applied === digest ? digest : applied}),
    digest,
    ...(applied === undefined || applied === digest ? {} : {ours: canonical(ours)}),
    touched: mode !== 'contribute' && foreignFields(object, fields, manager).length > 0,
    leaving: metadata['deletionTimestamp'] !== undefined,
  }
}

/** What we say in an object, without what names it and without the digest of the rest. */
export function essence(object: unknown): Readonly<Record<string, unknown>> {
  if (!isMap(object)) return {}
  const {apiVersion: _version, kind: _kind, metadata, ...rest} = object
  if (!isMap(metadata)) return rest
  const {name: _name, namespace: _namespace, annotations, ...others} = metadata
  if (!isMap(annotations)) return {...rest, metadata: others}
  const {[appliedAnnotation]: _applied, ...kept} = annotations
  return {...rest, metadata: {...others, annotations: kept}}
}

/**
 * Whether a live object is what would be applied: our fields are still ours and hold what we want, and nobody has set
 * others in an object that is ours alone. What the API server filled in within a value that we own whole does not count.
 */
export function isCurrent(live: LiveObject, wanted: {readonly digest: string; readonly object: KubeObject}): boolean {
  if (live.leaving || (live.touched && live.mode === 'own')) return false
  if (live.means === wanted.digest) return true
  if (live.digest === wanted.digest) return live.applied === undefined || live.applied === wanted.digest
  if (live.applied !== wanted.digest || live.ours === undefined) return false
  return isWithin(essence(wanted.object), JSON.parse(live.ours))
}

/** Every field of `wanted` is in `found` with the same value; lists are of the same length. */
function isWithin(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((item, index) => isWithin(item, found[index]))
    )
  }
  if (!isMap(wanted)) return wanted === found
  if (!isMap(found)) return false
  return Object.entries(wanted).every(
    ([key, value]) =>
      value === null || value === undefined || (Object.hasOwn(found, key) && isWithin(value, found[key])),
  )
}
