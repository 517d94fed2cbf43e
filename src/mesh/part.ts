import type {RuleCode} from '../codes/rules.ts'
import type {Feature} from '../intent/features.ts'
import type {Origin, Source} from '../intent/origin.ts'
import type {KubeObject} from './pod.ts'
import {byText} from './text-order.ts'
import type {Desired, Part, RuleFinding} from './translation.ts'

/** Collects what became of the wishes of one part, each finding once; a mesh speaks in its own codes. */
export class PartFindings<Code extends RuleCode> {
  readonly #found = new Map<string, RuleFinding>()

  /** In an order that depends on nothing but what they say. */
  get all(): readonly RuleFinding[] {
    return [...this.#found].toSorted(([one], [other]) => byText(one, other)).map(([, finding]) => finding)
  }

  get refuses(): boolean {
    return [...this.#found.values()].some(({kind}) => kind === 'refused')
  }

  approximated(code: Code, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'approximated', code, feature, origin, message})
  }

  ignored(code: Code, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'ignored', code, feature, origin, message})
  }

  refused(code: Code, feature: Feature, origin: Origin, message: string): void {
    this.#add({kind: 'refused', code, feature, origin, message})
  }

  #add(finding: RuleFinding): void {
    const {code, origin, message} = finding
    const key = JSON.stringify([code, origin.place, message])
    if (!this.#found.has(key)) this.#found.set(key, finding)
  }
}

/** The part with its objects, or without them where a finding refuses; its sources are those that the origins name. */
export function partOf(
  name: string,
  origins: readonly Origin[],
  findings: Pick<PartFindings<never>, 'all' | 'refuses'>,
  objects: readonly Desired[] = [],
): Part {
  return {name, sources: sourcesOf(origins), objects: findings.refuses ? [] : objects, findings: findings.all}
}

/** Objects that are Meshwright's own. */
export function owned(...objects: readonly KubeObject[]): readonly Desired[] {
  return objects.map((object) => ({object, mode: 'own'}))
}

/** An object of Meshwright's own with entries that others name. */
export function named(object: KubeObject, ...entries: readonly string[]): readonly Desired[] {
  return [{object, mode: 'own', named: entries}]
}

/** Objects that are Meshwright's own where nobody else has made them. */
export function shared(...objects: readonly KubeObject[]): readonly Desired[] {
  return objects.map((object) => ({object, mode: 'share'}))
}

function sourcesOf(origins: readonly Origin[]): readonly Source[] {
  const sources = new Map(
    origins.map(({source}) => [`${source.kind} ${source.namespace}/${source.name}`, source] as const),
  )
  return [...sources].toSorted(([one], [other]) => byText(one, other)).map(([, source]) => source)
}
