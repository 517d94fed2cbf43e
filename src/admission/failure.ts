import {admissionCodes, type AdmissionCode} from '../codes/admission.ts'

/** What a pod meets when the webhook fails inside. */
export type FailurePolicy = 'Fail' | 'Ignore'

/** Why there is no verdict: an error in our own code, or no time left for it. */
export type FailureCode = Extract<AdmissionCode, 'MW5001' | 'MW5002'>

export interface Failed {
  /** The AdmissionReview as JSON text. */
  readonly body: string
  readonly namespace: string
}

/** A valid answer to a review that could not be worked on; undefined where the body is no review at all. */
export function failedReview(review: unknown, code: FailureCode, policy: FailurePolicy): Failed | undefined {
  const request = field(review, 'request')
  const uid = field(request, 'uid')
  if (typeof uid !== 'string' || uid === '' || uid.length > 256) return undefined
  const {sentence, fix} = admissionCodes[code]
  const allowed = policy === 'Ignore'
  const namespace = field(request, 'namespace')
  return {
    namespace: typeof namespace === 'string' ? namespace : '',
    body: JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid,
        allowed,
        ...(allowed
          ? {warnings: [`${code} no sidecar: ${sentence}`]}
          : {
              status: {
                code: code === 'MW5001' ? 500 : 504,
                reason: code === 'MW5001' ? 'InternalError' : 'Timeout',
                message: `${code}: ${sentence} ${fix}`,
              },
            }),
        auditAnnotations: {decision: 'failed', code},
      },
    }),
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}
