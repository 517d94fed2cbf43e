import type {KubeObject} from '../mesh/pod.ts'
import {canonical} from './digest.ts'

/**
 * Which fields somebody has set, as `metadata.managedFields[].fieldsV1` writes it (structured-merge-diff, fieldpath):
 * `f:NAME` a field, `k:{KEYS}` an item of a list that is a map by those keys, `v:VALUE` an item of a list that is a set,
 * `i:INDEX` an item by position, `.` the thing itself. An empty set stands for the whole value.
 */
export type FieldSet = ReadonlyMap<string, FieldSet>

export interface FieldOwner {
  readonly manager: string
  readonly operation: string
  readonly fields: FieldSet
}

/** Who has set what of an object, its status left out: that is for whoever carries out what the object asks. */
export function fieldOwners(object: KubeObject): readonly FieldOwner[] {
  const managed = object.metadata?.['managedFields']
  if (!Array.isArray(managed)) return []
  return managed.flatMap((entry: unknown): FieldOwner[] => {
    if (!isMap(entry)) return []
    const {manager, operation, subresource, fieldsV1} = entry
    if (typeof manager !== 'string' || (subresource !== undefined && subresource !== '')) return []
    return [{manager, operation: String(operation), fields: fieldSet(fieldsV1)}]
  })
}

export function fieldSet(value: unknown): FieldSet {
  return new Map(isMap(value) ? Object.entries(value).map(([key, below]) => [key, fieldSet(below)]) : [])
}

/** What the named manager has applied. */
export function appliedBy(object: KubeObject, manager: string): FieldSet {
  const owner = fieldOwners(object).find((owner) => owner.manager === manager && owner.operation === 'Apply')
  return owner?.fields ?? new Map()
}

/** The part of a value that a set names, as whoever owns these fields would apply it again. */
export function extract(value: unknown, fields: FieldSet): unknown {
  const below = [...fields].filter(([key]) => key !== '.')
  if (below.length === 0) return fields.has('.') ? bare(value) : value
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => {
      const found = below.find(([key]) => picks(key, item, index))
      return found === undefined ? [] : [extract(item, found[1])]
    })
  }
  if (!isMap(value)) return value
  return Object.fromEntries(
    below.flatMap(([key, under]) => {
      const name = key.slice(2)
      return key.startsWith('f:') && Object.hasOwn(value, name) ? [[name, extract(value[name], under)]] : []
    }),
  )
}

/** Of a container only that it is there; of anything else the value. */
function bare(value: unknown): unknown {
  return Array.isArray(value) ? [] : isMap(value) ? {} : value
}

/** Whether a key of a set names this item of a list. */
function picks(key: string, item: unknown, index: number): boolean {
  const rest = key.slice(2)
  if (key.startsWith('i:')) return Number(rest) === index
  if (key.startsWith('v:')) return canonical(item) === canonical(JSON.parse(rest))
  if (!key.startsWith('k:') || !isMap(item)) return false
  const keys: unknown = JSON.parse(rest)
  return isMap(keys) && Object.entries(keys).every(([name, value]) => item[name] === value)
}

/** The way to a value: keys of a field set, the outermost first. */
export type FieldPath = readonly string[]

/**
 * What others have set in an object beside metadata and status and that `fields` does not hold: the topmost places that
 * are theirs alone. Defaults that the API server fills in belong to nobody and are not among them.
 */
export function foreignFields(object: KubeObject, fields: FieldSet, manager: string): readonly FieldPath[] {
  const others = fieldOwners(object).filter((owner) => owner.manager !== manager)
  const paths = others.flatMap((owner) =>
    [...owner.fields]
      .filter(([key]) => !['f:metadata', 'f:status', 'f:apiVersion', 'f:kind', '.'].includes(key))
      .flatMap(([key, below]) => beyond(below, fields.get(key), [key])),
  )
  return [...new Map(paths.map((path) => [path.join('\n'), path])).values()]
}

function beyond(theirs: FieldSet, ours: FieldSet | undefined, path: FieldPath): FieldPath[] {
  if (ours === undefined) return [path]
  const whole = [...ours.keys()].every((key) => key === '.')
  // An empty set is the whole value; what is only there (`.`) has nothing of ours below it.
  if (whole && !ours.has('.')) return []
  return [...theirs].flatMap(([key, below]) => (key === '.' ? [] : beyond(below, ours.get(key), [...path, key])))
}

/** Whether an object has something at the end of a path; what leads through the items of a list counts as nothing. */
export function says(object: KubeObject, path: FieldPath): boolean {
  let value: unknown = object
  for (const key of path) {
    if (!key.startsWith('f:') || !isMap(value) || !Object.hasOwn(value, key.slice(2))) return false
    value = value[key.slice(2)]
  }
  return true
}

/**
 * A JSON Merge Patch (RFC 7386) that takes these fields out of the object as it is now, and fails where it has changed
 * since. A list that loses an item is written whole.
 */
export function removalOf(object: KubeObject, paths: readonly FieldPath[]): Readonly<Record<string, unknown>> {
  const {resourceVersion} = object.metadata ?? {}
  return {...difference(object, without(object, together(paths))), metadata: {resourceVersion}}
}

/** One set that holds every path; a path that leads to another's beginning counts. */
function together(paths: readonly FieldPath[]): FieldSet {
  const [ends, further] = [paths.filter(({length}) => length === 1), paths.filter(({length}) => length > 1)]
  const below = Map.groupBy(further, ([first = '']) => first)
  return new Map([
    ...[...below].map(([key, under]) => [key, together(under.map((path) => path.slice(1)))] as const),
    ...ends.map(([key = '']) => [key, new Map<string, FieldSet>()] as const),
  ])
}

/** A value without the fields at the ends of a set. */
function without(value: unknown, fields: FieldSet): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => {
      const found = [...fields].find(([key]) => picks(key, item, index))
      if (found === undefined) return [item]
      return found[1].size === 0 ? [] : [without(item, found[1])]
    })
  }
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, under]) => {
      const found = fields.get(`f:${name}`)
      if (found === undefined) return [[name, under]]
      return found.size === 0 ? [] : [[name, without(under, found)]]
    }),
  )
}

/** What makes the one of the other, where the other only lacks some of it. */
function difference(before: unknown, after: unknown): Readonly<Record<string, unknown>> {
  if (!isMap(before) || !isMap(after)) return {}
  return Object.fromEntries(
    Object.entries(before).flatMap(([name, value]) => {
      if (!Object.hasOwn(after, name)) return [[name, null]]
      const now = after[name]
      if (canonical(value) === canonical(now)) return []
      return [[name, isMap(value) ? difference(value, now) : now]]
    }),
  )
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
