import type {EnvVar} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {quoted} from './quoted.ts'

export type EnvList =
  | {readonly ok: true; readonly list: readonly EnvVar[]}
  | {readonly ok: false; readonly reason: string}

const none: EnvList = {ok: true, list: []}

/** The fields of core/v1 EnvVarSource by name, each a map; those that are not listed are dropped, as Go's decoder does. */
const sources: Readonly<Record<string, Readonly<Record<string, 'text' | 'flag'>>>> = {
  fieldRef: {apiVersion: 'text', fieldPath: 'text'},
  resourceFieldRef: {containerName: 'text', resource: 'text', divisor: 'text'},
  configMapKeyRef: {name: 'text', key: 'text', optional: 'flag'},
  secretKeyRef: {name: 'text', key: 'text', optional: 'flag'},
  fileKeyRef: {volumeName: 'text', path: 'text', key: 'text', optional: 'flag'},
}

/** A list of core/v1 EnvVar as Linkerd decodes it: unknown fields are dropped, absent and null are no list. */
export function readEnv(value: unknown): EnvList {
  if (value === undefined || value === null) return none
  if (!Array.isArray(value)) return {ok: false, reason: 'must be a list of environment variables'}
  const list: EnvVar[] = []
  for (const item of value) {
    const variable = readVariable(item)
    if (typeof variable === 'string') return {ok: false, reason: variable}
    list.push(variable)
  }
  return {ok: true, list}
}

/** As `readEnv`, from the text of an annotation. */
export function parseEnv(text: string): EnvList {
  if (text === '') return none
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {ok: false, reason: 'is not JSON'}
  }
  return readEnv(value)
}

/** Lists laid over one another: a later variable of the same name takes the place of the earlier one. */
export function mergeEnv(...lists: readonly (readonly EnvVar[])[]): readonly EnvVar[] {
  const merged = new Map<string, EnvVar>()
  for (const list of lists) for (const variable of list) merged.set(variable.name, variable)
  return [...merged.values()]
}

function readVariable(item: unknown): EnvVar | string {
  if (item === null) return {name: ''}
  if (!isValues(item)) return 'must hold environment variables: maps with a name and a value'
  const name = field(item, 'name') ?? ''
  const value = field(item, 'value') ?? ''
  const valueFrom = field(item, 'valueFrom')
  if (typeof name !== 'string') return 'has a variable whose name is not a text'
  if (typeof value !== 'string') return `has a variable ${quoted(name)} whose value is not a text`
  if (valueFrom === undefined || valueFrom === null) return {name, ...(value !== '' && {value})}
  const source = readSource(valueFrom)
  return source === undefined
    ? `has a variable ${quoted(name)} whose valueFrom cannot be read`
    : {name, ...(value !== '' && {value}), valueFrom: source}
}

function readSource(value: unknown): Values | undefined {
  if (!isValues(value)) return undefined
  const source: Record<string, Values> = {}
  for (const [kind, fields] of Object.entries(sources)) {
    const given = field(value, kind)
    if (given === undefined || given === null) continue
    if (!isValues(given)) return undefined
    const read: Record<string, unknown> = kind === 'resourceFieldRef' ? {divisor: '0'} : {}
    for (const [key, type] of Object.entries(fields)) {
      const item = field(given, key)
      if (item === undefined || item === null) continue
      if (key === 'divisor' && typeof item === 'number') read[key] = String(item)
      else if (type === 'text' ? typeof item !== 'string' : typeof item !== 'boolean') return undefined
      else if (item !== '' || key === 'key' || key === 'fieldPath' || key === 'resource') read[key] = item
    }
    source[kind] = read
  }
  return source
}

/** Go's decoder takes a field's name in any case where the exact one is absent. */
function field(map: Values, name: string): unknown {
  if (Object.hasOwn(map, name)) return map[name]
  const key = Object.keys(map).find((key) => key.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : map[key]
}
