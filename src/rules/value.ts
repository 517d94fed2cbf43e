import {z} from 'zod'
import {meaning} from '../config/value.ts'
import {parseDuration} from '../mesh/go/duration.ts'
import type {StringMap} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'

/**
 * The values that rules are made of. Beside `expects` and `description` a schema carries what the API server needs to
 * check an object by itself (`x-kubernetes-*`); whatever it checks is checked here in the same words, for rules that no
 * API server has seen.
 */

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
/** Names of versions are values of pod labels. */
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const durationText = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/
const longestDuration = 24 * 60 * 60 * 1000

export const name = (description: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(label)
    .meta(meaning('a name of lower-case letters, digits and dashes, at most 63', description))

export const versionName = (description: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(labelValue)
    .meta(meaning('a name of letters, digits, dots, dashes and underscores, at most 63', description))

/** As Go writes durations, in whole milliseconds. */
export const ruleDuration = (description: string) =>
  z
    .string()
    .min(2)
    .max(32)
    .regex(durationText)
    .refine((text) => milliseconds(text) !== undefined)
    .meta({
      ...meaning('a duration from 1ms to 24h with its unit, such as 500ms, 10s or 1m30s', description),
      'x-kubernetes-validations': [
        {
          rule: "duration(self) >= duration('1ms') && duration(self) <= duration('24h')",
          message: 'must be a duration from 1ms to 24h',
        },
      ],
    })

/** Whole milliseconds from 1 to a day; undefined for what is no such duration. */
export function milliseconds(text: string): number | undefined {
  const nanoseconds = parseDuration(text)
  if (nanoseconds === undefined || nanoseconds % 1_000_000n !== 0n) return undefined
  const whole = Number(nanoseconds / 1_000_000n)
  return whole >= 1 && whole <= longestDuration ? whole : undefined
}

export const wholeNumber = (least: number, most: number, description: string) =>
  z
    .number()
    .int()
    .min(least)
    .max(most)
    .meta(meaning(`a whole number from ${least} to ${most}`, description))

/** A map of texts; z.record would drop a key named __proto__. */
export const texts = (most: number, description: string) =>
  z
    .custom<StringMap>((value) => isTexts(value) && Object.keys(value).length <= most)
    .meta({
      ...meaning(`a map of at most ${most} texts`, description),
      type: 'object',
      maxProperties: most,
      additionalProperties: {type: 'string', maxLength: longestText},
    })

const longestText = 1024

function isTexts(value: unknown): value is StringMap {
  return isValues(value) && Object.values(value).every((text) => typeof text === 'string' && text.length <= longestText)
}

/** A list that is written as a whole, and never empty: whether nothing means nobody or everybody would be a guess. */
export const list = <T extends z.ZodType>(item: T, most: number, expects: string, description: string) =>
  z
    .array(item)
    .min(1)
    .max(most)
    .meta({...meaning(expects, description), 'x-kubernetes-list-type': 'atomic'})

/** A list whose items several writers may own, each by its key: what two of them write merges. */
export const listMap = <T extends z.ZodType>(
  item: T,
  keys: readonly string[],
  most: number,
  expects: string,
  description: string,
) =>
  z
    .array(item)
    .max(most)
    .meta({...meaning(expects, description), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys})

/** A condition over several fields: as CEL for the API server, as `holds` for everybody else. */
export interface Condition<T> {
  readonly cel: string
  /** A sentence for whoever wrote the rule. */
  readonly message: string
  readonly holds: (value: T) => boolean
}

/** `schema` with conditions; its texts stay. */
export function holding<T extends z.ZodType>(schema: T, conditions: readonly Condition<z.output<T>>[]): T {
  const checked = conditions.reduce<T>(
    (so, {message, holds}) => so.refine(holds, {message, params: {condition: true}}),
    schema,
  )
  return checked.meta({
    ...z.globalRegistry.get(schema),
    'x-kubernetes-validations': conditions.map(({cel, message}) => ({rule: cel, message})),
  })
}

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const
export const httpMethod = (description: string) =>
  z.enum(httpMethods).meta(meaning(`one of ${httpMethods.join(', ')}`, description))
