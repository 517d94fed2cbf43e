import {z} from 'zod'
import type {Labels} from './queries.ts'

/** A number of an instant vector. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** What Prometheus' HTTP API answers a query with. */
const success = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()])})),
  }),
})
const failure = z.object({status: z.literal('error'), errorType: z.string(), error: z.string()})

/** What is not a number (NaN is no value, and so is nothing divided by nothing) is left out. Undefined for what is no answer. */
export function samplesIn(document: unknown): readonly Sample[] | undefined {
  const read = success.safeParse(document)
  if (!read.success) return undefined
  return read.data.data.result
    .map(({metric, value: [, text]}) => ({labels: metric, value: text.trim() === '' ? Number.NaN : Number(text)}))
    .filter(({value}) => Number.isFinite(value))
}

/** Why Prometheus refused a query, in its own words; undefined where it does not say. */
export function refusalIn(document: unknown): string | undefined {
  const read = failure.safeParse(document)
  return read.success ? `${read.data.errorType}: ${read.data.error}` : undefined
}
