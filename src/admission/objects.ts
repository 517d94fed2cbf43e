import type {NamespaceFacts, Objects} from '../mesh/objects.ts'
import type {KubeObject, StringMap} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'

/** Where manifests put what names no namespace. */
const defaultNamespace = 'default'

/** Objects of a file, standing in for the cluster's cache; of two with the same name the last counts. */
export class ObjectIndex implements Objects {
  /** By kind, namespace and name. */
  readonly #objects = new Map<string, Map<string, Map<string, KubeObject>>>()
  readonly #namespaces = new Map<string, NamespaceFacts>()
  readonly #fallback: string

  /**
   * What has no kind or no name is no object and is left out; Lists count as what they list. `fallback` is the
   * namespace of what names none.
   */
  constructor(values: Iterable<unknown>, fallback: string = defaultNamespace) {
    this.#fallback = fallback
    for (const value of values) this.#add(value)
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(namespace)?.get(name)
  }

  namespace(name: string): NamespaceFacts | undefined {
    return this.#namespaces.get(name)
  }

  #add(value: unknown): void {
    if (!isValues(value)) return
    const {kind, items, metadata} = value
    if (typeof kind !== 'string') return
    if (kind.endsWith('List') && Array.isArray(items)) {
      // The items of a typed list, such as a SecretList, may leave out what the list says for them.
      const inherited = kind === 'List' ? {} : {apiVersion: value['apiVersion'], kind: kind.slice(0, -'List'.length)}
      for (const item of items) if (isValues(item)) this.#add({...inherited, ...item})
      return
    }
    if (!isValues(metadata) || typeof metadata['name'] !== 'string') return
    const {name, namespace} = metadata
    const [labels, annotations] = [texts(metadata['labels']), texts(metadata['annotations'])]
    const object: KubeObject = {
      ...(kind === 'Secret' ? withData(value) : value),
      apiVersion: typeof value['apiVersion'] === 'string' ? value['apiVersion'] : '',
      kind,
      metadata: {...metadata, name, labels, annotations},
    }
    // Whether a kind has namespaces is not written in a manifest, so what names none is found both ways.
    const places = typeof namespace === 'string' && namespace !== '' ? [namespace] : ['', this.#fallback]
    for (const place of places) this.#put(kind, place, name, object)
    if (kind === 'Namespace') {
      // The API server gives every namespace this label.
      this.#namespaces.set(name, {name, labels: {...labels, 'kubernetes.io/metadata.name': name}, annotations})
    }
  }

  #put(kind: string, namespace: string, name: string, object: KubeObject): void {
    const ofKind = this.#objects.get(kind) ?? new Map<string, Map<string, KubeObject>>()
    const ofNamespace = ofKind.get(namespace) ?? new Map<string, KubeObject>()
    this.#objects.set(kind, ofKind.set(namespace, ofNamespace.set(name, object)))
  }
}

/** A Secret as the API server stores it: what stands in `stringData` is in `data` too. */
function withData(secret: Values): Values {
  const {data, stringData} = secret
  if (!isValues(stringData)) return secret
  const encoded = Object.entries(texts(stringData)).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  return {...secret, data: {...(isValues(data) && data), ...Object.fromEntries(encoded)}}
}

function texts(value: unknown): StringMap {
  if (!isValues(value)) return {}
  const entries = Object.entries(value)
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
