import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {KubeApi} from '../../src/kube/api.ts'
import {
  AlreadyExistsError,
  ConflictError,
  FencedError,
  ForbiddenError,
  GoneError,
  InvalidError,
  KindMissingError,
  NotFoundError,
  UnauthorizedError,
  UnreachableError,
} from '../../src/kube/errors.ts'
import {Events} from '../../src/kube/events.ts'
import type {KubeObject} from '../../src/mesh/pod.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {accessAs, accessTo, configMap, configMaps, namespaces, services} from './access.ts'
import {Proxy} from './proxy.ts'

const leases = {apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true}
const deployments = {apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true}

let cluster: Cluster
let api: KubeApi

beforeAll(async () => {
  // Compacted all the time, so that what is asked for late is gone.
  cluster = await startCluster({apiServerArgs: ['--etcd-compaction-interval=2s']})
  await cluster.createNamespace('shop')
  api = await accessTo(cluster)
})

afterAll(async () => {
  await api.close()
  await cluster.stop()
})

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

async function listed(pages: AsyncIterable<{readonly items: readonly KubeObject[]}>): Promise<KubeObject[]> {
  const all = []
  for await (const {items} of pages) all.push(...items)
  return all
}

async function drained(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

async function createMany(namespace: string, count: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      await api.create(configMaps, configMap(namespace, `many-${index}`, {index: String(index)}))
    }
  }
  await Promise.all(Array.from({length: 40}, worker))
}

describe('objects', () => {
  test('keep every field, and say what they are though the API server leaves it out of lists', async () => {
    const created = await api.create(configMaps, configMap('shop', 'whole', {a: '1'}))
    const [found] = await listed(api.list(configMaps, {namespace: 'shop', name: 'whole'}))
    expect(found).toEqual(created)
    expect(found).toMatchObject({apiVersion: 'v1', kind: 'ConfigMap', data: {a: '1'}})
    expect(found?.metadata).toHaveProperty('managedFields')
  })

  test('come as metadata only where no more is asked for', async () => {
    await api.create(configMaps, configMap('shop', 'slim', {a: '1'}))
    const [found] = await listed(api.list(configMaps, {namespace: 'shop', name: 'slim', metadataOnly: true}))
    expect(found).toMatchObject({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'slim', namespace: 'shop'}})
    expect(found).not.toHaveProperty('data')
  })

  test('are selected by label', async () => {
    for (const app of ['one', 'other']) {
      await api.create(configMaps, {...configMap('shop', app), metadata: {namespace: 'shop', name: app, labels: {app}}})
    }
    const found = await listed(api.list(configMaps, {labelSelector: 'app=other'}))
    expect(found.map(({metadata}) => metadata?.name)).toEqual(['other'])
  })

  test('are created once', async () => {
    await api.create(configMaps, configMap('shop', 'once'))
    const error = await failureOf(api.create(configMaps, configMap('shop', 'once')))
    expect(error).toBeInstanceOf(AlreadyExistsError)
    expect(error).toHaveProperty('message', 'ConfigMap shop/once exists already')
  })

  test('are merged by a patch, and only unchanged ones where it names a version', async () => {
    const before = await api.create(configMaps, configMap('shop', 'merged', {a: '1', b: '2'}))
    const resourceVersion = before.metadata?.['resourceVersion']
    const name = {namespace: 'shop', name: 'merged'}
    const after = await api.patch(configMaps, name, {metadata: {resourceVersion}, data: {a: null, c: '3'}})
    expect(after).toMatchObject({data: {b: '2', c: '3'}})
    const error = await failureOf(api.patch(configMaps, name, {metadata: {resourceVersion}, data: {c: '4'}}))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({contested: []})
  })

  test('are deleted only if they are the ones that were meant', async () => {
    const {metadata} = await api.create(configMaps, configMap('shop', 'short'))
    const name = {namespace: 'shop', name: 'short'}
    expect(await failureOf(api.delete(configMaps, name, {uid: 'another'}))).toBeInstanceOf(ConflictError)
    await api.delete(configMaps, name, {uid: String(metadata?.['uid']), dryRun: true})
    await api.delete(configMaps, name, {
      uid: String(metadata?.['uid']),
      resourceVersion: String(metadata?.['resourceVersion']),
    })
    const error = await failureOf(api.delete(configMaps, name))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toHaveProperty('message', 'ConfigMap shop/short does not exist')
  })

  test('cannot be created in a namespace that does not exist, which is what is said', async () => {
    const error = await failureOf(api.create(configMaps, configMap('nowhere', 'a')))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toHaveProperty('message', expect.stringMatching(/^namespace nowhere does not exist/))
  })

  test.each(['..', '.', '', 'a/b', '../services/x', 'a%2fb'])('are not looked for under the name %j', async (name) => {
    const error = await failureOf(api.get(configMaps, {namespace: 'shop', name}))
    expect(error).toBeInstanceOf(InvalidError)
    expect(error).toMatchObject({status: 0, faults: [{field: 'metadata.name'}]})
  })
})

