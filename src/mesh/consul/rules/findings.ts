import type {ConsulRuleCode} from '../../../codes/rules-consul.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Origin, Source} from '../../../intent/origin.ts'
import type {Desired, Part, RuleFinding} from '../../translation.ts'
import type {KubeObject} from '../../pod.ts'
import {byText} from './names.ts'

/** Collects what became of the wishes of one part. */
export class Findings {
  /** By what they say: several routes may have the same to say of one place. */
  readonly #all = new Map<string, RuleFinding>()

  /** In an order that depends on nothing but what they say. */
  get all(): readonly RuleFinding[] {
    return [...this.#all].toSorted(([one], [other]) => byText(one, other)).map(([, finding]) => finding)
  }

  get refuses(): boolean {
    return this.all.some(({kind}) => kind === 'refused')
  }

  approximated(code: ConsulRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'approximated', code, feature, origin, message})
  }

  ignored(code: ConsulRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'ignored', code, feature, origin, message})
  }

  refused(code: ConsulRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'refused', code, feature, origin, message})
  }

  #add(finding: RuleFinding): void {
    const {code, origin, message} = finding
    this.#all.set(JSON.stringify([code, origin.place, message]), finding)
  }
}

/** The part with its objects, or without them where a finding refuses. */
export function part(
  name: string,
  origins: readonly Origin[],
  findings: Findings,
  objects: readonly KubeObject[] = [],
  mode: Desired['mode'] = 'own',
): Part {
  return {
    name,
    sources: sourcesOf(origins),
    objects: findings.refuses ? [] : objects.map((object) => ({object, mode})),
    findings: findings.all,
  }
}

function sourcesOf(origins: readonly Origin[]): readonly Source[] {
  const sources = new Map(
    origins.map(({source}) => [`${source.kind} ${source.namespace}/${source.name}`, source] as const),
  )
  return [...sources].toSorted(([one], [other]) => byText(one, other)).map(([, source]) => source)
}
