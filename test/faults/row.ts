import type {Bed} from './bed.ts'
import {failures, type Count} from './count.ts'

/** How much of a row: `quick` is for CI. */
export type Scale = 'full' | 'quick'

/** One thing that was looked at, and whether it was as it should be. */
export interface Check {
  /** In the words of the table, with what was measured: "0 of 2,000 creates lost". */
  readonly text: string
  readonly holds: boolean
}

export interface Outcome {
  /** What was done, with its scale. */
  readonly done: string
  /** The requests that were counted; none where a row counts something else. */
  readonly count?: Count | undefined
  /** Why this machine cannot make it. */
  readonly notRun?: string
  readonly checks: readonly Check[]
}

/** A row of the matrix of faults. */
export interface Row {
  readonly number: number
  /** The fault, in a word or two. */
  readonly fault: string
  /** What is expected. */
  readonly bar: string
  /** Whether CI runs a smaller one of it. */
  readonly isQuick: boolean
  /** How many replicas there are when it begins; 2 where absent. */
  readonly replicas?: number
  run(bed: Bed, scale: Scale): Promise<Outcome>
}

/** A row that is not run, and why. */
export interface Absent {
  readonly number: number
  readonly fault: string
  readonly bar: string
  readonly because: string
}

export function check(holds: boolean, text: string): Check {
  return {holds, text}
}

/** That every request was answered with a sidecar; where not, the reasons stand in the text. */
export function nothingLost(count: Count): Check {
  const lost = failures(count)
  const reasons = [...count.reasons].map(([reason, times]) => `${times} x ${reason}`).slice(0, 3)
  const because = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`
  return check(lost === 0, `${lost} of ${number(count.attempted)} lost${because}`)
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', {maximumFractionDigits: digits})
}
