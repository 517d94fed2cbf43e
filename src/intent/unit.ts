import type {ServiceName} from './intent.ts'

/**
 * What is reconciled at once: `service/NAMESPACE/NAME`, `namespace/NAME`, or `mesh/` (the cluster-wide objects of the
 * default configuration).
 */
export type Unit = string

export const meshUnit: Unit = 'mesh/'

export function serviceUnit({namespace, name}: ServiceName): Unit {
  return `service/${namespace}/${name}`
}

export function namespaceUnit(namespace: string): Unit {
  return `namespace/${namespace}`
}

export type Reconciled =
  | {readonly kind: 'service'; readonly service: ServiceName}
  | {readonly kind: 'namespace'; readonly namespace: string}
  | {readonly kind: 'mesh'}

/** What a unit is about. Throws for what is no unit: whoever asks got it from here. */
export function reconciledBy(unit: Unit): Reconciled {
  const [kind, namespace, name, ...rest] = unit.split('/')
  if (unit === meshUnit) return {kind: 'mesh'}
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
