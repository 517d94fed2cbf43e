import type {Entry} from './decisions.ts'

/** MW62xx: what Linkerd cannot say, or says only nearly. */
export const linkerdRules = {
  MW6201: {
    title: 'only nearly on Linkerd',
    sentence: 'Linkerd comes near to what the rule asks; the sentence names what is lost.',
    fix: 'Accept it, or set mesh.strict to refuse such a rule.',
  },
} as const satisfies Record<string, Entry>
