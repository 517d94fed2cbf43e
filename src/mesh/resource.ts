/** A kind of Kubernetes object, as the API names it. */
export interface ResourceKind {
  /** `networking.istio.io/v1`; `v1` for the core group. */
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
}

/** Objects of the cluster that injection reads: they are in the cache before the first review. */
export interface Need {
  readonly kind: ResourceKind
  /** Absent: of every namespace. */
  readonly namespace?: string
  /** Absent: all of them. */
  readonly name?: string
  /** Nothing but their metadata is read. */
  readonly metadataOnly?: true
}
