import type {ServiceName} from '../../../intent/intent.ts'
import {byText} from '../../text-order.ts'
import {consulNamespace} from '../connection.ts'
import type {RuleSettings} from './settings.ts'

/** A service as a config entry names it. */
export interface ConsulName {
  readonly name: string
  /** Only where Consul's namespace differs from that of the entry that names it. */
  readonly namespace?: string
}

/** The Consul namespace of a Kubernetes namespace; undefined where Consul has no namespaces. */
export function namespaceOf({namespaces}: RuleSettings, namespace: string): string | undefined {
  return namespaces === undefined ? undefined : consulNamespace(namespaces, namespace)
}

/** `service` as the entries of a service in the namespace `from` name it. */
export function reference(settings: RuleSettings, from: string, service: ServiceName): ConsulName {
  const namespace = namespaceOf(settings, service.namespace)
  return {
    name: service.name,
    ...(namespace !== undefined && namespace !== namespaceOf(settings, from) && {namespace}),
  }
}

/** True where Consul cannot tell two services of two Kubernetes namespaces apart. */
export function areConfused(settings: RuleSettings, one: ServiceName, other: ServiceName): boolean {
  return (
    one.name === other.name &&
    one.namespace !== other.namespace &&
    namespaceOf(settings, one.namespace) === namespaceOf(settings, other.namespace)
  )
}

export function isSame(one: ServiceName, other: ServiceName): boolean {
  return one.name === other.name && one.namespace === other.namespace
}

/** `order-service` here, `billing/order-service` elsewhere. */
export function shownService({namespace, name}: ServiceName, from: string): string {
  return namespace === from ? name : `${namespace}/${name}`
}

/** Any order that depends on nothing but the names. */
export function byService(one: ServiceName, other: ServiceName): number {
  return byText(one.name, other.name) || byText(one.namespace, other.namespace)
}

/**
 * The subset's name in Consul, which becomes part of a host name: `v1.1.0` is `v1-1-0`. Undefined for what cannot
 * become one. Two versions may come out alike: whoever makes subsets of them must look.
 */
export function subsetName(version: string): string | undefined {
  const name = version.toLowerCase().replace(/[^a-z0-9]/g, '-')
  return name.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name) ? name : undefined
}
