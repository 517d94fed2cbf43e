/** Every annotation, and the two namespace labels, that consul-k8s reads begin so. */
export const keyPrefix = 'consul.hashicorp.com/'

/** The pod's explicit yes or no. */
export const injectKey = `${keyPrefix}connect-inject`
/** Set by the injector on the pods that it has done; any value but the empty one keeps it away. */
export const statusKey = `${keyPrefix}connect-inject-status`

export const dataVolume = 'consul-connect-inject-data'
export const dataPath = '/consul/connect-inject'
export const accessLogVolume = 'envoy-access-logs'
export const initName = 'consul-connect-inject-init'
export const sidecarName = 'consul-dataplane'

/** Helm's release name and namespace: the chart is taken to be installed as its documentation does. */
export const releaseNamespace = 'consul'

/** User and group of the sidecar, and of the init container under CNI; OpenShift assigns its own. */
export const sidecarUser = 5995
export const initUser = 5996

/** True for a container that goes by one of the injector's names. */
export function isSidecarName(name: string): boolean {
  return name === sidecarName || name.startsWith(`${sidecarName}-`)
}

export function isInitName(name: string): boolean {
  return name === initName || name.startsWith(`${initName}-`)
}
