import type {RuleFinding} from '../mesh/translation.ts'
import type {ServiceName} from './intent.ts'
import type {Rule} from './rule.ts'

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

/** Everything that is wrong with the spec of a rule object. */
export function faultsOf({site, reading}: Rule<unknown>, feature: RuleFinding['feature']): readonly RuleFinding[] {
  if (reading.ok) return []
  return reading.faults.map(({path, message}) => refused('MW6005', feature, site.at(['spec', ...path]), message))
}

/** A rule object that speaks of another namespace's service without leave. */
export function notGranted(
  {site, namespace}: Rule<unknown>,
  feature: RuleFinding['feature'],
  service: ServiceName,
): RuleFinding {
  const message = `namespace ${service.namespace} has no ReferenceGrant that lets ${site.source.kind} of namespace ${namespace} speak of Service ${service.name}`
  return refused('MW6007', feature, site.at(['spec', 'namespace']), message)
}
