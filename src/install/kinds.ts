import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'

const of = (apiVersion: string, kind: string, plural: string, namespaced: boolean): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced,
})

/** Every kind of object that an installation may have. */
export const installKinds = {
  namespace: of('v1', 'Namespace', 'namespaces', false),
  crd: of('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  priorityClass: of('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false),
  configMap: of('v1', 'ConfigMap', 'configmaps', true),
  serviceAccount: of('v1', 'ServiceAccount', 'serviceaccounts', true),
  clusterRole: of('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  clusterRoleBinding: of('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  role: of('rbac.authorization.k8s.io/v1', 'Role', 'roles', true),
  roleBinding: of('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', true),
  networkPolicy: of('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', true),
  issuer: of('cert-manager.io/v1', 'Issuer', 'issuers', true),
  certificate: of('cert-manager.io/v1', 'Certificate', 'certificates', true),
  deployment: of('apps/v1', 'Deployment', 'deployments', true),
  service: of('v1', 'Service', 'services', true),
  disruptionBudget: of('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', true),
  prometheusRule: of('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules', true),
  podMonitor: of('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors', true),
  registration: of(
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    false,
  ),
} as const

/** Made by the processes, not by whoever installs. */
export const keptKinds = {
  secret: of('v1', 'Secret', 'secrets', true),
  lease: of('coordination.k8s.io/v1', 'Lease', 'leases', true),
} as const

const byKey = new Map(Object.values(installKinds).map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind]))

/** @throws where an installation has no such objects */
export function installKindOf({apiVersion = '', kind = ''}: KubeObject): ResourceKind {
  const found = byKey.get(`${apiVersion}/${kind}`)
  if (found === undefined) throw new Error(`an installation has no ${kind} of ${apiVersion}`)
  return found
}

/** `Deployment meshwright-system/meshwright-webhook` */
export function titleOf({kind = '', metadata}: KubeObject): string {
  const where = metadata?.namespace === undefined ? '' : `${metadata.namespace}/`
  return `${kind} ${where}${metadata?.name ?? ''}`
}
