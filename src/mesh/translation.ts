import type {Configuration} from '../config/schema.ts'
import type {RuleCode} from '../codes/rules.ts'
import type {Feature} from '../intent/features.ts'
import type {MeshIntent, NamespaceIntent, ServiceIntent} from '../intent/intent.ts'
import type {Origin, Source} from '../intent/origin.ts'
import type {MeshName} from './mesh.ts'
import type {KubeObject} from './pod.ts'
import type {ResourceKind} from './resource.ts'

export type {ResourceKind} from './resource.ts'

export interface Desired {
  readonly object: KubeObject
  /**
   * own: made, changed and deleted by Meshwright. contribute: somebody else's object (a Service) that gets our fields
   * only, and loses them again. share: own where nobody has made it, else contribute (Consul's one ProxyDefaults).
   */
  readonly mode: 'own' | 'contribute' | 'share'
  /**
   * Where the object has entries that others of the unit name, such as `['spec', 'subsets']`: an entry that falls away
   * stays until nothing names it any more.
   */
  readonly named?: readonly string[]
}

/** What became of one wish: never silence. */
export interface RuleFinding {
  /** approximated: `message` names what is lost. ignored: no effect on this mesh. refused: nothing of this part is written. */
  readonly kind: 'approximated' | 'ignored' | 'refused'
  readonly code: RuleCode
  readonly feature: Feature
  readonly origin: Origin
  /** One sentence, without the place: what is lost, or why it cannot be said. */
  readonly message: string
}

/** Objects that stand or fall together: where one finding refuses, none is written and the last good ones stay. */
export interface Part {
  /** Such as `traffic`, `access`, `defaults`; with the unit's name it labels the objects in the cluster. */
  readonly name: string
  /** Whose status this part settles. */
  readonly sources: readonly Source[]
  /** In the order of application; empty where a finding refuses. */
  readonly objects: readonly Desired[]
  readonly findings: readonly RuleFinding[]
}

/** Rules into one mesh's own objects, with the settings of one configuration. Pure, total, and the same whatever the order of its input. */
export interface Translator {
  service(intent: ServiceIntent): readonly Part[]
  namespace(intent: NamespaceIntent): readonly Part[]
  /** Cluster-wide objects. */
  mesh(intent: MeshIntent): readonly Part[]
}

export interface Capability {
  readonly support: 'exact' | 'approximated' | 'ignored' | 'refused'
  /** How it is said, what is lost, or why not: one sentence. */
  readonly note: string
}

export interface RuleMesh {
  readonly name: MeshName
  /** Everything a translation may write, in the order of application; removal goes the other way. */
  readonly kinds: readonly ResourceKind[]
  readonly capabilities: Readonly<Record<Feature, Capability>>
  translator(configuration: Configuration): Translator
}
