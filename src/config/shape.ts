import {z} from 'zod'
import type {Path} from './tree.ts'

/** The schema under optional, nullable, defaulted and transformed wrappers. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrapped(schema.unwrap())
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema
}

/** Of a key that takes one or many, the schema of the list or of the one. */
export function alternative(schema: z.core.$ZodType, many: boolean): z.core.$ZodType {
  const bare = unwrapped(schema)
  if (!(bare instanceof z.ZodUnion)) return bare
  return bare.options.map(unwrapped).find((option) => option instanceof z.ZodArray === many) ?? bare
}

/** The keys that a section has; undefined where any key goes (names of environments, Helm values). */
export function keysOf(schema: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> | undefined {
  const bare = alternative(schema, false)
  if (!(bare instanceof z.ZodObject) || !(bare.def.catchall instanceof z.ZodNever)) return undefined
  return new Map(Object.entries(bare.shape))
}

/** The schema one step below; undefined where none is prescribed. */
export function schemaBelow(schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  const bare = alternative(schema, typeof step === 'number')
  if (bare instanceof z.ZodArray) return bare.element
  if (bare instanceof z.ZodRecord) return bare.valueType
  if (!(bare instanceof z.ZodObject) || !Object.hasOwn(bare.shape, step)) return undefined
  return bare.shape[step]
}

export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((here, step) => here && schemaBelow(here, step), schema)
}

/** Completes the sentence "must be ...". */
export function expects(schema: z.core.$ZodType): string {
  const told = metaOf(schema)?.['expects']
  return typeof told === 'string' ? told : 'another value'
}

export function description(schema: z.core.$ZodType): string {
  return metaOf(schema)?.description ?? ''
}

/** The text of the nearest wrapper that has one: what a key says of itself outranks what its type says. */
function metaOf(schema: z.core.$ZodType): z.core.GlobalMeta | undefined {
  const meta = z.globalRegistry.get(schema)
  if (meta?.['expects'] !== undefined) return meta
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return metaOf(schema.unwrap())
  return schema instanceof z.ZodPipe ? metaOf(schema.in) : meta
}

/** Every path that ends in a key of the schema, outermost first; what lies in lists and under free names is left out. */
export function* knownPaths(schema: z.core.$ZodType, path: readonly string[] = []): Generator<readonly string[]> {
  for (const [key, below] of keysOf(schema) ?? []) {
    yield [...path, key]
    yield* knownPaths(below, [...path, key])
  }
}
