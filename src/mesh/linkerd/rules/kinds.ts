import type {KubeObject, StringMap} from '../../pod.ts'
import type {ResourceKind} from '../../translation.ts'

const policyGroup = 'policy.linkerd.io'
const gatewayGroup = 'gateway.networking.k8s.io'

const namespaced = (apiVersion: string, kind: string, plural: string): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})

export const serviceKind = namespaced('v1', 'Service', 'services')
export const meshTlsKind = namespaced(`${policyGroup}/v1alpha1`, 'MeshTLSAuthentication', 'meshtlsauthentications')
export const networkKind = namespaced(`${policyGroup}/v1alpha1`, 'NetworkAuthentication', 'networkauthentications')
export const authorizationKind = namespaced(`${policyGroup}/v1alpha1`, 'AuthorizationPolicy', 'authorizationpolicies')
/**
 * Linkerd's own HTTPRoute, for access only: `linkerd authz` and viz know no other as the target of an
 * AuthorizationPolicy.
 */
export const accessRouteKind = namespaced(`${policyGroup}/v1beta3`, 'HTTPRoute', 'httproutes')
export const serverKind = namespaced(`${policyGroup}/v1beta3`, 'Server', 'servers')
export const httpRouteKind = namespaced(`${gatewayGroup}/v1`, 'HTTPRoute', 'httproutes')
export const grpcRouteKind = namespaced(`${gatewayGroup}/v1`, 'GRPCRoute', 'grpcroutes')

/**
 * In the order of application: backends before routes, and who may call before the Server that turns all others away.
 * Removal goes the other way, so that a Server goes before what allows anything.
 */
export const linkerdKinds: readonly ResourceKind[] = [
  serviceKind,
  meshTlsKind,
  networkKind,
  authorizationKind,
  accessRouteKind,
  serverKind,
  httpRouteKind,
  grpcRouteKind,
]

export const groupOf = ({apiVersion}: ResourceKind): string => apiVersion.split('/')[0] ?? ''

/** An object of a kind; annotations are left out where there are none. */
export function objectOf(
  {apiVersion, kind}: ResourceKind,
  namespace: string,
  name: string,
  spec: {readonly [key: string]: unknown},
  annotations: StringMap = {},
): KubeObject {
  const annotated = Object.keys(annotations).length > 0
  return {apiVersion, kind, metadata: {name, namespace, ...(annotated && {annotations})}, spec}
}
