import type {z} from 'zod'
import {dotted, shown} from '../config/problem.ts'
import {expects, schemaAt} from '../config/shape.ts'
import type {Path} from '../config/tree.ts'
import {isValues} from '../mesh/values.ts'

/** One thing that is wrong with a rule object. */
export interface Fault {
  /** From the spec on. */
  readonly path: Path
  /** A sentence without the place. */
  readonly message: string
}

export type SpecReading<T> =
  | {readonly ok: true; readonly spec: T}
  | {readonly ok: false; readonly faults: readonly Fault[]}

/**
 * Holds a spec against its schema. What the API server has let in passes; rules in files, and objects that were stored
 * before the schema was narrowed, get the same answer in the same words.
 */
export function readSpec<T extends z.ZodType>(schema: T, spec: unknown): SpecReading<z.output<T>> {
  const trap = prototypeKey(spec, [])
  if (trap !== undefined)
    return {ok: false, faults: [{path: trap, message: `a key named ${shown('__proto__')} is not taken`}]}
  const value = spec ?? {}
  const parsed = schema.safeParse(withoutNulls(value))
  if (parsed.success) return {ok: true, spec: parsed.data}
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, schema, value))
  // What a value is not may break several checks, which are all told alike.
  return {ok: false, faults: [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]}
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): readonly Fault[] {
  const path: Path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({path: [...path, key], message: `unknown key ${shown(key)}`}))
  }
  if (issue.code === 'custom' && issue.params?.['condition'] === true) return [{path, message: issue.message}]
  const found = valueAt(value, path)
  const below = schemaAt(schema, path)
  const wanted = below === undefined ? 'another value' : expects(below)
  const key = dotted(path.slice(-1)) || 'spec'
  if (found === undefined || found === null) return [{path, message: `${key} is missing; it must be ${wanted}`}]
  return [{path, message: `${key} must be ${wanted}, found ${shown(found)}`}]
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, step) => {
    if (Array.isArray(here)) return here[Number(step)]
    return isValues(here) && Object.hasOwn(here, step) ? here[step] : undefined
  }, value)
}

/** To the API server a null is a key that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isValues(value)) return value
  const entries = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]))
}

/** Where a map has the one key that records of the schema library lose without a word. */
function prototypeKey(value: unknown, path: Path): Path | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key]
    if (key === '__proto__') return here
    const below = prototypeKey(item, here)
    if (below !== undefined) return below
  }
  return undefined
}
