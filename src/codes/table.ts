import {decisions, type DecisionCode, type Entry} from './decisions.ts'
import {findings, type FindingCode} from './findings.ts'
import {refusals, type RefusalCode} from './refusals.ts'

/** Every code of an answer about a pod. */
export type AnswerCode = DecisionCode | RefusalCode | FindingCode

const answers: Readonly<Record<AnswerCode, Entry>> = {...decisions, ...refusals, ...findings}

export function entryOf(code: AnswerCode): Entry {
  return answers[code]
}