describe('server-side apply', () => {
  test('sets our fields, and takes back those that we say no longer', async () => {
    await api.apply(configMaps, configMap('shop', 'applied', {a: '1', b: '2'}), {fieldManager: 'us'})
    await api.apply(configMaps, configMap('shop', 'applied', {theirs: '1'}), {fieldManager: 'them'})
    const after = await api.apply(configMaps, configMap('shop', 'applied', {a: '2'}), {fieldManager: 'us'})
    expect(after['data']).toEqual({a: '2', theirs: '1'})
  })

  test('stores nothing on a dry run', async () => {
    const options = {fieldManager: 'us', dryRun: true}
    await api.apply(configMaps, configMap('shop', 'dry', {a: '1'}), options)
    expect(await failureOf(api.get(configMaps, {namespace: 'shop', name: 'dry'}))).toBeInstanceOf(NotFoundError)
  })

  test('names the managers and fields of a conflict, and takes them over by force', async () => {
    await api.apply(configMaps, configMap('shop', 'contested', {a: '1', b: '1'}), {fieldManager: 'first'})
    await api.patch(
      configMaps,
      {namespace: 'shop', name: 'contested'},
      {data: {c: '1'}},
      {fieldManager: 'hand "by" hand'},
    )
    const ours = configMap('shop', 'contested', {a: '2', b: '2', c: '2'})
    const error = await failureOf(api.apply(configMaps, ours, {fieldManager: 'us'}))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({
      contested: [
        {field: '.data.a', manager: 'first'},
        {field: '.data.b', manager: 'first'},
        {field: '.data.c', manager: 'hand "by" hand'},
      ],
    })
    expect(error).toHaveProperty('message', expect.stringContaining('first owns .data.a, .data.b; hand "by" hand owns'))
    const after = await api.apply(configMaps, ours, {fieldManager: 'us', force: true})
    expect(after['data']).toEqual({a: '2', b: '2', c: '2'})
  })

  test('writes the status and nothing else', async () => {
    const spec = {selector: {matchLabels: {a: 'b'}}, template: {metadata: {labels: {a: 'b'}}, spec: {containers: []}}}
    const object = {apiVersion: 'apps/v1', kind: 'Deployment', metadata: {namespace: 'shop', name: 'd'}}
    const containers = [{name: 'c', image: 'i'}]
    const template = {...spec.template, spec: {containers}}
    await api.apply(deployments, {...object, spec: {...spec, template, paused: true}}, {fieldManager: 'us'})
    const condition = {type: 'Programmed', status: 'True', reason: 'R', message: 'm'}
    const after = await api.apply(
      deployments,
      {...object, spec: {paused: false}, status: {conditions: [condition]}},
      {fieldManager: 'us', subresource: 'status', force: true},
    )
    expect(after).toMatchObject({
      spec: {paused: true},
      status: {conditions: expect.arrayContaining([expect.objectContaining(condition)])},
    })
  })

  test('refuses a field that the kind does not have, with its path', async () => {
    const error = await failureOf(
      api.apply(configMaps, {...configMap('shop', 'odd'), dat: {a: '1'}}, {fieldManager: 'us'}),
    )
    expect(error).toBeInstanceOf(InvalidError)
    expect(error).toMatchObject({faults: [{field: 'dat', message: 'field not declared in schema'}]})
  })

  test('says of each field what is wrong with it', async () => {
    const ports = [{port: 0, targetPort: 80, protocol: 'SMTP'}]
    const object = {apiVersion: 'v1', kind: 'Service', metadata: {namespace: 'shop', name: 's'}, spec: {ports}}
    const error = await failureOf(api.apply(services, object, {fieldManager: 'us'}))
    expect(error).toBeInstanceOf(InvalidError)
    const faults = error instanceof InvalidError ? error.faults.map(({field}) => field) : []
    expect(faults).toEqual(['spec.ports[0].port', 'spec.ports[0].protocol'])
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/^the API server refuses Service shop\/s: spec\.ports\[0\]/),
    )
  })
})

