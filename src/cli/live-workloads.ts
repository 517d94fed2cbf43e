import {choose, unknownNamespace, type AdmissionState} from '../admission/review.ts'
import {inForceOf, listAll, podKind, webhookMesh} from '../check/cluster-facts.ts'
import type {ResolvedConfiguration} from '../config/load.ts'
import {installKinds} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import {groupOf, type KubeApi} from '../kube/api.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {meshes} from '../mesh/registry.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {isValues} from '../mesh/values.ts'
import {Failure} from './failure.ts'
import {judgeWorkload, type Judged} from './manifest-admission.ts'
import {workloadOf} from './manifest-workload.ts'

/** A workload of a cluster: what its next pod would get, and what those that run now have. */
export interface LiveWorkload extends Judged {
  readonly pods: {readonly running: number; readonly covered: number}
  /** What governs its namespace, with the origin of every value. */
  readonly resolved: ResolvedConfiguration | undefined
}

export interface LiveCluster {
  readonly workloads: readonly LiveWorkload[]
  /** What is to be said of the configuration in force. */
  readonly problems: readonly string[]
  /** False where there is no webhook in the namespace that was looked in. */
  readonly isInstalled: boolean
}

const kind = (apiVersion: string, kind: string, plural: string): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})

/** What makes pods, the makers of makers first. */
const makers: readonly ResourceKind[] = [
  installKinds.deployment,
  kind('apps/v1', 'StatefulSet', 'statefulsets'),
  kind('apps/v1', 'DaemonSet', 'daemonsets'),
  kind('batch/v1', 'CronJob', 'cronjobs'),
  kind('batch/v1', 'Job', 'jobs'),
  kind('apps/v1', 'ReplicaSet', 'replicasets'),
  kind('v1', 'ReplicationController', 'replicationcontrollers'),
]

/**
 * Every workload of a namespace, or of all, before the judgement that the webhook would give with what is in force now.
 *
 * @throws KubeError where the cluster cannot be read, Failure where no configuration of it can be used
 */
export async function liveWorkloads(
  api: KubeApi,
  {namespace, ownNamespace}: {namespace: string | undefined; ownNamespace: string},
  tell: (progress: string) => void,
): Promise<LiveCluster> {
  const deployments = await listAll(api, installKinds.deployment, {namespace: ownNamespace})
  const mesh = webhookMesh(deployments)
  const inForce = await inForceOf(api, ownNamespace, mesh)
  if (!inForce.ok) throw new Failure(`the configuration of the cluster cannot be used\n${inForce.problems.join('\n')}`)
  const {state, problems, resolved} = inForce
  const where = namespace === undefined ? {} : {namespace}

  const families = new Families()
  for (const maker of makers) {
    for (const object of await listAll(api, maker, where)) families.add(object)
    tell(`${families.heads.length} workloads read`)
  }
  const pods = await listAll(api, podKind, where)
  tell(`${pods.length} pods read`)
  for (const pod of pods) families.count(pod, withoutSidecar(pod, state))

  const workloads = families.heads.flatMap(({object, running, covered}): LiveWorkload[] => {
    const workload = workloadOf(object, [])
    if (workload === undefined) return []
    const judged = judgeWorkload(workload, state, {namespace: ''})
    const facts = state.objects.namespace(judged.namespace) ?? unknownNamespace(judged.namespace)
    return [{...judged, pods: {running, covered}, resolved: resolved(facts)}]
  })
  const isInstalled = deployments.some(({metadata}) => metadata?.name === names.webhook)
  return {workloads: workloads.toSorted(byPlace), problems, isInstalled}
}

interface Head {
  readonly object: KubeObject
  running: number
  covered: number
}

/** Who made whom: pods count for the one that nobody known has made. */
class Families {
  readonly #heads = new Map<string, Head>()

  get heads(): readonly Head[] {
    return [...new Set(this.#heads.values())]
  }

  /** Makers come before what they make. */
  add(object: KubeObject): Head {
    const head = this.#ownerOf(object) ?? {object, running: 0, covered: 0}
    const {apiVersion, kind, metadata} = object
    this.#heads.set(keyOf(apiVersion, kind, metadata?.namespace, metadata?.name), head)
    return head
  }

  /** @param bare the pod as it was before it got its sidecar; undefined where it has none */
  count(pod: KubeObject, bare: KubeObject | undefined): void {
    const head = this.#ownerOf(pod) ?? this.add(bare ?? pod)
    if (isOver(pod)) return
    head.running++
    if (bare !== undefined) head.covered++
  }

  #ownerOf({metadata}: KubeObject): Head | undefined {
    const owner = metadata?.ownerReferences?.find(({controller}) => controller === true)
    return owner === undefined
      ? undefined
      : this.#heads.get(keyOf(owner.apiVersion, owner.kind, metadata?.namespace, owner.name))
  }
}

function keyOf(apiVersion = '', kind = '', namespace = '', name = ''): string {
  return `${groupOf(apiVersion)}/${kind}/${namespace}/${name}`
}

/** The pod as it was before its sidecar; undefined where its containers show none of the mesh that governs it. */
function withoutSidecar(object: KubeObject, state: AdmissionState): KubeObject | undefined {
  const namespace = object.metadata?.namespace ?? ''
  const prepared = choose(state.objects.namespace(namespace) ?? unknownNamespace(namespace), state)
  const pod = state.shapes.pod(object)
  if (prepared === undefined || !pod.ok || !prepared.injector.carries(pod.object)) return undefined
  return meshes[prepared.mesh].uninject(pod.object)
}

function isOver({status}: KubeObject): boolean {
  return isValues(status) && (status['phase'] === 'Succeeded' || status['phase'] === 'Failed')
}

function byPlace(one: Judged, other: Judged): number {
  return one.namespace.localeCompare(other.namespace) || one.name.localeCompare(other.name)
}
