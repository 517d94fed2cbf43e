import {setTimeout as sleep} from 'node:timers/promises'
import {Bed, loadNamespace} from '../bed.ts'
import {Load} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'
import {creates, posts} from '../senders.ts'

export const size: Row = {
  number: 13,
  fault: 'a large cluster',
  bar: '20,000 namespaces: p99 +<= 1 ms, memory <= 256 MiB, ready <= 30 s, a change in force <= 2 s',
  isQuick: false,
  replicas: 1,
  async run(small, scale) {
    const namespaces = scale === 'full' ? 20_000 : 500
    const large = await Bed.start()
    try {
      const {cluster} = large
      await many(namespaces, async (index) => {
        const object = {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: {name: `team-${index}`, labels: {team: `${index}`}},
        }
        const {status} = await cluster.api.request('POST', '/api/v1/namespaces', object)
        if (status !== 201) throw new Error(`namespace ${index}: ${status}`)
      })
      const begun = performance.now()
      const name = await large.replicas.add()
      const ready = (performance.now() - begun) / 1000
      await large.settle(1)
      // In turn, so that what else the machine does meets both.
      const latencies: {small: number[]; large: number[]} = {small: [], large: []}
      let last = await posted(large)
      for (let round = 0; round < 4; round++) {
        if (round > 0) last = await posted(large)
        const other = await posted(small)
        // The first of each is warm-up.
        if (round === 0) continue
        latencies.large.push(last.p99)
        latencies.small.push(other.p99)
      }
      const changed = await change(large, namespaces)
      const resident = large.replicas.residentMiB(name)
      const [p99, before] = [median(latencies.large), median(latencies.small)]
      return {
        done: `${number(namespaces)} namespaces in a cluster of its own; 100 reviews/s to its replica and to one that knows a few, in turn. 10,000 rules concern the controller: \`make bench\``,
        count: last,
        checks: [
          nothingLost(last),
          check(ready <= 30, `ready after ${number(ready, 1)} s`),
          check(resident <= 256, `${number(resident)} MiB resident`),
          check(p99 - before <= 1, `p99 ${number(p99, 2)} ms, in a small cluster ${number(before, 2)} ms`),
          check(changed <= 2, `a label counted after ${number(changed, 2)} s`),
        ],
      }
    } finally {
      await large.stop()
    }
  },
}

async function posted(bed: Bed) {
  const [name = ''] = bed.replicas.names
  const ca = bed.authorities.bundle
  const load = new Load(100, posts({port: bed.replicas.portOf(name), trusted: () => ca}))
  await sleep(10_000)
  return load.stop()
}

/** Seconds from the change of a namespace's label until creates go by it. */
async function change(bed: Bed, namespaces: number): Promise<number> {
  const name = `team-${namespaces >> 1}`
  await bed.cluster.until('its ServiceAccount', 300_000, async () => {
    const {kind} = await creates(bed.cluster, name)(0)
    return kind === 'injected'
  })
  const patch = {metadata: {labels: {'meshwright.dev/inject': 'disabled'}}}
  const begun = performance.now()
  await bed.cluster.api.request('PATCH', `/api/v1/namespaces/${name}`, patch, 'application/merge-patch+json')
  while ((await creates(bed.cluster, name)(0)).kind !== 'bare') {
    if (performance.now() - begun > 30_000) break
    await sleep(20)
  }
  const seconds = (performance.now() - begun) / 1000
  const elsewhere = await creates(bed.cluster, loadNamespace)(0)
  return elsewhere.kind === 'injected' ? seconds : Number.POSITIVE_INFINITY
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Some at a time. */
async function many(count: number, make: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await make(next++)
  }
  await Promise.all(Array.from({length: 16}, worker))
}
