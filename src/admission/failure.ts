import {admissionCodes, type AdmissionCode} from '../codes/admission.ts'
import {clusterNamespaces} from './decide.ts'
import {choose, readRequest, unknownNamespace, type AdmissionState} from './review.ts'

/** What a pod meets when the webhook fails inside. */
export type FailurePolicy = 'Fail' | 'Ignore'

/** Why there is no verdict: an error in our own code, or no time left for it. */
export type FailureCode = Extract<AdmissionCode, 'MW5001' | 'MW5002'>

export interface Failed {
  /** The AdmissionReview as JSON text. */
  readonly body: string
  readonly namespace: string
}

/**
 * What a review meets that could not be worked on: what the administrator says. Under `mesh.enforced` a pod is refused, for
 * else whoever brings about an error, or so much work that there is no time left, would be past the sidecar.
 */
export function failurePolicyOf(review: unknown, state: AdmissionState): FailurePolicy {
  // As in a webhook's registration: without a word of the administrator's nothing gets past.
  const {failurePolicy = 'Fail'} = state.base.settings
  if (failurePolicy === 'Fail') return failurePolicy
  const request = readRequest(review)
  if (typeof request === 'string') return failurePolicy
  const {kind, operation, subResource, namespace: name} = request
  if (kind !== 'Pod' || operation !== 'CREATE' || subResource !== '') return failurePolicy
  if (name === state.ownNamespace || clusterNamespaces.has(name)) return failurePolicy
  const prepared = choose(state.objects.namespace(name) ?? unknownNamespace(name), state) ?? state.base
  return prepared.settings.enforced === true ? 'Fail' : failurePolicy
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
