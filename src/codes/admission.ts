import type {Entry} from './decisions.ts'

/** MW5xxx: what the admission server itself says, apart from any decision about a pod. */
export const admissionCodes = {
  MW5001: {
    title: 'internal error',
    sentence: 'The webhook failed while it worked on the pod.',
    fix: 'Look for the request in the webhook log and report it; mesh.failurePolicy says what pods meet meanwhile, and mesh.enforced refuses them.',
  },
  MW5002: {
    title: 'too late',
    sentence: 'The deadline had passed before the webhook came to the request.',
    fix: 'Try again; if it lasts, run more replicas or give the webhook more CPU.',
  },
  MW5003: {
    title: 'too busy',
    sentence: 'More requests are waiting than the webhook takes at a time.',
    fix: 'Try again after Retry-After; if it lasts, run more replicas.',
  },
  MW5004: {
    title: 'body too large',
    sentence: 'The body is larger than 7 MiB.',
    fix: 'Send one AdmissionReview; the API server takes no larger objects either.',
  },
  MW5005: {
    title: 'nested too deeply',
    sentence: 'The JSON is nested deeper than 64 levels.',
    fix: 'Send an AdmissionReview as the API server makes it.',
  },
  MW5006: {
    title: 'not sent as JSON',
    sentence: 'The content type is not application/json.',
    fix: 'Send an AdmissionReview with Content-Type: application/json.',
  },
  MW5007: {
    title: 'empty body',
    sentence: 'The request has no body.',
    fix: 'Send an AdmissionReview of admission.k8s.io/v1.',
  },
  MW5008: {
    title: 'not JSON',
    sentence: 'The body is not well-formed JSON.',
    fix: 'Send an AdmissionReview of admission.k8s.io/v1.',
  },
  MW5009: {
    title: 'wrong method',
    sentence: 'The path is served, but not with this method.',
    fix: 'Use the method that the Allow header names.',
  },
  MW5010: {
    title: 'no such path',
    sentence: 'Nothing is served at this path.',
    fix: 'Use POST /mutate, GET /readyz or GET /livez.',
  },
  MW5011: {
    title: 'not an AdmissionReview',
    sentence: 'The body is JSON, but not an AdmissionReview of admission.k8s.io/v1 with a request.',
    fix: 'Correct what the sentence names.',
  },
  MW5012: {
    title: 'not HTTP',
    sentence: 'What came in is not a well-formed HTTP/1.1 request.',
    fix: 'Send an HTTP/1.1 request over TLS.',
  },
  MW5013: {
    title: 'request not finished in time',
    sentence: 'Headers take at most 5 s, a whole request at most 10 s.',
    fix: 'Send the request in one go.',
  },
  MW5014: {
    title: 'headers too large',
    sentence: 'The headers of the request are larger than 16 KiB.',
    fix: 'Send fewer or smaller headers.',
  },
  MW5015: {
    title: 'shutting down',
    sentence: 'The webhook was told to stop and takes no new work for long.',
    fix: 'Nothing to do; another replica answers.',
  },
  MW5016: {
    title: 'not ready yet',
    sentence: 'The webhook does not know the cluster and its mesh configuration yet.',
    fix: 'Wait; if it lasts, the log of the webhook says what is missing.',
  },
  MW5101: {
    title: 'certificate not usable',
    sentence: 'The certificate, its key or its authority cannot be used; the last good pair stays in force.',
    fix: 'Correct the file that the sentence names; meshwright certs show says what is in the folder.',
  },
  MW5102: {
    title: 'objects not usable',
    sentence: 'The file of objects cannot be read; the last good one stays in force.',
    fix: 'Correct the document that the sentence names.',
  },
  MW5103: {
    title: 'out of touch with the cluster',
    sentence: 'A watch of the API server failed; what was last known stays in force, and the watch is tried again.',
    fix: 'Look at the reason in the log: the API server, the network between, or the rights of the ServiceAccount.',
  },
} as const satisfies Record<string, Entry>

export type AdmissionCode = keyof typeof admissionCodes
