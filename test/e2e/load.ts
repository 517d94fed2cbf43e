import type {Cluster} from '../cluster/cluster.ts'
import {pod} from './manifests.ts'

/** What became of the creates of a load. */
export interface Outcome {
  /** Creates that were answered with a sidecar in the pod. */
  readonly injected: number
  /** Everything else: refusals, pods without a sidecar, broken connections. */
  readonly failed: readonly string[]
}

/** Creates pods as dry runs, `concurrency` at a time, without a pause, until `during` settles. */
export async function underLoad(
  cluster: Cluster,
  namespace: string,
  concurrency: number,
  during: () => Promise<void>,
): Promise<Outcome> {
  const failed: string[] = []
  let injected = 0
  const over = new AbortController()
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`
      const answer = await cluster.api.request('POST', path, pod({generateName: 'load-'})).catch(String)
      const text = JSON.stringify(answer)
      if (text.includes('"name":"istio-proxy"')) injected++
      else failed.push(text)
    }
  }
  const clients = Array.from({length: concurrency}, client)
  try {
    await during()
  } finally {
    over.abort()
  }
  await Promise.all(clients)
  return {injected, failed}
}
