import type {Configuration} from '../config/schema.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import type {Governor} from './governance.ts'
import type {MeshIntent, NamespaceIntent, ServiceIntent} from './intent.ts'
import type {Source} from './origin.ts'
import type {Unit} from './unit.ts'

/**
 * A part of an intent that problems can hold back, by the name of the part that a translation makes of it. `defaults`
 * is what several of them share, such as the protocol. `everything`: of the unit, whatever its parts are called.
 */
export const aspects = ['registration', 'traffic', 'access', 'calls', 'defaults', 'everything'] as const
export type Aspect = (typeof aspects)[number]

export type Wanted =
  | {readonly kind: 'service'; readonly intent: ServiceIntent}
  | {readonly kind: 'namespace'; readonly intent: NamespaceIntent}
  | {readonly kind: 'mesh'; readonly intent: MeshIntent}

/** Everything that a unit's translation starts from. */
export interface Built {
  readonly unit: Unit
  readonly mesh: MeshName
  /** The same object for every unit that the same configuration governs in the same environment. */
  readonly configuration: Configuration
  /** Absent: nothing is wanted, and what the cluster holds of the unit goes, but for what `held` names. */
  readonly wanted?: Wanted
  /** Every source whose rules are about the unit, those that `problems` refuse among them; each once. */
  readonly sources: readonly Source[]
  /** What is wrong whatever the mesh, and what has no effect on any. */
  readonly problems: readonly RuleFinding[]
  /** What a problem keeps out of the intent: nothing of it is written, and its last good objects stay. */
  readonly held: readonly Aspect[]
}

/** A unit that `governor` governs, with its sources each once. */
export function built(
  unit: Unit,
  {mesh, configuration}: Governor,
  {
    wanted,
    sources = [],
    problems = [],
    held = [],
  }: Partial<Pick<Built, 'sources' | 'problems' | 'held'>> & {
    readonly wanted?: Wanted | undefined
  },
): Built {
  const once = new Map(sources.map((source) => [`${source.kind} ${source.namespace}/${source.name}`, source]))
  return {
    unit,
    mesh,
    configuration,
    ...(wanted === undefined ? {} : {wanted}),
    sources: [...once.values()],
    problems,
    held: aspects.filter((aspect) => held.includes(aspect)),
  }
}
