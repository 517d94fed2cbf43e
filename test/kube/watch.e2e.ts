import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import type {KubeApi} from '../../src/kube/api.ts'
import {GoneError, type KubeError} from '../../src/kube/errors.ts'
import {watchKind, type KindWatchOptions, type Watch, type WatchHandlers} from '../../src/kube/watch.ts'
import type {KubeObject} from '../../src/mesh/pod.ts'
import type {ResourceKind} from '../../src/mesh/resource.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {accessTo, configMap, configMaps, namespaces} from './access.ts'
import {Proxy} from './proxy.ts'

let cluster: Cluster
/** To the API server itself. */
let api: KubeApi
/** What stands between a watch and the API server. */
let proxy: Proxy
let near: KubeApi
let namespace: string
let count = 0
const watches: Watch[] = []

beforeAll(async () => {
  cluster = await startCluster()
  api = await accessTo(cluster)
})

beforeEach(async () => {
  namespace = `watch-${++count}`
  await api.create(namespaces, {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}})
  proxy = await Proxy.before(cluster.url)
  const options = {idle: 1_000, lifeSign: 1_000}
  near = await accessTo(cluster, options, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
})

afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()))
  await near.close()
  await proxy.close()
})

afterAll(async () => {
  await api.close()
  await cluster.stop()
})

/** What a watch has told. */
class Told implements WatchHandlers {
  readonly objects = new Map<string, KubeObject>()
  readonly log: string[] = []
  readonly troubles: unknown[] = []
  readonly stale: {since: number; reason: KubeError}[] = []

  onSet(object: KubeObject): void {
    const name = object.metadata?.name ?? ''
    if (name === 'kube-root-ca.crt') return
    this.log.push(`set ${name}`)
    this.objects.set(name, object)
  }

  onDelete({metadata}: KubeObject): void {
    this.log.push(`delete ${metadata?.name}`)
    this.objects.delete(metadata?.name ?? '')
  }

  onSynced(): void {
    this.log.push('synced')
  }

  onMissing(): void {
    this.log.push('missing')
  }

  onStale(since: number, reason: KubeError): void {
    this.log.push('stale')
    this.stale.push({since, reason})
  }

  onTrouble(error: unknown): void {
    this.troubles.push(error)
  }

  has(line: string): boolean {
    return this.log.includes(line)
  }

  times(line: string): number {
    return this.log.filter((one) => one === line).length
  }
}

const quick: KindWatchOptions = {backoff: {shortest: 50, longest: 500}, staleAfter: 500, missingPoll: 300}

function watched(options: KindWatchOptions = {}, kind: ResourceKind = configMaps): {told: Told; watch: Watch} {
  const told = new Told()
  const watch = watchKind(near, kind, {...quick, ...(kind === configMaps && {namespace}), ...options}, told)
  watches.push(watch)
  return {told, watch}
}

const until = (what: string, isSo: () => boolean, milliseconds = 20_000) =>
  cluster.until(what, milliseconds, async () => isSo())

const create = (name: string, data = {}) => api.create(configMaps, configMap(namespace, name, data))
const remove = (name: string) => api.delete(configMaps, {namespace, name})

test('tells what there is, then that it is synced, then what happens', async () => {
  await create('a')
  const {told, watch} = watched({
    trim: ({apiVersion = '', kind = '', metadata}) => ({apiVersion, kind, metadata: {name: metadata?.name ?? ''}}),
  })
  await until('the list', () => watch.state === 'synced')
  expect(told.log).toEqual(['set a', 'synced'])
  await create('b', {large: 'x'.repeat(300_000)})
  await api.patch(configMaps, {namespace, name: 'a'}, {data: {a: 'ü'}})
  await remove('a')
  await until('the deletion', () => told.has('delete a'))
  expect(told.log).toEqual(['set a', 'synced', 'set b', 'set a', 'delete a'])
  expect(told.objects.get('b')).toEqual({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'b'}})
})

