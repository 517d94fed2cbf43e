import {parseDuration} from '../go/duration.ts'
import {goJson} from '../go/struct.ts'
import type {Json} from '../pod.ts'
import {isValues, type Values} from '../values.ts'

/** A protobuf type, as far as its JSON is concerned. `wrapped` types are messages, so that their zero is not absence. */
export type ProtoType =
  | {readonly kind: 'string' | 'bool' | 'int32' | 'uint32' | 'int64' | 'double' | 'duration' | 'any' | 'struct'}
  | {readonly kind: 'wrapped'; readonly of: ProtoType}
  | {readonly kind: 'enum'; readonly numbers: {readonly [name: string]: number}}
  | {readonly kind: 'list' | 'map'; readonly of: ProtoType}
  | Message

export interface Message {
  readonly kind: 'message'
  /** In the order of the .proto file, which is that of the printed JSON. */
  readonly fields: readonly ProtoField[]
}

export interface ProtoField {
  readonly name: string
  /** The name as the .proto file spells it, which is read too. */
  readonly alias: string
  readonly type: ProtoType
  /** The oneof that the field belongs to: setting one of its fields unsets the others. */
  readonly oneof?: string
}

/** A message in canonical JSON: enums by name, durations and 64-bit integers as text. */
export type ProtoJson = {readonly [field: string]: Json}
export type Decoded<T> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly message: string}

export const text: ProtoType = {kind: 'string'}
export const flag: ProtoType = {kind: 'bool'}
export const int32: ProtoType = {kind: 'int32'}
export const uint32: ProtoType = {kind: 'uint32'}
export const int64: ProtoType = {kind: 'int64'}
export const double: ProtoType = {kind: 'double'}
export const duration: ProtoType = {kind: 'duration'}
export const any: ProtoType = {kind: 'any'}
export const struct: ProtoType = {kind: 'struct'}
export const optionalFlag: ProtoType = {kind: 'wrapped', of: flag}
export const optionalInt32: ProtoType = {kind: 'wrapped', of: int32}
export const optionalInt64: ProtoType = {kind: 'wrapped', of: int64}

export function listOf(of: ProtoType): ProtoType {
  return {kind: 'list', of}
}

export function mapOf(of: ProtoType): ProtoType {
  return {kind: 'map', of}
}

/** Names in order from zero, or with the numbers given. */
export function enumOf(names: readonly string[] | {readonly [name: string]: number}): ProtoType {
  return {
    kind: 'enum',
    numbers: isNames(names) ? Object.fromEntries(names.map((name, number) => [name, number])) : names,
  }
}

/** `oneofs` lists groups of fields of which at most one is set. */
export function message(
  fields: {readonly [name: string]: ProtoType},
  oneofs: readonly (readonly string[])[] = [],
): Message {
  return {
    kind: 'message',
    fields: Object.entries(fields).map(([name, type]) => {
      const oneof = oneofs.find((group) => group.includes(name))?.join()
      const alias = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      return oneof === undefined ? {name, alias, type} : {name, alias, type, oneof}
    }),
  }
}

/**
 * Reads JSON as the jsonpb package does that Istio still uses (github.com/golang/protobuf 1.5): unknown fields are dropped,
 * numbers may be quoted, null is absence. Zeros stay in the result where they were written, for what they overwrite.
 */
export function decode(type: Message, value: unknown): Decoded<ProtoJson> {
  if (value === null || value === undefined) return {ok: true, value: {}}
  if (!isValues(value)) return {ok: false, message: `${kindOf(value)} where a map is expected`}
  const decoded: {[field: string]: Json} = {}
  for (const field of type.fields) {
    const given = Object.hasOwn(value, field.name) ? value[field.name] : ownAlias(value, field)
    if (given === undefined || (given === null && field.type.kind !== 'any')) continue
    const item = decodeValue(field.type, given)
    if (!item.ok) return {ok: false, message: `${field.name}: ${item.message}`}
    if (field.oneof !== undefined) unset(decoded, type, field.oneof)
    decoded[field.name] = item.value
  }
  return {ok: true, value: decoded}
}

