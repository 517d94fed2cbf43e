import type {MeshName} from '../mesh/mesh.ts'
import {exceeded} from './depth.ts'
import {failedReview, type FailureCode, type FailurePolicy} from './failure.ts'
import {Fault} from './fault.ts'
import {headOf} from './head.ts'
import type {Reviewed} from './review.ts'
import {largestReview, mostValues} from './size.ts'

/** What answers reviews; looked up for each one, so that configuration can change meanwhile. */
export interface Admission {
  /** `excess` says in half a sentence what there is too much of: the body lacks the object then. */
  review(body: unknown, excess?: string): Reviewed | {readonly badRequest: string}
  /** What a review meets that could not be worked on. */
  failurePolicy(body: unknown): FailurePolicy
  /** What failures are counted under. */
  readonly mesh: MeshName
}

/** An AdmissionReview to send, and what the log and the metrics say of it. */
export interface Answer {
  /** JSON text. */
  readonly body: string
  readonly mesh: MeshName
  readonly decision: 'injected' | 'annotated' | 'skipped' | 'refused' | 'failed'
  readonly code: string
  readonly namespace: string
  readonly owner: string
  /** What was thrown, where `decision` is failed because of that. */
  readonly error?: unknown
}

const bounds = {depth: 64, values: mostValues}
const [tooDeep, noJson, noReview] = [new Fault('MW5005'), new Fault('MW5008'), new Fault('MW5011')]
const noHead = new Fault(
  'MW5011',
  'In a review of this size request.uid stands before request.object, and both in its first 64 KiB.',
)

/** From the bytes of a request to those of its answer. Never throws; an error inside is answered by `admission.failurePolicy`. */
export function answer(text: Buffer, late: boolean, admission: Admission): Answer | Fault {
  const excess = excessOf(text)
  if (excess === 'depth') return tooDeep
  const read = excess === undefined ? text.toString() : headOf(text)
  if (read === undefined) return noHead
  let body: unknown
  try {
    // Keys such as __proto__ become own properties here: data like any other.
    body = JSON.parse(read)
  } catch {
    return noJson
  }
  if (late) return failed(body, 'MW5002', admission)
  try {
    const reviewed = admission.review(body, excess)
    if ('badRequest' in reviewed) return new Fault('MW5011', `${reviewed.badRequest}.`)
    const {verdict, namespace, owner} = reviewed
    const {mesh, decision, code} = verdict
    return {body: reviewed.body, mesh, decision, code, namespace, owner}
  } catch (error) {
    return failed(body, 'MW5001', admission, error)
  }
}

/** What makes the text too much to be worked on, or even parsed: half a second in which nobody else is answered. */
function excessOf(text: Buffer): string | undefined {
  if (text.length > largestReview) return `the review has more than ${largestReview} bytes`
  const bound = exceeded(text, bounds)
  return bound === 'values' ? `the review holds more than ${mostValues} values` : bound
}

function failed(body: unknown, code: FailureCode, admission: Admission, error?: unknown): Answer | Fault {
  const {mesh} = admission
  const review = failedReview(body, code, admission.failurePolicy(body))
  if (review === undefined) return noReview
  return {body: review.body, mesh, decision: 'failed', code, namespace: review.namespace, owner: '', error}
}
