import type {LinkerdRuleCode} from '../../../codes/rules-linkerd.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Origin, Source} from '../../../intent/origin.ts'
import type {Desired, Part, RuleFinding} from '../../translation.ts'

/** The parts of one translation speak through this: each finding once, in the order in which it was found. */
export class Findings {
  readonly #found = new Map<string, RuleFinding>()

  refused(code: LinkerdRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'refused', code, feature, origin, message})
  }

  approximated(code: LinkerdRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'approximated', code, feature, origin, message})
  }

  ignored(code: LinkerdRuleCode, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'ignored', code, feature, origin, message})
  }

  get refuses(): boolean {
    return this.all.some(({kind}) => kind === 'refused')
  }

  get all(): readonly RuleFinding[] {
    return [...this.#found.values()]
  }

  #add(finding: RuleFinding): void {
    const key = `${finding.code} ${finding.origin.place} ${finding.message}`
    if (!this.#found.has(key)) this.#found.set(key, finding)
  }
}

/** A part with the sources that its origins name; none of its objects where a finding refuses. */
export function partOf(
  name: string,
  origins: readonly Origin[],
  objects: readonly Desired[],
  findings: Findings,
): Part {
  return {name, sources: sourcesOf(origins), objects: findings.refuses ? [] : objects, findings: findings.all}
}

function sourcesOf(origins: readonly Origin[]): readonly Source[] {
  const found = new Map(origins.map(({source}) => [`${source.kind} ${source.namespace}/${source.name}`, source]))
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, source]) => source)
}
