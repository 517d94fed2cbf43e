import {listAll, lookUp} from '../check/cluster-facts.ts'
import {managedByLabel, manager} from '../controller/stamp.ts'
import {installKinds, keptKinds, titleOf} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import type {KubeApi} from '../kube/api.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {isValues} from '../mesh/values.ts'
import {isOurs} from './install-apply.ts'

const of = (apiVersion: string, kind: string, plural: string): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})

/** What somebody would miss, beside custom resources. Pods are not among them: those that count belong to one of these. */
const missed: readonly ResourceKind[] = [
  keptKinds.secret,
  installKinds.configMap,
  installKinds.service,
  installKinds.deployment,
  of('apps/v1', 'StatefulSet', 'statefulsets'),
  of('apps/v1', 'DaemonSet', 'daemonsets'),
  of('batch/v1', 'CronJob', 'cronjobs'),
  of('batch/v1', 'Job', 'jobs'),
  of('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
]

/** ConfigMaps that a cluster and a mesh put into every namespace. */
const known: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'istio-ca-root-cert'])
/** On a Secret that cert-manager keeps: the Certificate. */
const certificateAnnotation = 'cert-manager.io/certificate-name'
/** Of a Secret with a ServiceAccount's token, which goes with its ServiceAccount. */
const tokenAnnotation = 'kubernetes.io/service-account.name'

/** What the processes made in their namespace, where it is there. @throws KubeError */
export async function keptObjects(api: KubeApi, namespace: string): Promise<readonly KubeObject[]> {
  const kept: readonly (readonly [ResourceKind, string])[] = [
    [keptKinds.secret, names.certificateSecret],
    [keptKinds.secret, names.authoritySecret],
    [keptKinds.lease, names.controller],
  ]
  const found: KubeObject[] = []
  for (const [resource, name] of kept) {
    const {apiVersion, kind} = resource
    const object = await lookUp(api, resource, {name, namespace})
    if (object !== undefined && isKept({...object, kind})) found.push({apiVersion, kind, metadata: {name, namespace}})
  }
  return found
}

/** Titles of the objects in a namespace that an installation has not put there, but for those of these titles. @throws KubeError */
export async function othersIn(
  api: KubeApi,
  namespace: string,
  going: ReadonlySet<string> = new Set(),
): Promise<readonly string[]> {
  const found: string[] = []
  for (const kind of [...missed, ...(await customKinds(api))]) {
    const objects = await listAll(api, kind, {namespace, metadataOnly: true})
    for (const {metadata} of objects) {
      const object = {kind: kind.kind, ...(metadata && {metadata})}
      if (isOthers(object) && !going.has(titleOf(object))) found.push(titleOf(object))
    }
  }
  return found
}

/** Every kind of a namespace that a CustomResourceDefinition has brought into the cluster: a mesh's, and rules, among them. */
async function customKinds(api: KubeApi): Promise<readonly ResourceKind[]> {
  const definitions = await listAll(api, installKinds.crd)
  return definitions.flatMap(({spec}) => {
    if (!isValues(spec) || !isValues(spec['names']) || spec['scope'] !== 'Namespaced') return []
    const {group, versions, names} = spec
    const served = Array.isArray(versions)
      ? versions.filter(isValues).find((version) => version['served'] === true)
      : undefined
    return of(`${String(group)}/${String(served?.['name'])}`, String(names['kind']), String(names['plural']))
  })
}

/**
 * Whether it is of our processes, or cert-manager's for us. A Secret of these names that somebody brought, for the webhook
 * to serve, is theirs.
 */
function isKept({kind, metadata}: KubeObject): boolean {
  const {name = '', labels = {}, annotations = {}} = metadata ?? {}
  if (kind === keptKinds.lease.kind) return name === names.controller
  if (name !== names.certificateSecret && name !== names.authoritySecret) return false
  return labels[managedByLabel] === manager || annotations[certificateAnnotation] === name
}

function isOthers(object: KubeObject): boolean {
  const {name = '', annotations = {}, ownerReferences, deletionTimestamp} = object.metadata ?? {}
  const belongs = Array.isArray(ownerReferences) && ownerReferences.length > 0
  return (
    !isOurs(object) &&
    !isKept(object) &&
    !belongs &&
    deletionTimestamp === undefined &&
    !known.has(name) &&
    !(tokenAnnotation in annotations)
  )
}
