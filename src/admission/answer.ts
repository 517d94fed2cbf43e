import type {MeshName} from '../mesh/mesh.ts'
import {nestsDeeper} from './depth.ts'
import {failedReview, type FailureCode, type FailurePolicy} from './failure.ts'
import {Fault} from './fault.ts'
import type {Reviewed} from './review.ts'

/** What answers reviews; looked up for each one, so that configuration can change meanwhile. */
export interface Admission {
  review(body: unknown): Reviewed | {readonly badRequest: string}
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

const depthLimit = 64
const [tooDeep, noJson, noReview] = [new Fault('MW5005'), new Fault('MW5008'), new Fault('MW5011')]

/** From the bytes of a request to those of its answer. Never throws; an error inside is answered by `admission.failurePolicy`. */
export function answer(text: Buffer, late: boolean, admission: Admission): Answer | Fault {
  if (nestsDeeper(text, depthLimit)) return tooDeep
  let body: unknown
  try {
    // Keys such as __proto__ become own properties here: data like any other.
    body = JSON.parse(text.toString())
  } catch {
    return noJson
  }
  if (late) return failed(body, 'MW5002', admission)
  try {
    const reviewed = admission.review(body)
    if ('badRequest' in reviewed) return new Fault('MW5011', `${reviewed.badRequest}.`)
    const {verdict, namespace, owner} = reviewed
    const {mesh, decision, code} = verdict
    return {body: reviewed.body, mesh, decision, code, namespace, owner}
  } catch (error) {
    return failed(body, 'MW5001', admission, error)
  }
}

function failed(body: unknown, code: FailureCode, admission: Admission, error?: unknown): Answer | Fault {
  const {mesh} = admission
  const review = failedReview(body, code, admission.failurePolicy(body))
  if (review === undefined) return noReview
  return {body: review.body, mesh, decision: 'failed', code, namespace: review.namespace, owner: '', error}
}
