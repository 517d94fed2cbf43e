import {expect, test} from 'vitest'
import {answer} from '../../src/admission/answer.ts'
import {Fault} from '../../src/admission/fault.ts'
import {Reviewer} from '../../src/admission/review.ts'
import {giantReviews} from '../hostile/giants.ts'
import {stateOf} from '../hostile/states.ts'
import {emptyReport, judge} from './review-client.ts'

// Who judges a million answers is judged as well.

const [giant] = giantReviews.beyond
const torn = Buffer.from(giant?.text.subarray(0, -10) ?? '')

function answerTo(body: Buffer): string {
  const [reviewer, state] = [new Reviewer(), stateOf('istio', {})]
  const review = (parsed: unknown, excess?: string) => reviewer.review(parsed, state, excess)
  const answered = answer(body, false, {mesh: 'istio', failurePolicy: () => 'Fail', review})
  if (answered instanceof Fault) throw new Error('it is answered')
  return answered.body
}
const judged = (text: string) =>
  judge({kind: 'giant', body: torn}, {status: 200, headers: {}, text, took: 1}, emptyReport())

test('a refusal of what is too large and torn beyond the part that is read is right', () => {
  expect(() => JSON.parse(torn.toString())).toThrow('JSON')
  expect(judged(answerTo(torn))).toBeUndefined()
})

test('a patch for it, or the answer to another review, is wrong', () => {
  const text = answerTo(torn)
  expect(judged(text.replace('"uid":"giant"', '"uid":"other"'))).toBe('the uid is not echoed')
  const patched = JSON.parse(text)
  const response = {...patched.response, allowed: true, patchType: 'JSONPatch', patch: 'W10='}
  expect(judged(JSON.stringify({...patched, response}))).toBe('patched, although it is no JSON')
})
