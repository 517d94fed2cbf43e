import type {RuleFinding} from '../mesh/translation.ts'
import {askedAt} from './asked.ts'
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
export function faultsOf({site, asks, reading}: Rule<unknown>): readonly RuleFinding[] {
  if (reading.ok) return []
  return reading.faults.map(({path, message}) => {
    return refused('MW6005', askedAt(site.source.kind, path) ?? asks, site.at(['spec', ...path]), message)
  })
}

/** A rule object that speaks of another namespace's service without leave. */
export function notGranted({site, namespace, asks}: Rule<unknown>, service: ServiceName): RuleFinding {
  const message = `namespace ${service.namespace} has no ReferenceGrant that lets ${site.source.kind} of namespace ${namespace} speak of Service ${service.name}`
  return refused('MW6007', asks, site.at(['spec', 'namespace']), message)
}
