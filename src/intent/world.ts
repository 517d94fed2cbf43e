import type {Configuration} from '../config/schema.ts'
import type {LoadedConfiguration} from '../config/load.ts'
import type {Tree} from '../config/tree.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import type {MeshIntent, NamespaceIntent, ServiceIntent} from './intent.ts'
import type {Source} from './origin.ts'

/**
 * What is reconciled at once: `service/NAMESPACE/NAME`, `namespace/NAME`, or `mesh/` (the cluster-wide objects of the
 * default configuration).
 */
export type Unit = string

/** A part of an intent that problems can hold back. */
export type Aspect = 'registration' | 'traffic' | 'access' | 'calls'

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
  /** Every object whose rules are about the unit, those that `problems` refuse among them. */
  readonly sources: readonly Source[]
  /** What is wrong whatever the mesh. */
  readonly problems: readonly RuleFinding[]
  /** Aspects that a problem keeps out of the intent: nothing of them is written, and their last good objects stay. */
  readonly held: readonly Aspect[]
}

export interface WorldOptions {
  /**
   * True: the world holds all that the cluster has, so what it lacks does not exist. False: a few documents without a
   * cluster, so what is not among them is unknown.
   */
  readonly cluster: boolean
  /** Stands as MeshConfig `default` where the cluster has none. */
  readonly configuration?: LoadedConfiguration
  /** What `configuration` is called as a source: its file. */
  readonly configurationName?: string
  /** For namespaces whose label names no environment; absent: the base. */
  readonly environment?: string
  /** In place of every configuration's `mesh.type`. */
  readonly mesh?: MeshName
}

/** Rules and what they are about, in memory, trimmed to what intents are made of. Pure: no clock, no I/O. */
export class World {
  constructor(options: WorldOptions) {
    void options
    throw new Error('not built')
  }

  /**
   * Takes an object in, in place of the one with its kind, namespace and name. Returns the units whose intent may
   * differ from what `intentOf` last returned. Kinds that no intent reads are let go. `places` knows where the
   * object's parts stand in a file.
   */
  set(object: KubeObject, places?: Tree): ReadonlySet<Unit> {
    void places
    return this.delete(object)
  }

  /** The same for an object that is gone; only kind, namespace and name are read. */
  delete(object: KubeObject): ReadonlySet<Unit> {
    throw new Error(`not built: ${object.kind ?? ''}`)
  }

  /** The configuration file changed. */
  configure(configuration: LoadedConfiguration | undefined): ReadonlySet<Unit> {
    throw new Error(`not built: ${String(configuration?.environments.length)}`)
  }

  /** Every unit of which something may be wanted or be wrong, in order. */
  units(): readonly Unit[] {
    throw new Error('not built')
  }

  intentOf(unit: Unit): Built {
    throw new Error(`not built: ${unit}`)
  }

  /** Every rule object of the world, and the configuration file, in order. */
  sources(): readonly Source[] {
    throw new Error('not built')
  }

  /** Units that a source has a say in. */
  unitsOf(source: Source): readonly Unit[] {
    throw new Error(`not built: ${source.name}`)
  }

  /** `metadata.generation` of the object as the intents were built from it. */
  generationOf(source: Source): number | undefined {
    throw new Error(`not built: ${source.name}`)
  }
}