test('tells many changes in order and misses none', async () => {
  const {told, watch} = watched()
  await until('the list', () => watch.state === 'synced')
  const names = Array.from({length: 300}, (_, index) => `n${index}`)
  await Promise.all(names.map((name) => create(name)))
  await until('all of them', () => told.objects.size === names.length)
  await Promise.all(names.filter((_, index) => index % 2 === 0).map(remove))
  await until('the deletions', () => told.objects.size === names.length / 2)
  expect(told.troubles).toEqual([])
})

test('is not ended by a handler that throws', async () => {
  const {told, watch} = watched({
    trim: (object) => {
      if (object.metadata?.name === 'bad') throw new Error('no')
      return object
    },
  })
  await until('the list', () => watch.state === 'synced')
  await create('bad')
  await create('good')
  await until('the next one', () => told.has('set good'))
  expect(told.troubles).toEqual([new Error('no')])
})

test('goes on where it was when the API server ends the stream in time', async () => {
  const {told, watch} = watched({lifetime: 1_000})
  await until('the list', () => watch.state === 'synced')
  for (let index = 0; index < 6; index++) {
    await create(`n${index}`)
    await new Promise((resolve) => setTimeout(resolve, 700))
  }
  await until('all of them', () => told.objects.size === 6)
  expect(told.troubles).toEqual([])
  expect(told.times('synced')).toBe(1)
})

test('goes on where it was after a reset: nothing is told twice', async () => {
  await create('a')
  const {told, watch} = watched({}, configMaps)
  await until('the list', () => watch.state === 'synced')
  for (let round = 0; round < 5; round++) {
    proxy.reset()
    await create(`n${round}`)
    await until('the new one', () => told.has(`set n${round}`))
  }
  expect(told.times('set a')).toBe(1)
  expect(told.log.filter((line) => line.startsWith('set n'))).toHaveLength(5)
})

test('says since when it is stale while nobody answers, and when it is synced again', async () => {
  const {told, watch} = watched()
  await until('the list', () => watch.state === 'synced')
  const before = Date.now()
  proxy.refuse(true)
  await until('the staleness', () => watch.state === 'stale')
  const [stale] = told.stale
  expect(stale?.since).toBeLessThanOrEqual(before + 100)
  expect(stale?.since).toBeGreaterThan(before - 30_000)
  expect(stale?.reason.message).toMatch(
    /^cannot watch configmaps in namespace watch-\d+: the API server cannot be reached/,
  )
  await create('meanwhile')
  proxy.refuse(false)
  await until('the recovery', () => watch.state === 'synced')
  await until('what happened meanwhile', () => told.has('set meanwhile'))
  expect(told.log).toEqual(['synced', 'stale', 'synced', 'set meanwhile'])
})

test('notices a connection that has died without a word', async () => {
  const {told, watch} = watched()
  await until('the list', () => watch.state === 'synced')
  proxy.stall()
  proxy.unstall()
  await create('meanwhile')
  // A second of silence, a second for a sign of life: TCP alone would take many minutes.
  await until('what happened meanwhile', () => told.has('set meanwhile'), 10_000)
})

test('notices a stream that is silent while the connection lives', async () => {
  const {told, watch} = watched({silence: 1_500})
  await until('the list', () => watch.state === 'synced')
  // Nothing happens in this namespace, and bookmarks are a minute apart: each silence ends the stream.
  await until('two silences', () => told.troubles.length >= 2)
  for (const trouble of told.troubles) {
    expect(trouble).toHaveProperty('message', expect.stringMatching(/^nothing was heard of configmaps .* for 1\.5 s$/))
  }
  await create('late')
  await until('what comes then', () => told.has('set late'))
})

