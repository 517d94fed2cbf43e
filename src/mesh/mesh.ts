import type {Configuration} from '../config/schema.ts'
import type {DecisionCode} from '../codes/decisions.ts'
import type {Finding} from './finding.ts'
import type {Completed} from './installed.ts'
import type {NamespaceFacts, Objects} from './objects.ts'
import type {PodOverrides} from './overrides.ts'
import type {KubeObject, Pod} from './pod.ts'
import type {Need} from './resource.ts'

export const meshNames = ['istio', 'linkerd', 'consul'] as const
export type MeshName = (typeof meshNames)[number]

/** One pod on its way into the cluster, with what may be known about it without asking anybody. */
export interface Subject {
  readonly pod: Pod
  /** The namespace that the request names; `pod.metadata.namespace` may be absent or differ. */
  readonly namespace: NamespaceFacts
  readonly objects: Objects
  readonly overrides: PodOverrides
}

/** What the mesh's own webhook selectors, switches and lists make of a subject. */
export interface NativeVerdict {
  readonly inject: boolean
  /**
   * Who decided: an explicit yes or no that this mesh honours on the pod, one on the namespace (a list that excludes
   * counts), or nobody, so that the mesh's default policy spoke.
   */
  readonly speaker: 'pod' | 'namespace' | 'policy'
  readonly code: DecisionCode
  /** A sentence that names the key and value that decided. */
  readonly reason: string
  /** Set where the mesh's own webhook would answer with an error: the pod is refused with this sentence. */
  readonly refusal?: string
}

/** A tenant's way around the sidecar, refused under `mesh.enforced`. */
export interface Evasion {
  readonly key: string
  readonly reason: string
}

export type Injection =
  | {
      readonly outcome: 'injected'
      /** A new pod that shares every part it does not change with the old one (the patch is read off that). */
      readonly pod: Pod
      /** Names of the containers that the mesh put into the pod, the proxy first. */
      readonly sidecars: readonly string[]
      readonly findings: readonly Finding[]
    }
  | {readonly outcome: 'refused'; readonly message: string}
  /** The mesh leaves the pod as it is (an already injected one, say); `annotate` still applies. */
  | {readonly outcome: 'skipped'; readonly code: DecisionCode; readonly reason: string}

/** One mesh with its settings resolved, once per (configuration, environment). Every method is pure. */
export interface Injector {
  /** Findings of the configuration itself: neutral keys that this mesh cannot follow. */
  readonly findings: readonly Finding[]
  /** Namespaces where the mesh itself runs: never injected on Meshwright's own word. */
  readonly systemNamespaces: readonly string[]
  /** Why no proxy would start with these settings: a webhook in a cluster is not ready then. */
  readonly incomplete?: string
  /** Keys with which a tenant opts out of this mesh or marks a pod as done, on pods and namespaces, for `mesh.enforced`. */
  readonly switches: readonly string[]
  native(subject: Subject): NativeVerdict
  inject(subject: Subject): Injection
  /** True when the pod's containers (never its annotations) show that this mesh's sidecar is there already. */
  carries(pod: Pod): boolean
  /** What the mesh writes on an object that gets no sidecar: Linkerd's opaque ports on Services and skipped pods. */
  annotate<T extends KubeObject>(object: T, namespace: NamespaceFacts): T
  /** The tenant's ways around the sidecar that this pod uses, for `mesh.enforced`. */
  evasions(subject: Subject): readonly Evasion[]
}

/** A setting that cannot be used; `path` leads to it from the configuration's root. */
export interface SettingsProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export type Resolution =
  | {readonly ok: true; readonly injector: Injector}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

export interface Mesh {
  readonly name: MeshName
  /** Lays the configuration over the chart's defaults. Called once per (configuration, environment), not per pod. */
  resolve(config: Configuration, objects: Objects): Resolution
  /**
   * The configuration with what the mesh was installed with, where it says nothing of that and the objects tell. A
   * resolution starts from it; whoever translates rules needs the same trust domain.
   */
  complete(config: Configuration, objects: Objects): Completed
  /** What `resolve` and injection look up in a cluster with this configuration. */
  needs(config: Configuration): readonly Need[]
  /** The pod without this mesh's sidecar, its volumes, mounts and metadata; the same object where there is none. */
  uninject(pod: Pod): Pod
}
