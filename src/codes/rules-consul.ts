import type {Entry} from './decisions.ts'

/** MW63xx: what Consul cannot say, or says only nearly. */
export const consulRules = {
  MW6301: {
    title: 'only nearly on Consul',
    sentence: 'Consul comes near to what the rule asks; the sentence names what is lost.',
    fix: 'Accept it, or set mesh.strict to refuse such a rule.',
  },
} as const satisfies Record<string, Entry>
