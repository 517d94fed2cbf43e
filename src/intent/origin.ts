/** The kinds of objects that rules are read from, each with a status of its own; a configuration file stands for a MeshConfig. */
export const sourceKinds = ['MeshConfig', 'MeshService', 'TrafficPolicy', 'AccessPolicy'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** One object (or configuration file) that holds rules. */
export interface Source {
  readonly kind: SourceKind
  /** '' for a MeshConfig, which is cluster-scoped. */
  readonly namespace: string
  /** Of a configuration file: its path. */
  readonly name: string
}

/** Where a part of a rule was written. */
export interface Origin {
  readonly source: Source
  /** From the source's root: `spec.split[0].weight`, or `mesh.trafficManagement.virtualServices[0]` in a configuration. */
  readonly path: string
  /** What is printed: `mesh.yaml:12:5`, or `TrafficPolicy shop/order-service spec.split[0].weight`. */
  readonly place: string
}
