/** What the objects of an installation are called; there is one installation in a cluster, so that these are fixed. */
export const names = {
  /** The ServiceAccount, the Deployment and the Service of the webhook, and its registration with the API server. */
  webhook: 'meshwright-webhook',
  /** The ServiceAccount and the Deployment of the controller, and its Lease. */
  controller: 'meshwright-controller',
  /** The ConfigMap with the configuration that counts where there is no MeshConfig `default`. */
  configuration: 'meshwright-config',
  priorityClass: 'meshwright',
  /** The authority and its key: read by the controller alone. */
  authoritySecret: 'meshwright-ca',
  /** `tls.crt`, `tls.key` and `ca.crt`, mounted by the webhook's replicas. */
  certificateSecret: 'meshwright-webhook-tls',
} as const

/** Where everything is, unless another namespace is asked for. */
export const usualNamespace = 'meshwright-system'

/** The port of each thing that listens in a container. */
export const ports = {webhook: 8443, health: 8081, metrics: 9090} as const

/** A namespace with this label and the value `disabled` is never asked about; the cluster administrator's. */
export const admissionLabel = 'meshwright.dev/admission'

/** Namespaces of the cluster itself: the webhook must never stand in their way. */
export const clusterNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease']

export type Component = 'webhook' | 'controller'

const partOf = {'app.kubernetes.io/name': 'meshwright', 'app.kubernetes.io/part-of': 'meshwright'}

/** On every object of an installation. */
export function labelsOf(component?: Component): Readonly<Record<string, string>> {
  return component === undefined ? partOf : {...partOf, ...selectorOf(component)}
}

/** Of a component's pods; never changed, for a Deployment's selector cannot be. */
export function selectorOf(component: Component): Readonly<Record<string, string>> {
  return {'app.kubernetes.io/name': 'meshwright', 'app.kubernetes.io/component': component}
}
