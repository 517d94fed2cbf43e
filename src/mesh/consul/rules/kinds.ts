import type {KubeObject} from '../../pod.ts'
import type {ResourceKind} from '../../resource.ts'
import type {Values} from '../../values.ts'

const apiVersion = 'consul.hashicorp.com/v1alpha1'

const entryKind = <K extends string>(kind: K, plural: string) =>
  ({apiVersion, kind, plural, namespaced: true}) as const satisfies ResourceKind

/** Config entries, as consul-k8s 2.0's CRDs name them. */
export const kinds = {
  mesh: entryKind('Mesh', 'meshes'),
  proxyDefaults: entryKind('ProxyDefaults', 'proxydefaults'),
  defaults: entryKind('ServiceDefaults', 'servicedefaults'),
  resolver: entryKind('ServiceResolver', 'serviceresolvers'),
  splitter: entryKind('ServiceSplitter', 'servicesplitters'),
  router: entryKind('ServiceRouter', 'servicerouters'),
  intentions: entryKind('ServiceIntentions', 'serviceintentions'),
} as const

/**
 * Consul compiles a service's chain at every write and turns down what does not hold together then: a permissive
 * service needs the mesh's leave, a split its protocol and its subsets, a route its splits, a permission its protocol
 * (agent/consul/state/config_entry.go).
 */
export const orderOfApplication: readonly ResourceKind[] = [
  kinds.mesh,
  kinds.proxyDefaults,
  kinds.defaults,
  kinds.resolver,
  kinds.splitter,
  kinds.router,
  kinds.intentions,
]

/** A config entry; its name is the entry's name in Consul. */
export function entry({apiVersion, kind}: ResourceKind, namespace: string, name: string, spec: Values): KubeObject {
  return {apiVersion, kind, metadata: {name, namespace}, spec}
}
