import type {Json} from '../pod.ts'
import {parseQuantity} from './quantity.ts'
import {goStructs, type GoField, type GoType} from './struct-table.ts'
import {canonicalTime} from './time.ts'

export type Decoded =
  | {readonly ok: true; readonly items: readonly Json[]}
  | {readonly ok: false; readonly reason: string}

type Value = {readonly ok: true; readonly value: Json | undefined} | {readonly ok: false; readonly reason: string}
type Fields = {readonly [key: string]: unknown}

/** Go hands such JSON on unread; what nests deeper than this no Kubernetes object needs. */
const deepest = 64

/**
 * Reads JSON text as Go's json.Unmarshal does into a list of a core/v1 struct: keys in any case, the last of equal keys
 * wins, unknown ones are dropped, null is nothing, and a value of another type is an error.
 */
export function decodeList(struct: string, text: string): Decoded {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return {ok: false, reason: 'it is not JSON'}
  }
  if (json === null) return {ok: true, items: []}
  if (!Array.isArray(json)) return {ok: false, reason: 'it is not a JSON list'}
  const items: Json[] = []
  for (const [index, item] of json.entries()) {
    const decoded = decode({kind: 'struct', name: struct}, item, `[${index}]`)
    if (!decoded.ok) return decoded
    items.push(decoded.value ?? {})
  }
  return {ok: true, items}
}

function decode(type: GoType, value: unknown, place: string): Value {
  if (value === undefined || value === null) return {ok: true, value: undefined}
  switch (type.kind) {
    case 'pointer':
      return decode(type.of, value, place)
    case 'list':
      return Array.isArray(value) ? decodeItems(type.of, value, place) : mismatch(place, 'a list')
    case 'map':
      return isFields(value) ? decodeEntries(type.of, value, place) : mismatch(place, 'an object')
    case 'struct':
      return isFields(value) ? decodeStruct(type.name, value, place) : mismatch(place, 'an object')
    case 'string':
      return typeof value === 'string' ? {ok: true, value} : mismatch(place, 'a text')
    case 'bool':
      return typeof value === 'boolean' ? {ok: true, value} : mismatch(place, 'true or false')
    case 'int':
      return typeof value === 'number' && Number.isSafeInteger(value)
        ? {ok: true, value}
        : mismatch(place, 'a whole number')
    case 'quantity':
      return (typeof value === 'string' || typeof value === 'number') && parseQuantity(String(value).trim())
        ? {ok: true, value}
        : mismatch(place, 'a quantity')
    case 'intOrString':
      return typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))
        ? {ok: true, value}
        : mismatch(place, 'a whole number or a text')
    case 'time':
      return typeof value === 'string' && canonicalTime(value) !== undefined
        ? {ok: true, value}
        : mismatch(place, 'a time, such as 2026-01-02T03:04:05Z')
    case 'raw':
      break
  }
  return isJson(value, deepest) ? {ok: true, value} : mismatch(place, 'JSON that nests less')
}

function decodeItems(type: GoType, list: readonly unknown[], place: string): Value {
  const items: Json[] = []
  for (const [index, item] of list.entries()) {
    const decoded = decode(type, item, `${place}[${index}]`)
    if (!decoded.ok) return decoded
    items.push(decoded.value ?? null)
  }
  return {ok: true, value: items}
}

function decodeEntries(type: GoType, map: Fields, place: string): Value {
  const entries: [string, Json][] = []
  for (const [key, item] of Object.entries(map)) {
    const decoded = decode(type, item, place)
    if (!decoded.ok) return decoded
    entries.push([key, decoded.value ?? null])
  }
  return {ok: true, value: Object.fromEntries(entries)}
}

function decodeStruct(name: string, source: Fields, place: string): Value {
  const fields = goStructs.get(name) ?? []
  const found = new Map<string, Json>()
  for (const [key, item] of Object.entries(source)) {
    const field = fieldOf(fields, key)
    if (field === undefined) continue
    const decoded = decode(field.type, item, `${place}.${field.name}`)
    if (!decoded.ok) return decoded
    if (decoded.value !== undefined) found.set(field.name, decoded.value)
  }
  return {ok: true, value: Object.fromEntries(found)}
}

function fieldOf(fields: readonly GoField[], key: string): GoField | undefined {
  const folded = fold(key)
  return fields.find(({name}) => name === key) ?? fields.find(({name}) => fold(name) === folded)
}

/** Go folds case as Unicode does, so that the long s and the Kelvin sign are an s and a k. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase()
}

function mismatch(place: string, expected: string): Value {
  return {ok: false, reason: `${place} must be ${expected}`}
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isJson(value: unknown, depth: number): value is Json {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((item) => isJson(item, depth - 1))
}
