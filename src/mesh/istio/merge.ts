import {isValues, type Values} from '../values.ts'

/** How a list inside an object is merged: by the key that names its elements; a list that is not named is replaced. */
export interface MergeSchema {
  readonly fields?: {readonly [field: string]: MergeSchema}
  readonly mergeKey?: string
  /** Fields that a patch takes away by leaving them out. */
  readonly takesAway?: (patch: Values) => readonly string[]
}

/** The patch merge keys of core/v1 (k8s.io/api core/v1/types.go), as far as an injection template can reach. */
export const containersSchema: MergeSchema = {
  mergeKey: 'name',
  fields: {
    env: {mergeKey: 'name'},
    ports: {mergeKey: 'containerPort'},
    volumeMounts: {mergeKey: 'mountPath'},
    volumeDevices: {mergeKey: 'devicePath'},
  },
}
export const namedSchema: MergeSchema = {mergeKey: 'name'}

const probe: MergeSchema = {
  takesAway: (patch) =>
    ['initialDelaySeconds', 'periodSeconds', 'failureThreshold'].filter((field) => !Object.hasOwn(patch, field)),
}

/**
 * As a template merges its own containers: it writes zeros out, and so takes away what an earlier injection set. Kubernetes
 * leaves zeros out, and so do we.
 */
export const templateContainersSchema: MergeSchema = {
  ...containersSchema,
  fields: {
    ...containersSchema.fields,
    env: {
      mergeKey: 'name',
      takesAway: (patch) => (Object.hasOwn(patch, 'value') || Object.hasOwn(patch, 'valueFrom') ? [] : ['value']),
    },
    readinessProbe: probe,
    startupProbe: probe,
  },
}

/** The templates write `emptyDir:` with nothing after it for a volume of which we say only the name. */
export const templateVolumesSchema: MergeSchema = {
  mergeKey: 'name',
  takesAway: (patch) => (Object.keys(patch).length === 1 ? ['emptyDir'] : []),
}

const directive = '$patch'

/**
 * Kubernetes' strategic merge (apimachinery 0.36 strategicpatch/patch.go) of two objects: maps merge, null removes, lists with
 * a merge key merge by it, other lists are replaced. The original is not changed, and shares what the patch leaves alone.
 */
export function mergeObject(original: Values, patch: Values, schema: MergeSchema): Values {
  const marker = own(patch, directive)
  if (marker === 'delete') return {}
  if (marker === 'replace') return withoutDirectives(patch)
  const gone = schema.takesAway?.(patch) ?? []
  if (saysNothingNew(original, patch, gone)) return original
  const merged: [string, unknown][] = []
  let same = true
  for (const key of Object.keys(original)) {
    const below = original[key]
    const patched = Object.hasOwn(patch, key)
    const removed = gone.includes(key) || (patched && patch[key] === null)
    const value = patched && !removed ? mergeField(below, patch[key], key, schema) : below
    same &&= value === below && !removed
    if (!removed) merged.push([key, value])
  }
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (Object.hasOwn(original, key) || value === null || gone.includes(key)) continue
    same = false
    merged.push([key, isValues(value) ? withoutDirectives(value) : value])
  }
  return same ? original : Object.fromEntries(merged)
}

/** So it is with most of what an earlier injection left: variables, mounts, ports. */
function saysNothingNew(original: Values, patch: Values, gone: readonly string[]): boolean {
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (typeof value === 'object' || value !== original[key] || !Object.hasOwn(original, key)) return false
  }
  return !gone.some((key) => Object.hasOwn(original, key))
}

function mergeField(below: unknown, value: unknown, key: string, schema: MergeSchema): unknown {
  const field = schema.fields === undefined ? undefined : fieldOf(schema.fields, key)
  if (isValues(value) && isValues(below)) return mergeObject(below, value, field ?? {})
  if (Array.isArray(value) && Array.isArray(below) && field?.mergeKey !== undefined)
    return mergeList(below, value, field)
  return isValues(value) ? withoutDirectives(value) : value
}

/**
 * The patch's elements come first, in its order, and the others after them in theirs, save where both lists hold an element:
 * there the original's order decides.
 */
export function mergeList(original: readonly unknown[], patch: readonly unknown[], schema: MergeSchema): unknown[] {
  const key = schema.mergeKey ?? 'name'
  if (original.length === 0) return patch.filter((item) => !isDirective(item))
  if (patch.length === 0) return [...original]
  if (areApart(original, patch, key)) return [...patch, ...original]
  const special = patch.filter(isDirective)
  if (special.some((item) => item[directive] === 'replace')) return patch.filter((item) => !isDirective(item))
  const removed = new Set(special.map((item) => own(item, key)))
  const server = removed.size === 0 ? original : original.filter((item) => !removed.has(keyOf(item, key)))
  const wanted = special.length === 0 ? patch : patch.filter((item) => !isDirective(item))
  return ordered(server, wanted, mergedItems(server, wanted, key, schema), key)
}

/** Nearly always nothing has to be merged at all. */
function areApart(original: readonly unknown[], patch: readonly unknown[], key: string): boolean {
  const names = new Set(patch.map((item) => keyOf(item, key)))
  return (
    names.size === patch.length && !patch.some(isDirective) && !original.some((item) => names.has(keyOf(item, key)))
  )
}

/** Both lists in one, the original's first; an element that the patch names twice is merged twice. */
function mergedItems(
  original: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  schema: MergeSchema,
): unknown[] {
  const places = new Map<unknown, number>()
  const merged = [...original]
  for (const [place, item] of original.entries()) {
    const name = keyOf(item, key)
    if (!places.has(name)) places.set(name, place)
  }
  for (const item of patch) {
    const name = keyOf(item, key)
    const place = places.get(name)
    if (place === undefined) {
      places.set(name, merged.length)
      merged.push(item)
      continue
    }
    const below = merged[place]
    if (isValues(below) && isValues(item)) merged[place] = mergeObject(below, item, schema)
  }
  return merged
}

function ordered(original: readonly unknown[], patch: readonly unknown[], merged: readonly unknown[], key: string) {
  const inPatch = positions(patch, key)
  const inOriginal = positions(original, key)
  const left: unknown[] = []
  const right: unknown[] = []
  for (const item of merged) (inPatch.has(keyOf(item, key)) ? right : left).push(item)
  // Sorting is stable, as Go's is here.
  const rank = (item: unknown) => inPatch.get(keyOf(item, key)) ?? 0
  right.sort((a, b) => rank(a) - rank(b))
  const all: unknown[] = []
  const placeOf = (item: unknown) => inOriginal.get(keyOf(item, key)) ?? Infinity
  let next = 0
  for (const item of right) {
    const place = placeOf(item)
    if (place !== Infinity) for (; next < left.length && placeOf(left[next]) < place; next++) all.push(left[next])
    all.push(item)
  }
  return [...all, ...left.slice(next)]
}

function positions(list: readonly unknown[], key: string): ReadonlyMap<unknown, number> {
  const found = new Map<unknown, number>()
  for (const [place, item] of list.entries()) {
    const name = keyOf(item, key)
    if (!found.has(name)) found.set(name, place)
  }
  return found
}

function isDirective(item: unknown): item is Values {
  return isValues(item) && Object.hasOwn(item, directive)
}

function withoutDirectives(value: Values): Values {
  if (!Object.hasOwn(value, directive)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== directive))
}

function fieldOf(fields: {readonly [field: string]: MergeSchema}, key: string): MergeSchema | undefined {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

function keyOf(item: unknown, key: string): unknown {
  return isValues(item) ? own(item, key) : undefined
}

function own(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined
}
