import type {NamespaceFacts, Objects} from '../mesh/objects.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {Need} from '../mesh/resource.ts'

/** The objects of a cluster that decisions read, as watches bring them; read during a review, never asked for. */
export class ClusterCache implements Objects {
  /** Only Secrets that the settings name are here. */
  readonly unseen: ReadonlySet<string> = new Set(['Secret'])
  /** By kind, then by namespace and name; a slash is in neither. */
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #namespaces = new Map<string, NamespaceFacts>()

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(`${namespace}/${name}`)
  }

  namespace(name: string): NamespaceFacts | undefined {
    return this.#namespaces.get(name)
  }

  set(kind: string, object: KubeObject): void {
    const {name = '', namespace = '', labels = {}, annotations = {}} = object.metadata ?? {}
    if (kind === 'Namespace') {
      this.#namespaces.set(name, {name, labels, annotations})
      return
    }
    const ofKind = this.#objects.get(kind) ?? new Map<string, KubeObject>()
    this.#objects.set(kind, ofKind.set(`${namespace}/${name}`, object))
  }

  delete(kind: string, {metadata: {name = '', namespace = ''} = {}}: KubeObject): void {
    if (kind === 'Namespace') this.#namespaces.delete(name)
    else this.#objects.get(kind)?.delete(`${namespace}/${name}`)
  }
}

/** What is kept of an object: ten thousands of ReplicaSets cost little where only their owners count. */
export function trimmed(need: Need, object: KubeObject): KubeObject {
  const {apiVersion, kind = need.kind.kind, metadata = {}, ...rest} = object
  const {name, namespace, ownerReferences, resourceVersion, uid} = metadata
  const kept = {
    ...(name !== undefined && {name}),
    ...(namespace !== undefined && {namespace}),
    ...(uid !== undefined && {uid}),
    ...(resourceVersion !== undefined && {resourceVersion}),
    ...(ownerReferences !== undefined && {ownerReferences}),
    ...(kind === 'Namespace' && {labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {}}),
  }
  return {
    ...(apiVersion !== undefined && {apiVersion}),
    kind,
    metadata: kept,
    ...(need.metadataOnly === true ? {} : rest),
  }
}
