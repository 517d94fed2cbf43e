import type {Objects} from '../objects.ts'
import type {OwnerReference, Pod} from '../pod.ts'

export interface Owner {
  /** Lower case, as Linkerd prints kinds. */
  readonly kind: string
  readonly name: string
}

/** Kinds that get a `linkerd.io/proxy-<kind>` label; a CronJob, owner of a Job, does not. */
const labelled = new Set(['deployment', 'replicationcontroller', 'replicaset', 'job', 'daemonset', 'statefulset'])
const parentsOfReplicaSets = new Set(['job', 'statefulset', 'daemonset', 'deployment'])

/**
 * The workload that a pod belongs to (controller/k8s/metadata_api.go, GetOwnerKindAndName): its only owner, or that
 * one's only owner where it is a ReplicaSet or a Job in the cache. Undefined for a bare pod.
 */
export function ownerOf({metadata}: Pod, namespace: string, objects: Objects): Owner | undefined {
  const parent = onlyOwner(metadata.ownerReferences)
  if (parent === undefined) return undefined
  const {kind = '', name = ''} = parent
  const self: Owner = {kind: kind.toLowerCase(), name}
  if (kind !== 'ReplicaSet' && kind !== 'Job') return self
  const grandparent = onlyOwner(objects.get(kind, namespace, name)?.metadata?.ownerReferences)
  if (grandparent === undefined) return self
  const above = (grandparent.kind ?? '').toLowerCase()
  if (kind === 'ReplicaSet' && !parentsOfReplicaSets.has(above)) return self
  return {kind: above, name: grandparent.name ?? ''}
}

/** The label that says which workload a pod belongs to, where Linkerd writes one and Kubernetes would take it. */
export function ownerLabel(owner: Owner | undefined): readonly [string, string] | undefined {
  if (owner === undefined || !labelled.has(owner.kind) || owner.name.length > 63) return undefined
  return [`linkerd.io/proxy-${owner.kind}`, owner.name]
}

function onlyOwner(references: readonly OwnerReference[] | undefined): OwnerReference | undefined {
  return references !== undefined && references.length === 1 ? references[0] : undefined
}
