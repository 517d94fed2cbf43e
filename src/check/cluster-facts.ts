import {ClusterState, meshConfigs, namespaces} from '../admission/cluster-state.ts'
import {configurationKey, environmentKey, type AdmissionState} from '../admission/review.ts'
import {Shapes} from '../admission/shape.ts'
import {loadConfiguration, type ResolvedConfiguration} from '../config/load.ts'
import {installKinds} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import {configurationFile} from '../install/pod.ts'
import type {KubeApi, ListOptions, ObjectName} from '../kube/api.ts'
import {ForbiddenError, KindMissingError, NotFoundError} from '../kube/errors.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import type {NamespaceFacts} from '../mesh/objects.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {isValues} from '../mesh/values.ts'

export const podKind: ResourceKind = {apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true}

/** All objects of a kind; none where the cluster does not serve it. @throws KubeError */
export async function listAll(
  api: KubeApi,
  kind: ResourceKind,
  options: ListOptions = {},
): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = []
  try {
    for await (const {items} of api.list(kind, options)) found.push(...items)
  } catch (error) {
    if (!(error instanceof KindMissingError) && !(error instanceof NotFoundError)) throw error
  }
  return found
}

/** Undefined where it is not there, or its kind is not. @throws KubeError */
export async function lookUp(api: KubeApi, kind: ResourceKind, name: ObjectName): Promise<KubeObject | undefined> {
  try {
    return await api.get(kind, name)
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof KindMissingError) return undefined
    throw error
  }
}

/** The mesh that the webhook is told on its command line, in place of every mesh.type. */
export function webhookMesh(deployments: readonly KubeObject[]): MeshName | undefined {
  const deployment = deployments.find(({metadata}) => metadata?.name === names.webhook)
  const text = JSON.stringify(deployment?.['spec'] ?? {})
  return meshNames.find((mesh) => text.includes(`"--mesh=${mesh}"`))
}

export type InForce =
  | {
      readonly ok: true
      readonly state: AdmissionState
      readonly problems: readonly string[]
      /** The configuration of a namespace, with the origin of every value; undefined where it is not good. */
      readonly resolved: (namespace: NamespaceFacts) => ResolvedConfiguration | undefined
    }
  | {readonly ok: false; readonly problems: readonly string[]}

/** What the webhook has in force, put together from the cluster as the webhook does. @throws KubeError */
export async function inForceOf(api: KubeApi, ownNamespace: string, mesh: MeshName | undefined): Promise<InForce> {
  const files = await configurationOf(api, ownNamespace)
  if (!files.ok) return {ok: false, problems: files.problems.map(({message}) => message)}
  const cluster = new ClusterState({mesh}, files.loaded)
  for (const kind of [namespaces, meshConfigs]) {
    for (const object of await listAll(api, kind)) cluster.set({kind}, object)
  }
  const unread: string[] = []
  for (const need of cluster.needs()) {
    const {kind, namespace, name, metadataOnly} = need
    const options = {
      ...(namespace !== undefined && {namespace}),
      ...(name !== undefined && {name}),
      ...(metadataOnly !== undefined && {metadataOnly}),
    }
    try {
      for (const object of await listAll(api, kind, options)) cluster.set(need, object)
    } catch (error) {
      if (!(error instanceof ForbiddenError)) throw error
      unread.push(error.message)
    }
  }
  const {inForce, problems} = cluster.judge()
  if (inForce === undefined) return {ok: false, problems: [...problems, ...unread]}
  const state = {...inForce, objects: cluster.cache, shapes: new Shapes(), ownNamespace}
  const resolved = ({labels}: NamespaceFacts) => cluster.resolved(labels[configurationKey], labels[environmentKey])
  return {ok: true, state, problems: [...problems, ...unread], resolved}
}

async function configurationOf(api: KubeApi, namespace: string) {
  const [map] = await listAll(api, installKinds.configMap, {namespace, name: names.configuration})
  const data = map?.['data']
  const text = isValues(data) ? data[configurationFile] : undefined
  return loadConfiguration(typeof text === 'string' ? [{file: configurationFile, text}] : [])
}
