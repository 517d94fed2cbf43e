import type {ServiceName} from '../intent/intent.ts'
import type {TrafficPolicySpec} from '../rules/traffic-policy.ts'
import {comparable} from '../rules/version.ts'
import {MeshRuleError} from './errors.ts'
import {trafficFragment, type Fragment, type Speaker} from './fragment.ts'
import type {Handle} from './handle.ts'
import type {RetryOptions, TrafficRule} from './mesh.ts'

interface Target {
  readonly service: ServiceName
  readonly version: string
  readonly weight: number | undefined
}

/** What `trafficManager()` puts together. */
export class PlannedRule implements TrafficRule {
  readonly #plan: Plan

  constructor(plan: Plan) {
    this.#plan = plan
  }

  weight(percent: number): PlannedRule {
    const {targets} = this.#plan
    const last = targets.at(-1)
    if (last === undefined) throw new MeshRuleError('weight: name a destination first')
    return this.#with({targets: [...targets.slice(0, -1), {...last, weight: percent}]})
  }

  to(service: string, version: string): PlannedRule {
    const {targets, nameOf} = this.#plan
    return this.#with({targets: [...targets, {service: nameOf(service), version, weight: undefined}]})
  }

  timeout(timeout: string): PlannedRule {
    return this.#with({timeout})
  }

  retries(attempts: number, {perTryTimeout, on}: RetryOptions = {}): PlannedRule {
    const retries = {
      attempts,
      ...(perTryTimeout !== undefined && {perTryTimeout}),
      ...(on !== undefined && {on: [...on]}),
    }
    return this.#with({retries})
  }

  register(): Handle {
    return this.#plan.register((speaker) => fragmentOf(this.#plan, speaker))
  }

  #with(change: Partial<Plan>): PlannedRule {
    return new PlannedRule({...this.#plan, ...change})
  }
}

/** A rule as far as it has been told. */
export interface Plan {
  readonly targets: readonly Target[]
  readonly timeout?: string
  readonly retries?: TrafficPolicySpec['retries']
  /** Fills in the namespace. */
  readonly nameOf: (service: string) => ServiceName
  readonly register: (fragment: (speaker: Speaker) => Fragment) => Handle
}

function fragmentOf({targets, timeout, retries}: Plan, speaker: Speaker): Fragment {
  const [first] = targets
  if (first === undefined) throw new MeshRuleError('register: name a destination first')
  const {service} = first
  const own = targets.filter((target) => target.service.name === service.name)
  const foreign = targets.find((target) => target.service.namespace !== service.namespace)
  if (foreign !== undefined) {
    throw new MeshRuleError(
      `${foreign.service.name} is in namespace ${foreign.service.namespace}, ${service.name} in ${service.namespace}: traffic is split within one namespace`,
    )
  }
  return trafficFragment(speaker, 'split', service, {
    versions: [...new Map(own.map(({version}) => [comparable(version), {name: version}])).values()],
    split: weighted(targets, service),
    ...(timeout !== undefined && {timeout}),
    ...(retries !== undefined && {retries}),
  })
}

function weighted(targets: readonly Target[], {name}: ServiceName): NonNullable<TrafficPolicySpec['split']> {
  const open = targets.filter(({weight}) => weight === undefined)
  if (open.length > 1 && open.length < targets.length) {
    const versions = open.map(({version}) => version).join(', ')
    throw new MeshRuleError(`${name}: what is left of 100 could go to ${versions}; give all of them but one a weight`)
  }
  const given = targets.reduce((sum, {weight = 0}) => sum + weight, 0)
  const rest = 100 - given
  if (rest < 0 || (open.length === 0 && rest !== 0)) {
    throw new MeshRuleError(`${name}: the weights sum to ${given}; they must sum to 100`)
  }
  // Nobody was weighted: equal shares, and the last one takes what does not divide.
  const equal = Math.floor(rest / Math.max(1, open.length))
  const last = open.at(-1)
  return targets.map((target) => ({
    version: target.version,
    ...(target.service.name !== name && {service: target.service.name}),
    weight: target.weight ?? (target === last ? rest - equal * (open.length - 1) : equal),
  }))
}
