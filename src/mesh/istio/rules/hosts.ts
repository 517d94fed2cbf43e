import {serviceOfHost} from '../../../intent/host.ts'
import type {ServiceName} from '../../../intent/intent.ts'

/** A service's host, whole: a short one would mean another service in another namespace. */
export function hostOf({namespace, name}: ServiceName, clusterDomain: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`
}

/** Where hosts are read: how a service of the cluster may be named there. */
export interface Reading {
  /** Where a host without a namespace is. */
  readonly home: string
  /** The service that the rule is about. */
  readonly service: ServiceName
}

/**
 * The service that a host in Istio's words means. Istio itself takes `orders.shop` for a host outside the cluster, like
 * `example.com`; here the namespace tells them apart.
 */
export function serviceAt(host: string, {home, service}: Reading): ServiceName | undefined {
  const found = serviceOfHost(host, home)
  if (found === undefined || host.split('.').length !== 2) return found
  return found.namespace === home || found.namespace === service.namespace ? found : undefined
}

export function isSame(one: ServiceName, other: ServiceName): boolean {
  return one.name === other.name && one.namespace === other.namespace
}

/** `orders` here, `shop/orders` elsewhere. */
export function shownService({namespace, name}: ServiceName, from: string): string {
  return namespace === from ? name : `${namespace}/${name}`
}
