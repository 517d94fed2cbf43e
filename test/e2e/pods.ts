import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'

const TEXTS = z.record(z.string(), z.string()).default({})
const CONTAINERS = z.array(z.looseObject({name: z.string(), restartPolicy: z.string().optional()})).default([])

const POD = z.looseObject({
  metadata: z.looseObject({name: z.string(), uid: z.string(), labels: TEXTS, annotations: TEXTS}),
  spec: z.looseObject({containers: CONTAINERS, initContainers: CONTAINERS}),
  status: z.looseObject({
    phase: z.string(),
    conditions: z.array(z.looseObject({type: z.string(), status: z.string()})).default([]),
  }),
})

/** A pod as the API server stored it. */
export type StoredPod = z.infer<typeof POD>

export async function podsIn(cluster: Cluster, namespace: string, selector = ''): Promise<readonly StoredPod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`
  return z.object({items: z.array(POD)}).parse((await cluster.api.request('GET', path)).body).items
}

/** Waits for that many pods that nobody is deleting, all of them ready or done. */
export function settledPods(
  cluster: Cluster,
  namespace: string,
  count: number,
  selector = '',
  timeoutMs = 60_000,
): Promise<readonly StoredPod[]> {
  return cluster.until(`${count} settled pods ${selector} in ${namespace}`, timeoutMs, async () => {
    const pods = (await podsIn(cluster, namespace, selector)).filter(
      ({metadata}) => metadata['deletionTimestamp'] === undefined,
    )
    const unsettled = pods.filter((pod) => !isReady(pod) && pod.status.phase !== 'Succeeded')
    if (pods.length === count && unsettled.length === 0) return pods
    throw new Error(`there are ${pods.length}, not settled: ${unsettled.map(({metadata}) => metadata.name).join()}`)
  })
}

export function isReady({status}: StoredPod): boolean {
  return status.phase === 'Running' && status.conditions.some(({type, status}) => type === 'Ready' && status === 'True')
}

/** The names of the containers in their order; a `*` marks those that run as native sidecars. */
export function containerNames(pod: StoredPod): {init: readonly string[]; containers: readonly string[]} {
  const {initContainers, containers} = pod.spec
  const named = ({name, restartPolicy}: (typeof containers)[number]) => (restartPolicy === 'Always' ? `${name}*` : name)
  return {init: initContainers.map(named), containers: containers.map(named)}
}
