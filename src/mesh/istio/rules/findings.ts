import type {IstioRuleCode} from '../../../codes/rules-istio.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Origin, Source} from '../../../intent/origin.ts'
import type {KubeObject} from '../../pod.ts'
import type {Part, RuleFinding} from '../../translation.ts'

/** Collects what became of the wishes of one part, each finding once. */
export class Findings {
  readonly #found = new Map<string, RuleFinding>()

  get all(): readonly RuleFinding[] {
    return [...this.#found.values()]
  }

  get refuses(): boolean {
    return this.all.some(({kind}) => kind === 'refused')
  }

  approximated(code: IstioRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'approximated', code, feature, origin, message})
  }

  ignored(code: IstioRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'ignored', code, feature, origin, message})
  }

  refused(code: IstioRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'refused', code, feature, origin, message})
  }

  #add(finding: RuleFinding): void {
    const {code, origin, message} = finding
    const key = JSON.stringify([code, origin.place, message])
    if (!this.#found.has(key)) this.#found.set(key, finding)
  }
}

/** The part with its objects, or without them where a finding refuses. */
export function partOf(
  name: string,
  origins: readonly Origin[],
  findings: Findings,
  objects: readonly KubeObject[] = [],
): Part {
  return {
    name,
    sources: sourcesOf(origins),
    objects: findings.refuses ? [] : objects.map((object) => ({object, mode: 'own'})),
    findings: findings.all,
  }
}

function sourcesOf(origins: readonly Origin[]): readonly Source[] {
  const sources = new Map(
    origins.map(({source}) => [`${source.kind} ${source.namespace}/${source.name}`, source] as const),
  )
  return [...sources].toSorted(([one], [other]) => byText(one, other)).map(([, source]) => source)
}

/** By code units: the same on every machine. */
export function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