describe.each(['SIGKILL', 'SIGTERM'] as const)('the API server restarted by %s', (signal) => {
  test('is watched on, with what was deleted and created meanwhile', async () => {
    for (const name of ['stays', 'goes']) await create(name)
    const {told, watch} = watched()
    await until('the list', () => watch.state === 'synced')
    // Cut off first, so that what happens before the restart is not told.
    proxy.refuse(true)
    await remove('goes')
    await create('comes')
    await cluster.restartApiServer(signal)
    await create('comes-later')
    proxy.refuse(false)
    await until(
      'the new state',
      () => told.has('set comes') && told.has('set comes-later') && told.has('delete goes'),
      60_000,
    )
    await until('the recovery', () => watch.state === 'synced')
    expect([...told.objects.keys()].toSorted()).toEqual(['comes', 'comes-later', 'stays'])
    expect(told.times('set stays')).toBe(1)
  })
})

test('lists again where its version is too old, and tells only what differs', async () => {
  for (const name of ['stays', 'goes', 'changes']) await create(name)
  const {told, watch} = watched()
  await until('the list', () => watch.state === 'synced')
  proxy.refuse(true)
  await remove('goes')
  await api.patch(configMaps, {namespace, name: 'changes'}, {data: {a: '1'}})
  // The cache of the API server that starts knows no older version than what it finds.
  await cluster.restartApiServer('SIGKILL')
  told.log.length = 0
  proxy.refuse(false)
  await until('the recovery', () => watch.state === 'synced' && told.has('delete goes'))
  expect(told.troubles.some((trouble) => trouble instanceof GoneError)).toBe(true)
  expect(told.log.filter((line) => /^(set|delete) /.test(line))).toEqual(['set changes', 'delete goes'])
})

describe('a kind whose CRD is not installed', () => {
  const kind: ResourceKind = {apiVersion: 'example.com/v1', kind: 'Widget', plural: 'widgets', namespaced: true}
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {name: 'widgets.example.com'},
    spec: {
      group: 'example.com',
      names: {kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList'},
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
        },
      ],
    },
  }
  const crds = {
    ...kind,
    apiVersion: crd.apiVersion,
    kind: crd.kind,
    plural: 'customresourcedefinitions',
    namespaced: false,
  }
  const widget = () => ({apiVersion: 'example.com/v1', kind: 'Widget', metadata: {namespace, name: 'w'}})

  test('is missing, then watched as soon as it is installed, then gone with it', async () => {
    const {told, watch} = watched({}, kind)
    await until('the look', () => watch.state === 'missing')
    expect(told.log).toEqual(['missing'])
    expect(told.troubles).toEqual([])

    await api.create(crds, crd)
    await until('the CRD to be seen', () => watch.state === 'synced', 10_000)
    await cluster.until('a widget', 10_000, () => api.create(kind, widget()))
    await until('the widget', () => told.has('set w'))

    // A restart must not look like a CRD that is gone.
    await cluster.restartApiServer('SIGKILL')
    await until('the recovery', () => watch.state === 'synced', 60_000)
    expect(told.has('delete w')).toBe(false)

    await api.delete(crds, {name: crd.metadata.name})
    await until('the end of the kind', () => watch.state === 'missing', 30_000)
    expect(told.log.filter((line) => line !== 'stale')).toEqual(
      expect.arrayContaining(['missing', 'synced', 'set w', 'delete w']),
    )
    expect(told.objects.size).toBe(0)
    expect(told.times('missing')).toBe(2)
  })
})

test('stops when it is told to, in every state', async () => {
  const standing = watched()
  const missing = watched({}, {...configMaps, apiVersion: 'example.com/v1'})
  await until('both', () => standing.watch.state === 'synced' && missing.watch.state === 'missing')
  proxy.refuse(true)
  const unreachable = watched()
  await until('a failure', () => unreachable.told.troubles.length > 0)
  for (const {watch, told} of [standing, missing, unreachable]) {
    await watch.stop()
    expect(watch.state).toBe('stopped')
    told.log.length = 0
  }
  proxy.refuse(false)
  await create('late')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  for (const {told} of [standing, missing, unreachable]) expect(told.log).toEqual([])
})
