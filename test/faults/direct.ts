import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Target} from '../../bench/load.ts'
import {cpuSeconds, pin} from '../../bench/process.ts'
import type {Bed} from './bed.ts'

/** One replica that this process talks to without the balancer, each on a core of its own where the system can pin them. */
export interface Direct {
  readonly target: Target
  /** Ends the sentence "to one replica on ...". */
  readonly cores: string
  /** Seconds of processor time that the replica has taken since it was started. */
  readonly cpuSeconds: () => number
}

/**
 * Whether an answer lets the pod through, with a patch that adds a sidecar. The patch is not read: what is answered to one such
 * pod is answered to all, and that it is right is another row's to try.
 */
export function isInjected(body: string, uid: string): boolean {
  return body.includes(`"uid":"${uid}"`) && body.includes('"allowed":true') && body.includes('"patch":"')
}

/** Gives the cores back when `work` is through. */
export async function directly<T>(bed: Bed, name: string, work: (direct: Direct) => Promise<T>): Promise<T> {
  const caFile = join(bed.cluster.dir, 'direct.crt')
  await writeFile(caFile, bed.authorities.bundle)
  const pid = bed.replicas.pidOf(name)
  const isPinned = pin(pid, '0') && pin(process.pid, '1')
  try {
    return await work({
      target: {port: bed.replicas.portOf(name), caFile, path: '/mutate'},
      cores: isPinned ? 'a core of its own, the client on the other' : 'two cores with the client',
      cpuSeconds: () => cpuSeconds(pid),
    })
  } finally {
    if (isPinned) {
      pin(pid, '0,1')
      pin(process.pid, '0,1')
    }
  }
}
