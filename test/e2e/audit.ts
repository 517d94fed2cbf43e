import {readFile} from 'node:fs/promises'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'

const EVENT = z.object({
  verb: z.string(),
  requestURI: z.string(),
  objectRef: z.looseObject({resource: z.string().optional(), namespace: z.string().optional()}).optional(),
  responseStatus: z.looseObject({code: z.number().optional()}).optional(),
  annotations: z.record(z.string(), z.string()).default({}),
  responseObject: z
    .looseObject({metadata: z.looseObject({name: z.string().optional(), uid: z.string().optional()}).optional()})
    .optional(),
})

const OPERATION = z.object({op: z.string(), path: z.string(), value: z.unknown().optional()})
const PATCH = z.object({patch: z.array(OPERATION)})

export type Operation = z.infer<typeof OPERATION>

/** A write request, as the API server told of it in its audit log. */
export type AuditEvent = z.infer<typeof EVENT>

/** Every create, update and patch of pods in the namespace so far, the oldest first. */
export async function podWrites(cluster: Cluster, namespace: string): Promise<readonly AuditEvent[]> {
  const lines = (await readFile(cluster.auditLog, 'utf8')).split('\n')
  // The last line may be half written; reading what is elsewhere would take longer than the tests.
  return lines
    .slice(0, -1)
    .filter((line) => line.includes(`"namespace":"${namespace}"`))
    .map((line) => EVENT.parse(JSON.parse(line)))
    .filter(({objectRef}) => objectRef?.resource === 'pods' && objectRef.namespace === namespace)
}

/** Waits for the event of the pod's creation: the log is written after the answer. */
export function creationOf(cluster: Cluster, namespace: string, uid: string): Promise<AuditEvent> {
  return cluster.until(`the audit event of pod ${uid}`, 10_000, async () =>
    (await podWrites(cluster, namespace)).find(
      ({verb, responseObject}) => verb === 'create' && responseObject?.metadata?.uid === uid,
    ),
  )
}

/** What our webhook wrote to the audit log, without its prefix: `decision`, `code`, `mesh`, `reason`. */
export function annotationsOf({annotations}: AuditEvent): Readonly<Record<string, string>> {
  const prefix = 'inject.meshwright.dev/'
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(prefix))
  return Object.fromEntries(ours.map(([key, value]) => [key.slice(prefix.length), value]))
}

/** The operations of our webhook's patch; undefined where it was not called or changed nothing. */
export function patchOf({annotations}: AuditEvent): readonly Operation[] | undefined {
  const text = annotations['patch.webhook.admission.k8s.io/round_0_index_0']
  return text === undefined ? undefined : PATCH.parse(JSON.parse(text)).patch
}
