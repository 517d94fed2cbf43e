import type {RuleFinding} from '../mesh/translation.ts'

/** What refuses a part of a rule whatever the mesh. */
export function refused(
  code: RuleFinding['code'],
  feature: RuleFinding['feature'],
  origin: RuleFinding['origin'],
  message: string,
): RuleFinding {
  return {kind: 'refused', code, feature, origin, message}
}

/** What is valid and has no effect. */
export function ignored(
  code: RuleFinding['code'],
  feature: RuleFinding['feature'],
  origin: RuleFinding['origin'],
  message: string,
): RuleFinding {
  return {kind: 'ignored', code, feature, origin, message}
}
