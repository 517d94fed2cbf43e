import {setTimeout as sleep} from 'node:timers/promises'
import {loadNamespace, type Bed} from '../bed.ts'
import {during} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'
import {creates, posts} from '../senders.ts'

export const outage: Row = {
  number: 10,
  fault: 'API server down',
  bar: 'admission answers from its cache, 0 lost; in touch again <= 30 s; no replica ends',
  isQuick: true,
  async run(bed, scale) {
    const [down, rate] = scale === 'full' ? [600, 25] : [10, 20]
    const exits = bed.replicas.exits
    let stale = 0
    const [count] = await during([bed.posting(rate)], () =>
      bed.cluster.restartApiServer('SIGKILL', async () => {
        await sleep(down * 1000)
        stale = Math.max(...(await staleSeconds(bed)))
      }),
    )
    const begun = performance.now()
    const name = `later-${down}`
    const later = {apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels: {'meshwright.dev/inject': 'disabled'}}}
    const {status} = await bed.cluster.api.request('POST', '/api/v1/namespaces', later)
    if (status !== 201) throw new Error(`namespace ${name}: ${status}`)
    await bed.cluster.until('every replica to know the new namespace', 90_000, async () => {
      const fates = await Promise.all(bed.replicas.names.map((replica) => posted(bed, replica, name)))
      return fates.every(({kind}) => kind === 'bare') && Math.max(...(await staleSeconds(bed))) === 0
    })
    const back = (performance.now() - begun) / 1000
    const after = await creates(bed.cluster, loadNamespace)(0)
    return {
      done: `killed, and started again after ${number(down)} s; meanwhile ${rate} reviews/s, each over a new connection`,
      count,
      checks: [
        nothingLost(count),
        check(stale > 0, `it is told: stale for ${number(stale)} s`),
        check(back <= 30, `every replica knows what is new ${number(back, 1)} s after its return`),
        check(after.kind === 'injected', 'creates go on'),
        check(bed.replicas.exits === exits, `${bed.replicas.exits - exits} replicas ended`),
      ],
    }
  },
}

function staleSeconds(bed: Bed): Promise<number[]> {
  return Promise.all(bed.replicas.names.map((name) => bed.replicas.metric(name, 'meshwright_cluster_stale_seconds')))
}

/** What one replica makes of a pod of that namespace. */
function posted(bed: Bed, replica: string, namespace: string) {
  return posts({port: bed.replicas.portOf(replica), trusted: () => bed.authorities.bundle, namespace})(0)
}
