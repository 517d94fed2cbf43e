import type {FindingKind} from '../mesh/finding.ts'
import type {Entry} from './decisions.ts'

/** MW3xxx: what became of a wish that the mesh cannot follow to the letter. */
export const findings = {
  MW3001: {
    title: 'approximated',
    sentence: 'The mesh comes near to what was asked; the sentence names what is lost.',
    fix: 'Accept it, or set mesh.strict to refuse such a configuration.',
  },
  MW3002: {
    title: 'ignored',
    sentence: 'The mesh has nothing for this key, so it has no effect.',
    fix: 'Remove the key, or accept that it has no effect on this mesh.',
  },
  MW3003: {
    title: 'replaced',
    sentence: 'Another setting outranks this one.',
    fix: 'Remove one of the two keys that the sentence names.',
  },
  MW3004: {
    title: 'wish not heeded',
    sentence: 'The pod or its namespace asked for something that a rule of higher rank overrides.',
    fix: 'The sentence names the rule; change it, or remove the wish.',
  },
  MW3005: {
    title: 'forbidden in this namespace',
    sentence:
      'The namespace enforces a Pod Security standard that the sidecar does not keep: the API server refuses the pod.',
    fix: 'Set what the sentence names (a CNI plugin must be installed with the mesh), or enforce a lower standard.',
  },
} as const satisfies Record<string, Entry>

export type FindingCode = keyof typeof findings

export const findingCodes = {
  approximated: 'MW3001',
  ignored: 'MW3002',
  replaced: 'MW3003',
  unheeded: 'MW3004',
  forbidden: 'MW3005',
} as const satisfies Record<FindingKind, FindingCode>
