import {admissionCodes, type AdmissionCode} from '../codes/admission.ts'

const replies = {
  MW5001: {status: 500, reason: 'InternalError'},
  MW5003: {status: 429, reason: 'TooManyRequests'},
  MW5004: {status: 413, reason: 'RequestEntityTooLarge'},
  MW5005: {status: 400, reason: 'BadRequest'},
  MW5006: {status: 415, reason: 'UnsupportedMediaType'},
  MW5007: {status: 400, reason: 'BadRequest'},
  MW5008: {status: 400, reason: 'BadRequest'},
  MW5009: {status: 405, reason: 'MethodNotAllowed'},
  MW5010: {status: 404, reason: 'NotFound'},
  MW5011: {status: 400, reason: 'BadRequest'},
  MW5012: {status: 400, reason: 'BadRequest'},
  MW5013: {status: 408, reason: 'Timeout'},
  MW5014: {status: 431, reason: 'BadRequest'},
  MW5015: {status: 503, reason: 'ServiceUnavailable'},
  MW5016: {status: 503, reason: 'ServiceUnavailable'},
} as const satisfies Partial<Record<AdmissionCode, {status: number; reason: string}>>

/** The codes of requests that get no AdmissionReview back. */
export type FaultCode = keyof typeof replies

/** A request that gets no AdmissionReview back, because it holds none or because nobody looked. Never quotes the request. */
export class Fault {
  readonly code: FaultCode
  /** The HTTP status. */
  readonly status: number
  /** A Kubernetes Status, which is what the API server looks for in an answer that is not 200, as JSON text. */
  readonly body: string

  constructor(code: FaultCode, sentence: string = admissionCodes[code].sentence) {
    const {status, reason} = replies[code]
    this.code = code
    this.status = status
    this.body = JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `${code}: ${sentence} ${admissionCodes[code].fix}`,
      reason,
      ...(code === 'MW5003' && {details: {retryAfterSeconds: 1}}),
      code: status,
    })
  }
}
