import {z} from 'zod'
import type {KubeObject} from '../mesh/pod.ts'
import {installKinds} from './kinds.ts'

const DEPLOYMENT = z.object({
  metadata: z.object({generation: z.number()}),
  spec: z.object({replicas: z.number().default(1)}),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
    })
    .prefault({}),
})
const CRD = z.object({
  status: z.object({conditions: z.array(z.object({type: z.string(), status: z.string()})).default([])}).prefault({}),
})

/** Undefined where it is ready; else what it lacks. */
export function lacks(object: KubeObject): string | undefined {
  if (object.kind === installKinds.crd.kind) {
    const conditions = CRD.safeParse(object).data?.status.conditions ?? []
    return conditions.some(({type, status}) => type === 'Established' && status === 'True')
      ? undefined
      : 'not served yet'
  }
  const {data} = DEPLOYMENT.safeParse(object)
  if (data === undefined) return 'it cannot be read'
  const {metadata, spec, status} = data
  if (status.observedGeneration < metadata.generation) return 'the cluster has not looked at it yet'
  const there = Math.min(status.updatedReplicas, status.availableReplicas)
  return there >= spec.replicas ? undefined : `${there} of ${spec.replicas} replicas are available`
}
