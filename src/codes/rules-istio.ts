import type {Entry} from './decisions.ts'

/** MW61xx: what Istio cannot say, or says only nearly. */
export const istioRules = {
  MW6101: {
    title: 'only nearly on Istio',
    sentence: 'Istio comes near to what the rule asks; the sentence names what is lost.',
    fix: 'Accept it, or set mesh.strict to refuse such a rule.',
  },
} as const satisfies Record<string, Entry>