describe('a list of 10,000', () => {
  beforeAll(async () => {
    await cluster.createNamespace('many')
    await createMany('many', 10_000)
  })

  test('comes page by page, each object once', async () => {
    const sizes = []
    const names = new Set<string | undefined>()
    const versions = new Set<string>()
    for await (const {items, resourceVersion} of api.list(configMaps, {namespace: 'many', limit: 750})) {
      sizes.push(items.length)
      versions.add(resourceVersion)
      for (const {metadata} of items) names.add(metadata?.name)
    }
    expect(sizes.length).toBe(14)
    expect(Math.max(...sizes)).toBe(750)
    // kube-root-ca.crt is there too.
    expect(names.size).toBe(10_001)
    expect(versions.size).toBe(1)
  })

  test('is gone where its pages are asked for too late', async () => {
    const error = await failureOf(
      (async () => {
        for await (const page of api.list(configMaps, {namespace: 'many', limit: 100})) {
          expect(page.items.length).toBe(100)
          // Compaction takes what is older than its last round.
          for (let round = 0; round < 4; round++) {
            await api.patch(configMaps, {namespace: 'shop', name: 'whole'}, {data: {round: String(Math.random())}})
            await new Promise((resolve) => setTimeout(resolve, 2_000))
          }
        }
      })(),
    )
    expect(error).toBeInstanceOf(GoneError)
  })
})

describe('kinds', () => {
  test('are known to be served or not, by version and group', async () => {
    expect(await api.hasKind(configMaps)).toBe(true)
    expect(await api.hasKind(deployments)).toBe(true)
    expect(await api.hasKind({...deployments, plural: 'departments'})).toBe(false)
    expect(await api.hasKind({...deployments, apiVersion: 'apps/v9'})).toBe(false)
    expect(await api.hasKind({...deployments, apiVersion: 'example.com/v1'})).toBe(false)
  })

  test.each([
    ['of a group that nobody serves', {...deployments, apiVersion: 'example.com/v1'}],
    ['of a group that has no such kind', {...deployments, plural: 'departments'}],
  ])('%s are missing, whatever is asked of them', async (_, kind) => {
    const object = {apiVersion: kind.apiVersion, kind: kind.kind, metadata: {namespace: 'shop', name: 'a'}}
    for (const call of [
      () => api.get(kind, {namespace: 'shop', name: 'a'}),
      () => listed(api.list(kind)),
      () => api.create(kind, object),
      () => api.apply(kind, object, {fieldManager: 'us'}),
      () => api.delete(kind, {namespace: 'shop', name: 'a'}),
      () => api.watch(kind, {resourceVersion: '1', timeout: 10_000}),
    ]) {
      expect(await failureOf(call())).toBeInstanceOf(KindMissingError)
    }
  })
})