/** One message's fields laid over another's, top level only, as unmarshalling into a message does. */
export function layer(type: Message, base: ProtoJson, over: ProtoJson): ProtoJson {
  const merged: {[field: string]: Json} = {...base}
  for (const {name, oneof} of type.fields) {
    const value = over[name]
    if (value === undefined) continue
    if (oneof !== undefined) unset(merged, type, oneof)
    merged[name] = value
  }
  return merged
}

/** Without fields that hold their zero, in the order in which they are printed. */
export function compact(type: Message, value: ProtoJson): ProtoJson {
  const kept: {[field: string]: Json} = {}
  for (const {name, oneof, type: fieldType} of type.fields) {
    const item = value[name]
    if (item === undefined) continue
    const inner = compactValue(fieldType, item)
    if (oneof === undefined && isZero(fieldType, inner)) continue
    kept[name] = inner
  }
  return kept
}

/** The JSON text of a compacted message, byte for byte as jsonpb prints it. */
export function print(value: ProtoJson): string {
  return goJson(value)
}

/** The value where it is text. */
export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The value where it is a message or a map. */
export function objectOf(value: Json | undefined): ProtoJson | undefined {
  return value !== undefined && isObject(value) ? value : undefined
}

function compactValue(type: ProtoType, value: Json): Json {
  switch (type.kind) {
    case 'message':
      return isObject(value) ? compact(type, value) : value
    case 'list':
      return Array.isArray(value) ? value.map((item: Json) => compactValue(type.of, item)) : value
    case 'map':
      if (!isObject(value)) return value
      return Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, compactValue(type.of, value[key] ?? null)]),
      )
    case 'string':
    case 'bool':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'double':
    case 'duration':
    case 'any':
    case 'struct':
    case 'wrapped':
    case 'enum':
      break
  }
  return value
}

function isZero(type: ProtoType, value: Json): boolean {
  switch (type.kind) {
    case 'string':
      return value === ''
    case 'bool':
      return value === false
    case 'int32':
    case 'uint32':
    case 'double':
      return value === 0
    case 'int64':
      return value === '0'
    case 'enum':
      return value === 0 || (typeof value === 'string' && type.numbers[value] === 0)
    case 'list':
      return Array.isArray(value) && value.length === 0
    case 'map':
      return isObject(value) && Object.keys(value).length === 0
    case 'message':
    case 'wrapped':
    case 'duration':
    case 'any':
    case 'struct':
      break
  }
  return false
}

function decodeValue(type: ProtoType, value: unknown): Decoded<Json> {
  switch (type.kind) {
    case 'message':
      return decode(type, value)
    case 'wrapped':
      return decodeValue(type.of, value)
    case 'any':
      return isJson(value) ? {ok: true, value} : {ok: true, value: null}
    case 'struct':
      return isValues(value) && isJson(value)
        ? {ok: true, value}
        : {ok: false, message: `${kindOf(value)} where a map is expected`}
    case 'list':
      return decodeList(type.of, value)
    case 'map':
      return decodeMap(type.of, value)
    case 'string':
      if (value === null) return {ok: true, value: ''}
      return typeof value === 'string' ? {ok: true, value} : expected('text', value)
    case 'bool':
      if (value === null) return {ok: true, value: false}
      return typeof value === 'boolean' ? {ok: true, value} : expected('true or false', value)
    case 'int32':
      return decodeInteger(value, -2147483648, 2147483647)
    case 'uint32':
      return decodeInteger(value, 0, 4294967295)
    case 'int64': {
      const integer = decodeInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
      return integer.ok ? {ok: true, value: String(integer.value)} : integer
    }
    case 'double':
      return decodeDouble(value)
    case 'duration':
      return decodeDuration(value)
    case 'enum':
      break
  }
  return decodeEnum(type.numbers, value)
}

