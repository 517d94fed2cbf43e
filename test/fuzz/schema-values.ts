import * as fc from 'fast-check'
import {isValues, type Values} from '../../src/mesh/values.ts'

/** Values that a JSON Schema takes, most of the time; `odd` stands in for the rest. References are not followed. */
export function valuesOf(schema: unknown, odd: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({weight: 30, arbitrary: fitting(schema, odd)}, {weight: 1, arbitrary: odd})
}

function fitting(schema: unknown, odd: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (!isValues(schema)) return odd
  const {type, enum: listed, const: only, anyOf, oneOf, properties, additionalProperties, items} = schema
  if (only !== undefined) return fc.constant(only)
  if (Array.isArray(listed)) return fc.constantFrom<unknown[]>(...listed)
  const options: unknown = anyOf ?? oneOf
  if (Array.isArray(options)) return fc.oneof(...options.map((option) => valuesOf(option, odd)))
  const types = [type].flat()
  const one = types[0]
  if (one === 'object' || isValues(properties)) return objects(schema, properties, additionalProperties, odd)
  if (one === 'array') return fc.array(valuesOf(items, odd), {maxLength: 3})
  if (one === 'boolean') return fc.boolean()
  if (one === 'integer') return fc.oneof(fc.integer({min: 0, max: 100}), fc.integer())
  if (one === 'number') return fc.oneof(fc.double({min: 0, max: 1, noNaN: true}), fc.integer({min: 0, max: 100}))
  if (one === 'string') return texts(schema)
  return odd
}

function objects(
  {required}: Values,
  properties: unknown,
  additional: unknown,
  odd: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const known = Object.entries(isValues(properties) ? properties : {})
  const wanted: ReadonlySet<unknown> = new Set(Array.isArray(required) ? required : [])
  const each = known.map(([key, below]) =>
    fc
      .option(fc.constant(key), {nil: undefined, freq: wanted.has(key) ? 20 : 1})
      .chain((chosen) =>
        chosen === undefined ? fc.constant<unknown[][]>([]) : valuesOf(below, odd).map((value) => [[key, value]]),
      ),
  )
  const others = fc.array(fc.tuple(fc.constantFrom('a', 'v1', 'production', '__proto__'), valuesOf(additional, odd)), {
    maxLength: isValues(additional) ? 2 : 0,
  })
  return fc
    .tuple(fc.tuple(...each), others)
    .map(([fixed, free]) => Object.fromEntries([...fixed.flat(), ...free] as [string, unknown][]))
}

const plausible = [
  'orders',
  'v1',
  '10s',
  '100m',
  '1Gi',
  '/api',
  '5xx',
  'http',
  'shop',
  '*',
  'a.b.svc',
  '0.1',
  'qa-[0-9]+',
]

function texts({pattern}: Values): fc.Arbitrary<string> {
  const likely = fc.constantFrom(...plausible)
  if (typeof pattern !== 'string') return likely
  try {
    return fc.oneof(likely, fc.stringMatching(new RegExp(pattern)))
  } catch {
    // A pattern that fast-check cannot make texts of.
    return likely
  }
}
