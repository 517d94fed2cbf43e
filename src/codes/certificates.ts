import type {Entry} from './decisions.ts'

/** MW65xx: what the controller meets while it keeps the webhook's certificates. */
export const certificateCodes = {
  MW6501: {
    title: 'caBundle is contested',
    sentence:
      "Somebody overwrites the registration's caBundle again and again; it is put right ten times a minute at most.",
    fix: 'Let whoever the sentence names leave caBundle alone: in Argo CD ignore the difference, elsewhere leave the field out of what is applied.',
  },
  MW6502: {
    title: 'certificates not kept',
    sentence:
      'The API server refuses, or does not answer, what keeping the certificates takes; it is tried again, and what is served stays.',
    fix: 'Apply manifests/rbac/controller.yaml where the sentence says forbidden; else look at the API server.',
  },
  MW6503: {
    title: 'authority lost',
    sentence:
      'The Secret of the authority is gone, or its key cannot be used; another authority takes over, announced before it signs.',
    fix: 'Nothing to do for the webhook; find out who changed the Secret.',
  },
  MW6504: {
    title: "the webhook's Secret is not usable",
    sentence: 'What is in the Secret cannot be served; replicas go on with the last good pair.',
    fix: 'Nothing to do where the controller issues it; else correct the Secret as the sentence says.',
  },
  MW6505: {
    title: 'a rotation waits',
    sentence: 'The authority before is not dropped, for a replica still serves a certificate of it.',
    fix: "Look at the replica's log for MW5101; restart it where its files do not change.",
  },
} as const satisfies Record<string, Entry>

export type CertificateCode = keyof typeof certificateCodes