describe('who may not', () => {
  beforeAll(async () => {
    const rules = [{apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list']}]
    const metadata = {namespace: 'shop', name: 'reader'}
    const documents = [
      {apiVersion: 'v1', kind: 'ServiceAccount', metadata},
      {apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules},
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader'},
        subjects: [{kind: 'ServiceAccount', ...metadata}],
      },
    ]
    const stdin = documents.map((document) => JSON.stringify(document)).join('\n---\n')
    expect(await cluster.kubectl(['apply', '-f', '-'], {stdin})).toMatchObject({code: 0})
  })

  test('is told which rule a Role would need', async () => {
    const reader = await accessAs(cluster, 'shop', 'reader')
    const user = 'system:serviceaccount:shop:reader'
    expect((await listed(reader.list(configMaps, {namespace: 'shop'}))).length).toBeGreaterThan(0)

    const write = await failureOf(reader.apply(configMaps, configMap('shop', 'x'), {fieldManager: 'us'}))
    expect(write).toBeInstanceOf(ForbiddenError)
    expect(write).toMatchObject({missing: {user, verb: 'patch', group: '', resource: 'configmaps', namespace: 'shop'}})
    expect(write).toHaveProperty(
      'message',
      `${user} may not patch configmaps in namespace shop: bind a Role in namespace shop, or a ClusterRole, to it with apiGroups [""], resources ["configmaps"], verbs ["patch"]`,
    )

    const everywhere = await failureOf(listed(reader.list(deployments)))
    expect(everywhere).toMatchObject({missing: {user, verb: 'list', group: 'apps', resource: 'deployments'}})
    expect(everywhere).toHaveProperty('message', expect.stringContaining('bind a ClusterRole to it'))
    await reader.close()
  })

  test('is told that a namespace is being deleted', async () => {
    await cluster.createNamespace('ending')
    const held = {
      ...configMap('ending', 'held'),
      metadata: {namespace: 'ending', name: 'held', finalizers: ['example.com/held']},
    }
    await api.create(configMaps, held)
    await api.delete(namespaces, {name: 'ending'})
    const error = await failureOf(api.create(configMaps, configMap('ending', 'late')))
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error).toMatchObject({namespaceEnding: true, missing: undefined})
    await api.patch(configMaps, {namespace: 'ending', name: 'held'}, {metadata: {finalizers: null}})
  })

  test('is told that the credentials are not accepted', async () => {
    const stranger = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.token, 'wrong'))
    expect(await failureOf(stranger.get(namespaces, {name: 'shop'}))).toBeInstanceOf(UnauthorizedError)
    await stranger.close()
  })

  test('is told that nobody answers', async () => {
    const nobody = await accessTo(cluster, {}, (kubeconfig) =>
      kubeconfig.replaceAll(cluster.url, 'https://127.0.0.1:9'),
    )
    const error = await failureOf(nobody.get(namespaces, {name: 'shop'}))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error).toHaveProperty('message', expect.stringMatching(/^cannot get Namespace shop: .*ECONNREFUSED/))
    await nobody.close()
  })
})

describe('the connection', () => {
  test('is one for 300 calls and 5 watches, also when 80 are made at once', async () => {
    const proxy = await Proxy.before(cluster.url)
    const near = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
    const stop = new AbortController()
    const watches: Promise<void>[] = []
    for (let index = 0; index < 5; index++) {
      const events = await near.watch(configMaps, {resourceVersion: '', timeout: 60_000, signal: stop.signal})
      watches.push(drained(events))
    }
    for (let index = 0; index < 220; index++) await near.get(namespaces, {name: 'shop'})
    await Promise.all(Array.from({length: 80}, () => near.get(namespaces, {name: 'shop'})))
    expect(proxy.connections).toBe(1)
    stop.abort()
    await Promise.allSettled(watches)
    await near.close()
    await cluster.until('the end of the connection', 5_000, async () => proxy.open === 0)
    await proxy.close()
  })

  test('that broke while it idled is not the caller’s business', async () => {
    const proxy = await Proxy.before(cluster.url)
    const near = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
    await near.get(namespaces, {name: 'shop'})
    for (let round = 0; round < 5; round++) {
      proxy.reset()
      await near.apply(configMaps, configMap('shop', 'idle', {round: String(round)}), {fieldManager: 'us'})
    }
    await near.close()
    await proxy.close()
  })

  test('that has died without a word is replaced when a call gets no answer', async () => {
    const proxy = await Proxy.before(cluster.url)
    const near = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
    await near.get(namespaces, {name: 'shop'})
    proxy.stall()
    proxy.unstall()
    const error = await failureOf(near.get(namespaces, {name: 'shop'}, {timeout: 500}))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining('no answer to GET /api/v1/namespaces/shop in 0.5 s'),
    )
    await near.get(namespaces, {name: 'shop'}, {timeout: 5_000})
    await near.close()
    await proxy.close()
  })

  test('may break while answers that nobody waits for are under way', async () => {
    const proxy = await Proxy.before(cluster.url)
    const near = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
    for (let round = 0; round < 20; round++) {
      const stop = new AbortController()
      const calls = Array.from({length: 10}, async (_, index) =>
        near.apply(configMaps, configMap('shop', `churn-${index}`), {fieldManager: 'us', signal: stop.signal}),
      )
      const settled = Promise.allSettled(calls)
      await new Promise((resolve) => setTimeout(resolve, 5 + round))
      stop.abort()
      await settled
      await new Promise((resolve) => setTimeout(resolve, round))
      // What nobody listens to ends the process here, and this test with it.
      proxy.reset()
    }
    await near.close()
    await proxy.close()
  })

  test('ends a call as its caller ends it, with the caller’s own reason', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const call = api.get(namespaces, {name: 'shop'}, {signal: stop.signal})
    stop.abort(reason)
    expect(await failureOf(call)).toBe(reason)
    expect(await failureOf(api.get(namespaces, {name: 'shop'}, {signal: stop.signal}))).toBe(reason)
  })
})