function decodeList(of: ProtoType, value: unknown): Decoded<Json> {
  if (!Array.isArray(value)) return expected('a list', value)
  const items: Json[] = []
  for (const [index, given] of value.entries()) {
    const item = decodeValue(of, given)
    if (!item.ok) return {ok: false, message: `${index}: ${item.message}`}
    items.push(item.value)
  }
  return {ok: true, value: items}
}

function decodeMap(of: ProtoType, value: unknown): Decoded<Json> {
  if (!isValues(value)) return expected('a map', value)
  const entries: [string, Json][] = []
  for (const [key, given] of Object.entries(value)) {
    const item = decodeValue(of, given)
    if (!item.ok) return {ok: false, message: `${key}: ${item.message}`}
    entries.push([key, item.value])
  }
  return {ok: true, value: Object.fromEntries(entries)}
}

function decodeInteger(value: unknown, least: number, most: number): Decoded<number> {
  if (value === null) return {ok: true, value: 0}
  const number = typeof value === 'string' && /^\s*-?(0|[1-9][0-9]*)\s*$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return expected('a whole number', value)
  if (number < least || number > most) return {ok: false, message: `${number} is not from ${least} to ${most}`}
  return {ok: true, value: number}
}

function decodeDouble(value: unknown): Decoded<Json> {
  if (value === null) return {ok: true, value: 0}
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return {ok: true, value}
  const number =
    typeof value === 'string' && /^\s*-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? {ok: true, value: number} : expected('a number', value)
}

/** Canonical text has seconds with 0, 3, 6 or 9 decimals. */
function decodeDuration(value: unknown): Decoded<string> {
  if (typeof value !== 'string') return expected('a duration such as 10s', value)
  const nanoseconds = parseDuration(value)
  if (nanoseconds === undefined) return {ok: false, message: `${JSON.stringify(value)} is not a duration such as 10s`}
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fraction = String(magnitude % 1_000_000_000n).padStart(9, '0')
  const trimmed = `.${fraction}`
    .replace(/000$/, '')
    .replace(/000$/, '')
    .replace(/\.000$/, '')
  return {ok: true, value: `${nanoseconds < 0n ? '-' : ''}${magnitude / 1_000_000_000n}${trimmed}s`}
}

function decodeEnum(numbers: {readonly [name: string]: number}, value: unknown): Decoded<Json> {
  if (typeof value === 'string') {
    if (Object.hasOwn(numbers, value)) return {ok: true, value}
    return {ok: false, message: `${JSON.stringify(value)} is none of ${Object.keys(numbers).join(', ')}`}
  }
  const number = decodeInteger(value, -2147483648, 2147483647)
  if (!number.ok) return number
  return {ok: true, value: Object.keys(numbers).find((name) => numbers[name] === number.value) ?? number.value}
}

function unset(fields: {[field: string]: Json}, type: Message, oneof: string): void {
  for (const {name, oneof: group} of type.fields) if (group === oneof) delete fields[name]
}

function ownAlias(value: Values, {alias}: ProtoField): unknown {
  return Object.hasOwn(value, alias) ? value[alias] : undefined
}

function expected(what: string, value: unknown): {readonly ok: false; readonly message: string} {
  return {ok: false, message: `${kindOf(value)} where ${what} is expected`}
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'null'
  return typeof value === 'object' ? 'a map' : JSON.stringify(value).slice(0, 60)
}

/** Values come out of YAML or JSON; there is nothing else in them. */
function isJson(value: unknown): value is Json {
  return value !== undefined && typeof value !== 'function'
}

function isObject(value: Json): value is {readonly [key: string]: Json} {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNames(names: readonly string[] | {readonly [name: string]: number}): names is readonly string[] {
  return Array.isArray(names)
}
