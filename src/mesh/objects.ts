import type {KubeObject, StringMap} from './pod.ts'

/** What a decision knows of the namespace that a request names. */
export interface NamespaceFacts {
  readonly name: string
  readonly labels: StringMap
  readonly annotations: StringMap
}

/** The cluster as the webhook knows it: a cache that is read, never a call over the network. */
export interface Objects {
  /** Metadata and whatever else the cache keeps of one object; `namespace` is '' for cluster-scoped kinds. */
  get(kind: string, namespace: string, name: string): KubeObject | undefined
  namespace(name: string): NamespaceFacts | undefined
  /** Kinds that the cache may not hold, so that their absence says nothing: in a cluster nobody reads all Secrets. */
  readonly unseen?: ReadonlySet<string>
}
