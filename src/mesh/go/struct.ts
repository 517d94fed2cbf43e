import type {Container, Json, Pod} from '../pod.ts'
import {goEscaped} from './long-text.ts'
import {canonicalQuantity} from './quantity.ts'
import {goStructs, type GoField, type GoType} from './struct-table.ts'
import {canonicalTime} from './time.ts'

/** The JSON value that Go makes of a type, whatever it was given: what does not fit counts as absent. */
type Encode = (value: unknown) => Json
type Fields = {readonly [key: string]: unknown}

interface CompiledField {
  readonly name: string
  readonly encode: Encode
  /** True for an encoded value that Go leaves out; undefined where it always writes the field. */
  readonly omits: ((encoded: Json) => boolean) | undefined
}

interface CompiledStruct {
  readonly fields: readonly CompiledField[]
  /** Indices of the fields by name. */
  readonly places: ReadonlyMap<string, number>
  /** How many fields Go always writes. */
  readonly always: number
}

const compiled = new Map<string, CompiledStruct>()
for (const [name, fields] of goStructs) {
  const list = fields.map(compile)
  compiled.set(name, {
    fields: list,
    places: new Map(list.map((field, place) => [field.name, place])),
    always: list.filter(({omits}) => omits === undefined).length,
  })
}

const encodePod = structEncoder('Pod')
const encodeContainer = structEncoder('Container')
const encodeVolume = structEncoder('Volume')
const encodeVolumeMount = structEncoder('VolumeMount')

/**
 * The pod as Go prints the core/v1 object that it decodes to: fields in the order of the struct, zero values left out where
 * the struct says so, unknown fields gone, quantities and times canonical, `resources: {}` and `status: {}` always there.
 * Whatever Go would print as it is, as nearly all of what an API server sends, is shared with the pod.
 */
export function goPod(pod: Pod): Json {
  return encodePod(pod)
}

/** `goPod` for one container. */
export function goContainer(container: Container): Json {
  return encodeContainer(container)
}

/** `goPod` for one volume. */
export function goVolume(volume: Json): Json {
  return encodeVolume(volume)
}

/** `goPod` for one mount of a container. */
export function goVolumeMount(mount: Json): Json {
  return encodeVolumeMount(mount)
}

/** JSON text as Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped, lone surrogates replaced. */
export function goJson(value: Json): string {
  const text = JSON.stringify(value)
  if (!unlikeGo.test(text)) return text
  return text.length > longText ? goEscaped(text) : text.replace(escapes, escape)
}

/** Characters beyond which a call for each match takes too long. */
const longText = 64 * 1024

const unlikeGo = /[<>&\u2028\u2029]|\\ud/
// An escaped backslash is matched first, so that a `u` after it is not taken for an escape.
const escapes = /[<>&\u2028\u2029]|\\\\|\\ud[89a-f][0-9a-f]{2}/g

function escape(found: string): string {
  if (found === '\\\\') return found
  return found.length > 1 ? '\\ufffd' : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function compile({name, optional, type}: GoField): CompiledField {
  return {name, encode: encoder(type), omits: optional ? emptiness(type) : undefined}
}

function encoder(type: GoType): Encode {
  switch (type.kind) {
    case 'string':
      return (value) => (typeof value === 'string' ? value : '')
    case 'bool':
      return (value) => value === true
    case 'int':
      return (value) => (Number.isInteger(value) && typeof value === 'number' ? value : 0)
    case 'quantity':
      return (value) =>
        (typeof value === 'string' || typeof value === 'number') && value !== ''
          ? (canonicalQuantity(String(value).trim()) ?? '0')
          : '0'
    case 'intOrString':
      return (value) => (typeof value === 'string' || typeof value === 'number' ? value : 0)
    case 'time':
      return (value) => (typeof value === 'string' ? (canonicalTime(value) ?? null) : null)
    case 'raw':
      return (value) => (isJson(value) ? value : null)
    case 'pointer': {
      const encode = encoder(type.of)
      return (value) => (value === undefined || value === null ? null : encode(value))
    }
    case 'list': {
      const encode = encoder(type.of)
      return (value) => {
        if (!Array.isArray(value)) return null
        const encoded = value.map(encode)
        return isJson(value) && encoded.every((item, place) => item === value[place]) ? value : encoded
      }
    }
    case 'map':
      return mapEncoder(encoder(type.of))
    case 'struct':
      break
  }
  return structEncoder(type.name)
}

function structEncoder(name: string): Encode {
  const nothing: CompiledStruct = {fields: [], places: new Map(), always: 0}
  let struct: CompiledStruct | undefined
  // Looked up late: structs name each other.
  return (value) => encodeStruct(isFields(value) ? value : {}, (struct ??= compiled.get(name) ?? nothing))
}

function encodeStruct(source: Fields, struct: CompiledStruct): Json {
  const {fields, places, always} = struct
  const keys = Object.keys(source)
  let last = -1
  let written = 0
  for (const [index, key] of keys.entries()) {
    const place = places.get(key) ?? -1
    const field = fields[place]
    if (field === undefined || place < last) return inOrder(source, struct, keys, index)
    const given = source[key]
    const encoded = field.encode(given)
    if (encoded !== given || field.omits?.(encoded) === true) return inOrder(source, struct, keys, index, encoded)
    if (field.omits === undefined) written++
    last = place
  }
  return written === always && isJson(source) ? source : inOrder(source, struct, keys, keys.length)
}

/**
 * The struct made anew. The first `done` keys are known to be as Go prints them and `next` is what the key after them became,
 * so that nothing is encoded twice, or a deep struct would be so for each level above it.
 */
function inOrder(
  source: Fields,
  {fields}: CompiledStruct,
  keys: readonly string[],
  done: number,
  next?: Json,
): {[key: string]: Json} {
  const made: {[key: string]: Json} = {}
  for (const {name, encode, omits} of fields) {
    const given = source[name]
    if (omits !== undefined && (given === undefined || given === null)) continue
    const index = keys.indexOf(name)
    const known = index >= 0 && index < done && isJson(given) ? given : index === done ? next : undefined
    const field = known === undefined ? encode(given) : known
    if (omits?.(field) !== true) made[name] = field
  }
  return made
}

/** Go prints a map in the order of its keys. */
function mapEncoder(encode: Encode): Encode {
  return (value) => {
    if (!isFields(value)) return null
    const keys = Object.keys(value)
    let same = true
    const entries = keys.map((key, place): [string, Json] => {
      const encoded = encode(value[key])
      same &&= encoded === value[key] && (place === 0 || (keys[place - 1] ?? '') < key)
      return [key, encoded]
    })
    if (same && isJson(value)) return value
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

function emptiness(type: GoType): (encoded: Json) => boolean {
  switch (type.kind) {
    case 'pointer':
    case 'time':
      return (encoded) => encoded === null
    case 'list':
      return (encoded) => !Array.isArray(encoded) || encoded.length === 0
    case 'map':
      return (encoded) => encoded === null || Object.keys(encoded).length === 0
    case 'string':
    case 'bool':
    case 'int':
      return (encoded) => encoded === '' || encoded === false || encoded === 0
    case 'quantity':
    case 'intOrString':
    case 'raw':
    case 'struct':
      break
  }
  return () => false
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Everything inside a pod came out of JSON.parse; only a missing value is no JSON. */
function isJson(value: unknown): value is Json {
  return value !== undefined
}
