import type {ServiceName} from './intent.ts'

/**
 * What is reconciled at once: `service/NAMESPACE/NAME`, `namespace/NAME`, or `mesh/` (the cluster-wide objects of the
 * default configuration).
 */
export type Unit = string

export const meshUnit: Unit = 'mesh/'

export function serviceUnit({namespace, name}: ServiceName): Unit {
  return `service/${pathOf(namespace, name)}`
}

export function namespaceUnit(namespace: string): Unit {
  return `namespace/${pathOf(namespace)}`
}

/** Names joined by slashes. No name in a cluster has one; one in a file may, and is to be told what it is. */
export function pathOf(...names: readonly string[]): string {
  return names.map((name) => name.replace(/[%/]/g, encodeURIComponent)).join('/')
}

/** The names that `pathOf` joined. */
export function namesIn(path: string): readonly string[] {
  return path.split('/').map((step) => step.replace(/%2F|%25/g, decodeURIComponent))
}

export type Reconciled =
  | {readonly kind: 'service'; readonly service: ServiceName}
  | {readonly kind: 'namespace'; readonly namespace: string}
  | {readonly kind: 'mesh'}

/** What a unit is about. Throws for what is no unit: whoever asks got it from here. */
export function reconciledBy(unit: Unit): Reconciled {
  if (unit === meshUnit) return {kind: 'mesh'}
  const [kind, namespace, name, ...rest] = namesIn(unit)
  if (kind === 'namespace' && namespace !== undefined && name === undefined) return {kind, namespace}
  if (kind === 'service' && namespace !== undefined && name !== undefined && rest.length === 0) {
    return {kind, service: {namespace, name}}
  }
  throw new Error(`${unit} is not a unit`)
}

/** `shop/order-service`: how a service is told of, and its key in maps. */
export function shownService({namespace, name}: ServiceName): string {
  return `${namespace}/${name}`
}

export function sameService(one: ServiceName, other: ServiceName): boolean {
  return one.namespace === other.namespace && one.name === other.name
}

export function byService(one: ServiceName, other: ServiceName): number {
  const [a, b] = [shownService(one), shownService(other)]
  return a < b ? -1 : a > b ? 1 : 0
}
