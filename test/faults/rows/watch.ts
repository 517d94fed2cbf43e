import {setTimeout as sleep} from 'node:timers/promises'
import * as fc from 'fast-check'
import type {KubeApi} from '../../../src/kube/api.ts'
import {watchKind} from '../../../src/kube/watch.ts'
import {startCluster, type Cluster} from '../../cluster/cluster.ts'
import {accessTo, configMap, configMaps, namespaces} from '../../kube/access.ts'
import {Proxy} from '../../kube/proxy.ts'
import {check, number, type Row} from '../row.ts'

interface Trouble {
  readonly kind: 'reset' | 'refuse' | 'stall'
  /** How long, where it takes time; past 2 s what was seen last is compacted away (410). */
  readonly milliseconds: number
  readonly changes: readonly {readonly name: number; readonly isDeletion: boolean}[]
}

const trouble: fc.Arbitrary<Trouble> = fc.record({
  kind: fc.constantFrom('reset', 'reset', 'refuse', 'stall'),
  milliseconds: fc.oneof(
    {weight: 3, arbitrary: fc.nat(300)},
    {weight: 1, arbitrary: fc.integer({min: 3000, max: 5000})},
  ),
  changes: fc.array(fc.record({name: fc.nat(19), isDeletion: fc.boolean()}), {minLength: 1, maxLength: 12}),
})
const lanes = 8

export const watch: Row = {
  number: 11,
  fault: 'watches that break, stall or are too old',
  bar: 'the cache equals a fresh list <= 60 s after each; <= 1 list/s',
  isQuick: false,
  async run(_bed, scale) {
    const cases = scale === 'full' ? 400 : 16
    const seed = Math.floor(Math.random() * 2 ** 31)
    const troubles = fc.sample(trouble, {numRuns: cases, seed})
    const cluster = await startCluster({apiServerArgs: ['--etcd-compaction-interval=2s']})
    try {
      const results = await Promise.all(
        Array.from({length: lanes}, (_, lane) =>
          laneOf(
            cluster,
            lane,
            troubles.filter((_, index) => index % lanes === lane),
          ),
        ),
      )
      const slowest = Math.max(...results.map(({slowest}) => slowest))
      const lists = results.reduce((sum, result) => sum + result.lists, 0)
      const closest = Math.min(...results.map(({closest}) => closest))
      return {
        done: `${number(cases)} seeded cases (of the 10,000 of the matrix; seed ${seed}): resets, refusals and silence of up to 5 s between watch and API server, whose history is compacted every 2 s, while objects change. Gaps, duplicates and torn lines: test/kube/faults.test.ts`,
        checks: [
          check(
            results.every(({wrong}) => wrong === 0),
            `the cache was right after ${number(cases)} cases, ${number(slowest / 1000, 1)} s at most`,
          ),
          // A timer may fire a millisecond early.
          check(closest >= 0.99, `${number(lists)} lists, at least ${number(closest, 2)} s apart`),
        ],
      }
    } finally {
      await cluster.stop()
    }
  },
}

interface Result {
  readonly wrong: number
  readonly slowest: number
  readonly lists: number
  /** Seconds between two lists, at least. */
  readonly closest: number
}

async function laneOf(cluster: Cluster, lane: number, troubles: readonly Trouble[]): Promise<Result> {
  const namespace = `watch-${lane}`
  const api = await accessTo(cluster)
  await api.create(namespaces, {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}})
  const proxy = await Proxy.before(cluster.url)
  const near = await accessTo(cluster, {idle: 500, lifeSign: 500}, (text) => text.replaceAll(cluster.url, proxy.url))
  const lists: number[] = []
  const cache = new Map<string, unknown>()
  const watched = watchKind(
    noting(near, () => lists.push(performance.now())),
    configMaps,
    {namespace, backoff: {shortest: 50, longest: 500}},
    {
      onSet: ({metadata}) => cache.set(metadata?.name ?? '', metadata?.['resourceVersion']),
      onDelete: ({metadata}) => cache.delete(metadata?.name ?? ''),
      onSynced: () => undefined,
    },
  )
  let [wrong, slowest] = [0, 0]
  try {
    for (const one of troubles) {
      await inTrouble(proxy, one, () => change(api, namespace, one))
      const begun = performance.now()
      const isRight = async () => {
        for await (const {items} of api.list(configMaps, {namespace, limit: 0})) {
          const same = items.every(({metadata}) => cache.get(metadata?.name ?? '') === metadata?.['resourceVersion'])
          return same && items.length === cache.size
        }
        return false
      }
      await cluster.until('the cache to be right', 60_000, isRight).catch(() => wrong++)
      slowest = Math.max(slowest, performance.now() - begun)
    }
  } finally {
    await watched.stop()
    await near.close()
    await api.close()
    await proxy.close()
  }
  const gaps = lists.slice(1).map((at, index) => (at - (lists[index] ?? 0)) / 1000)
  return {wrong, slowest, lists: lists.length, closest: Math.min(...gaps, Number.POSITIVE_INFINITY)}
}

async function inTrouble(proxy: Proxy, {kind, milliseconds}: Trouble, work: () => Promise<void>): Promise<void> {
  if (kind === 'reset') proxy.reset()
  if (kind === 'refuse') proxy.refuse(true)
  if (kind === 'stall') proxy.stall()
  await work()
  if (kind === 'reset') return
  await sleep(milliseconds)
  proxy.refuse(false)
  proxy.unstall()
}

async function change(api: KubeApi, namespace: string, {changes}: Trouble): Promise<void> {
  for (const {name, isDeletion} of changes) {
    const id = {namespace, name: `object-${name}`}
    if (isDeletion) await api.delete(configMaps, id).catch(() => undefined)
    else {
      const object = configMap(namespace, id.name, {at: String(performance.now())})
      await api.apply(configMaps, object, {fieldManager: 'faults'})
    }
  }
}

/** The same API, whose lists are told. */
function noting(api: KubeApi, onList: () => void): KubeApi {
  return {
    server: api.server,
    namespace: api.namespace,
    get: (...args) => api.get(...args),
    list: (...args) => {
      onList()
      return api.list(...args)
    },
    watch: (...args) => api.watch(...args),
    create: (...args) => api.create(...args),
    apply: (...args) => api.apply(...args),
    patch: (...args) => api.patch(...args),
    delete: (...args) => api.delete(...args),
    hasKind: (...args) => api.hasKind(...args),
    time: (...args) => api.time(...args),
    fenced: (fence) => api.fenced(fence),
    close: () => api.close(),
  }
}
