import {setTimeout as sleep} from 'node:timers/promises'
import {loadNamespace} from '../bed.ts'
import {during} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'
import {creates} from '../senders.ts'

export const outage: Row = {
  number: 10,
  fault: 'API server down',
  bar: 'admission answers from its cache, 0 lost; in touch again <= 30 s; no replica ends',
  isQuick: true,
  async run(bed, scale) {
    const [down, rate] = scale === 'full' ? [600, 25] : [15, 20]
    const exits = bed.replicas.exits
    let stale = 0
    const count = await during(bed.posting(rate), () =>
      bed.cluster.restartApiServer('SIGKILL', async () => {
        await sleep(down * 1000)
        stale = Math.max(...(await staleSeconds()))
      }),
    )
    const begun = performance.now()
    const later = `later-${down}`
    await bed.cluster.createNamespace(later, {labels: {'meshwright.dev/inject': 'disabled'}})
    const create = creates(bed.cluster, later)
    await bed.cluster.until('the new namespace to be known to every replica', 60_000, async () => {
      // Each goes to one of them by chance.
      const fates = await Promise.all(Array.from({length: 20}, create))
      return fates.every(({kind}) => kind === 'bare') && Math.max(...(await staleSeconds())) === 0
    })
    const back = (performance.now() - begun) / 1000
    const after = await creates(bed.cluster, loadNamespace)(0)
    function staleSeconds(): Promise<number[]> {
      return Promise.all(
        bed.replicas.names.map((name) => bed.replicas.metric(name, 'meshwright_cluster_stale_seconds')),
      )
    }
    return {
      done: `killed, and started again after ${number(down)} s; meanwhile ${rate} reviews/s, each over a new connection`,
      count,
      checks: [
        nothingLost(count),
        check(stale > 0, `it is told: stale for ${number(stale)} s`),
        check(back <= 30 && after.kind === 'injected', `what is new is known ${number(back, 1)} s after its return`),
        check(bed.replicas.exits === exits, `${bed.replicas.exits - exits} replicas ended`),
      ],
    }
  },
}