describe('a fence', () => {
  test('that does not hold lets reads pass and no write', async () => {
    let holds = true
    const fenced = api.fenced({holds: () => holds})
    const name = {namespace: 'shop', name: 'fenced'}
    await fenced.create(configMaps, configMap('shop', 'fenced'))
    holds = false
    for (const call of [
      () => fenced.create(configMaps, configMap('shop', 'fenced-2')),
      () => fenced.apply(configMaps, configMap('shop', 'fenced', {a: '1'}), {fieldManager: 'us'}),
      () => fenced.patch(configMaps, name, {data: {a: '1'}}),
      () => fenced.delete(configMaps, name),
    ]) {
      expect(await failureOf(call())).toBeInstanceOf(FencedError)
    }
    expect(await fenced.get(configMaps, name)).not.toHaveProperty('data')
  })

  test('is asked when the write is sent, not when it is made: it may wait for a connection', async () => {
    const proxy = await Proxy.before(cluster.url)
    const near = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
    let holds = true
    proxy.refuse(false)
    const call = near
      .fenced({holds: () => holds})
      .apply(configMaps, configMap('shop', 'too-late'), {fieldManager: 'us'})
    // Past the first look; TLS is still being talked about.
    await new Promise((resolve) => setImmediate(resolve))
    holds = false
    expect(await failureOf(call)).toBeInstanceOf(FencedError)
    expect(await failureOf(api.get(configMaps, {namespace: 'shop', name: 'too-late'}))).toBeInstanceOf(NotFoundError)
    await near.close()
    await proxy.close()
  })
})

test('Events are written once and counted up when the same happens again', async () => {
  const regarding = await api.create(configMaps, configMap('shop', 'eventful'))
  let now = 0
  const clock = {now: () => Date.now() + now, monotonic: () => now, after: () => ({cancel: () => undefined})}
  const troubles: unknown[] = []
  const events = new Events(api, {
    controller: 'meshwright.dev/controller',
    instance: 'test',
    clock,
    onTrouble: (error) => troubles.push(error),
  })
  const occurrence = {
    regarding,
    type: 'Warning',
    reason: 'Refused',
    action: 'Translate',
    note: 'ü'.repeat(600),
  } as const
  for (let time = 0; time < 4; time++) {
    await events.report(occurrence)
    now += 40_000
  }
  await events.report({...occurrence, regarding: {apiVersion: 'v1', kind: 'Node', metadata: {name: 'node-1'}}})
  expect(troubles).toEqual([])
  const kind = {apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true}
  const found = await listed(api.list(kind, {namespace: 'shop', fieldSelector: 'reason=Refused'}))
  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({
    type: 'Warning',
    action: 'Translate',
    series: {count: 3},
    regarding: {kind: 'ConfigMap', name: 'eventful', uid: regarding.metadata?.['uid']},
    note: expect.stringMatching(/^ü{510}\.\.\.$/),
  })
  expect(await listed(api.list(kind, {namespace: 'default', fieldSelector: 'reason=Refused'}))).toHaveLength(1)
})

test('an object that something new happens to all the time is heard less of', async () => {
  const regarding = await api.create(configMaps, configMap('shop', 'noisy'))
  const events = new Events(api, {controller: 'meshwright.dev/controller', instance: 'test'})
  for (let index = 0; index < 30; index++) {
    await events.report({regarding, type: 'Normal', reason: 'Noise', action: 'Shout', note: `${index}`})
  }
  const kind = {apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true}
  expect(await listed(api.list(kind, {namespace: 'shop', fieldSelector: 'reason=Noise'}))).toHaveLength(10)
})

test('a Lease time has six digits: three are refused', async () => {
  const spec = {holderIdentity: 'a', leaseDurationSeconds: 1, renewTime: '2026-11-24T00:00:00.000Z'}
  const lease = {apiVersion: leases.apiVersion, kind: 'Lease', metadata: {namespace: 'shop', name: 'digits'}, spec}
  expect(await failureOf(api.create(leases, lease))).toBeInstanceOf(InvalidError)
})
