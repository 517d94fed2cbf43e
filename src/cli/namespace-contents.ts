import {listAll} from '../check/cluster-facts.ts'
import {installKinds, keptKinds, titleOf} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import type {KubeApi} from '../kube/api.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {isOurs} from './install-apply.ts'

const of = (apiVersion: string, kind: string, plural: string): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})

/** What somebody would miss. Pods are not among them: those that count belong to one of these. */
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

/** ConfigMaps that a cluster and a mesh put into every namespace, and Secrets that our own processes made. */
const known: ReadonlySet<string> = new Set([
  'kube-root-ca.crt',
  'istio-ca-root-cert',
  names.authoritySecret,
  names.certificateSecret,
])
/** Of a Secret with a ServiceAccount's token, which goes with its ServiceAccount. */
const tokenAnnotation = 'kubernetes.io/service-account.name'

/** Titles of the objects in a namespace that an installation has not put there. @throws KubeError */
export async function othersIn(api: KubeApi, namespace: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const kind of missed) {
    const objects = await listAll(api, kind, {namespace, metadataOnly: true})
    found.push(...objects.filter(isOthers).map(({metadata}) => titleOf({kind: kind.kind, ...(metadata && {metadata})})))
  }
  return found
}

function isOthers(object: KubeObject): boolean {
  const {name = '', annotations = {}, ownerReferences, deletionTimestamp} = object.metadata ?? {}
  const belongs = Array.isArray(ownerReferences) && ownerReferences.length > 0
  return (
    !isOurs(object) &&
    !belongs &&
    deletionTimestamp === undefined &&
    !known.has(name) &&
    !(tokenAnnotation in annotations)
  )
}
