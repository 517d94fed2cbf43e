import type {NamespaceFacts, Objects} from '../mesh/objects.ts'
import type {KubeObject, StringMap} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'

/** The objects of manifests, standing in for the cluster's cache; of two with the same name the last counts. */
export class ManifestObjects implements Objects {
  readonly #objects = new Map<string, KubeObject>()

  /** Takes in what has a kind and a name; `fallback` is the namespace of what names none. */
  add(value: Values, fallback: string): void {
    const {kind, metadata} = value
    if (typeof kind !== 'string' || !isValues(metadata) || typeof metadata['name'] !== 'string') return
    const {name, namespace, labels, annotations} = metadata
    const object: KubeObject = {
      ...value,
      apiVersion: typeof value['apiVersion'] === 'string' ? value['apiVersion'] : '',
      kind,
      metadata: {...withoutMaps(metadata), name, labels: texts(labels), annotations: texts(annotations)},
    }
    // Whether a kind has namespaces is not written in a manifest, so what names none is found both ways.
    const places = typeof namespace === 'string' && namespace !== '' ? [namespace] : ['', fallback]
    for (const place of places) this.#objects.set(keyOf(kind, place, name), object)
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(kind, namespace, name))
  }

  namespace(name: string): NamespaceFacts | undefined {
    const metadata = this.get('Namespace', '', name)?.metadata
    if (metadata === undefined) return undefined
    // The API server gives every namespace this label.
    const labels = {...metadata.labels, 'kubernetes.io/metadata.name': name}
    return {name, labels, annotations: metadata.annotations ?? {}}
  }
}

/** The same objects with a few in front of them: the owners of the pod at hand. */
export function inFront(owners: readonly KubeObject[], objects: Objects): Objects {
  return {
    get: (kind, namespace, name) =>
      owners.find(
        (owner) =>
          owner.kind === kind && owner.metadata?.namespace === namespace && owner.metadata.name === name,
      ) ?? objects.get(kind, namespace, name),
    namespace: (name) => objects.namespace(name),
  }
}

function keyOf(kind: string, namespace: string, name: string): string {
  return JSON.stringify([kind, namespace, name])
}

function withoutMaps({labels: _, annotations: __, ...rest}: Values): Values {
  return rest
}

function texts(value: unknown): StringMap {
  if (!isValues(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
