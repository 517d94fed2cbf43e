import {z} from 'zod'
import {parseDuration} from '../mesh/go/duration.ts'
import {parseQuantity} from '../mesh/go/quantity.ts'
import {isValues, type Values} from '../mesh/values.ts'

/**
 * Every schema that a user's key ends in carries two texts: `expects`, which completes the sentence "must be ..." in an
 * error, and `description`, which the JSON Schema, `config explain` and the reference page print.
 */
export const meaning = (expects: string, description: string) => ({expects, description})

export const flag = (description: string) => z.boolean().meta(meaning('true or false', description))
export const text = (expects: string, description: string) => z.string().min(1).meta(meaning(expects, description))
export const quantity = (description: string) =>
  z
    .union([z.string().refine(isQuantity), z.number().refine((value) => isQuantity(String(value)))])
    .transform(String)
    .meta(meaning('a Kubernetes quantity from 0, such as 500m or 256Mi', description))
export const duration = (description: string) =>
  z
    .string()
    .refine((value) => (parseDuration(value) ?? 0n) > 0n)
    .meta(meaning('a duration with its unit, such as 500ms, 10s or 1m30s', description))
export const rate = (description: string) =>
  z.number().min(0).max(1).meta(meaning('a number from 0 to 1 (0.1 is one request in ten)', description))
export const listOf = <T extends z.ZodType>(item: T, expects: string, description: string) =>
  z.array(item).meta(meaning(expects, description))
export const oneOrMany = <T extends z.ZodType>(item: T, expects: string, description: string) =>
  z
    .union([item, z.array(item)])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .meta(meaning(expects, description))
export const section = <T extends z.core.$ZodLooseShape>(shape: T, description: string) =>
  z.strictObject(shape).meta(meaning('a map', description))
/** Written in another project's words and handed on as it is; z.record would drop a key named __proto__. */
export const foreign = (description: string) =>
  z.custom<Values>(isValues).meta({...meaning('a map', description), type: 'object', additionalProperties: true})

function isQuantity(text: string): boolean {
  const quantity = parseQuantity(text)
  return quantity !== undefined && quantity.unscaled >= 0n
}
