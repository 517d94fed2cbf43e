import type {Entry} from './decisions.ts'
import {consulRules} from './rules-consul.ts'
import {controllerRules} from './rules-controller.ts'
import {istioRules} from './rules-istio.ts'
import {linkerdRules} from './rules-linkerd.ts'

/** MW60xx: what is wrong with a rule whatever the mesh. */
const neutralRules = {
  MW6001: {
    title: 'no such service',
    sentence: 'A rule is about a service of which the cluster has none of that name.',
    fix: 'Create the Service, or correct the name; the rule is taken up when the Service appears.',
  },
} as const satisfies Record<string, Entry>

export const ruleCodes = {...neutralRules, ...istioRules, ...linkerdRules, ...consulRules, ...controllerRules} as const
export type RuleCode = keyof typeof ruleCodes
