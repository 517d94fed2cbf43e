import {readStatus, type Condition, type ConditionType} from '../controller/status.ts'
import type {KubeObject} from '../mesh/pod.ts'

export const statusHeading = ['NAMESPACE', 'RULE', 'ACCEPTED', 'PROGRAMMED', 'APPROXIMATED', 'REASON']
export const wideHeading = [...statusHeading, 'MESSAGE']

/** One row of the table. */
export function cells(rule: KubeObject, wide: boolean): string[] {
  const condition = tellingCondition(rule)
  const states = (['Accepted', 'Programmed', 'Approximated'] as const).map((type) => stateOf(rule, type))
  const row = [rule.metadata?.namespace ?? '', nameOfRule(rule), ...states, condition?.reason ?? 'Unknown']
  return wide ? [...row, condition?.message ?? 'The controller has not said anything of it yet.'] : row
}

/** `trafficpolicy/order-service`, as kubectl takes it. */
export function nameOfRule({kind = '', metadata}: KubeObject): string {
  return `${kind.toLowerCase()}/${metadata?.name ?? ''}`
}

/** The rule is not in force as it stands now. */
export function isTroubled(rule: KubeObject): boolean {
  return stateOf(rule, 'Accepted') !== 'True' || stateOf(rule, 'Programmed') !== 'True'
}

/** For programs. */
export function plainStatus(rule: KubeObject): object {
  const {kind, metadata} = rule
  const status = readStatus(rule['status'])
  return {
    kind,
    namespace: metadata?.namespace,
    name: metadata?.name,
    inForce: !isTroubled(rule),
    generation: metadata?.['generation'],
    observedGeneration: status?.observedGeneration,
    conditions: status?.conditions ?? [],
    findings: status?.findings ?? [],
  }
}

export function byName(a: KubeObject, b: KubeObject): number {
  const key = (rule: KubeObject) => `${rule.metadata?.namespace ?? ''}/${nameOfRule(rule)}`
  return key(a) < key(b) ? -1 : 1
}

function stateOf(rule: KubeObject, type: ConditionType): string {
  return conditionsOf(rule).find((condition) => condition.type === type)?.status ?? 'Unknown'
}

/** The condition that tells most: what speaks against the rule, then what is lost of it. */
function tellingCondition(rule: KubeObject): Condition | undefined {
  const conditions = conditionsOf(rule)
  const of = (type: ConditionType) => conditions.find((condition) => condition.type === type)
  const [accepted, programmed, approximated] = [of('Accepted'), of('Programmed'), of('Approximated')]
  if (accepted?.status !== 'True') return accepted
  if (programmed?.status !== 'True') return programmed
  return approximated?.status === 'True' ? approximated : programmed
}

/** What was said of an earlier state of the rule does not count. */
function conditionsOf(rule: KubeObject): readonly Condition[] {
  const generation = rule.metadata?.['generation']
  const conditions = readStatus(rule['status'])?.conditions ?? []
  return conditions.filter(({observedGeneration}) => observedGeneration === generation)
}
