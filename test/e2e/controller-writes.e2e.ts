import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {failureOf, type WriteFailure} from '../../src/controller/failure.ts'
import {fieldOwners} from '../../src/controller/fields.ts'
import {Kinds} from '../../src/controller/kinds.ts'
import {Ledger} from '../../src/controller/ledger.ts'
import {liveObject, refOf} from '../../src/controller/live.ts'
import {planOf, type Plan} from '../../src/controller/plan.ts'
import {Writer} from '../../src/controller/write.ts'
import type {KubeApi} from '../../src/kube/api.ts'
import {connect} from '../../src/kube/client.ts'
import {NotFoundError} from '../../src/kube/errors.ts'
import type {KubeObject} from '../../src/mesh/pod.ts'
import type {ResourceKind} from '../../src/mesh/resource.ts'
import type {Desired, Part} from '../../src/mesh/translation.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {crdsIn, installCrds} from './crds.ts'

// What is written of one unit, object by object, on kinds with list types, with defaults within lists, and with neither.

const kind = (apiVersion: string, name: string, plural: string): ResourceKind => ({
  apiVersion,
  kind: name,
  plural,
  namespaced: true,
})
const service = kind('v1', 'Service', 'services')
const route = kind('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes')
const virtualService = kind('networking.istio.io/v1', 'VirtualService', 'virtualservices')
const proxyDefaults = kind('consul.hashicorp.com/v1alpha1', 'ProxyDefaults', 'proxydefaults')
const kinds = new Kinds([
  {
    name: 'istio',
    kinds: [service, virtualService, route, proxyDefaults],
    capabilities: {} as never,
    translator: () => {
      throw new Error('nothing is translated here')
    },
  },
])

needsShared('writing', (shared) => {
  let cluster: Cluster
  let api: KubeApi
  let ledger: Ledger
  let namespace = ''
  let namespaces = 0

  beforeAll(async () => {
    cluster = await startCluster()
    for (const folder of ['istio-1.31', 'gateway-api-1.6', 'consul-2.0']) {
      await installCrds(cluster, await crdsIn(join(shared, 'crds', folder)))
    }
    api = await connect({kubeconfig: cluster.kubeconfig, env: {}})
  })

  afterAll(async () => {
    await api.close()
    await cluster.stop()
  })

  async function fresh(): Promise<void> {
    namespace = `shop-${++namespaces}`
    ledger = new Ledger()
    await cluster.createNamespace(namespace)
  }

  const unit = () => `service/${namespace}/orders`

  function object({apiVersion, kind}: ResourceKind, spec: object, name = 'orders', metadata: object = {}): KubeObject {
    return {apiVersion, kind, metadata: {...metadata, name, namespace}, ...(Object.keys(spec).length > 0 && {spec})}
  }

  const own = (...objects: readonly KubeObject[]): Part[] => [
    {name: 'traffic', sources: [], findings: [], objects: objects.map((object): Desired => ({object, mode: 'own'}))},
  ]
  const as = (mode: Desired['mode'], object: KubeObject): Part[] => [
    {name: 'traffic', sources: [], findings: [], objects: [{object, mode}]},
  ]

  const plan = (parts: readonly Part[]): Plan => planOf(unit(), parts, ledger.ofUnit(unit()), kinds.order)

  async function carryOut(parts: readonly Part[]): Promise<Plan> {
    const writer = new Writer(api, kinds, ledger)
    const planned = plan(parts)
    for (const application of planned.apply) await writer.apply(unit(), application)
    for (const removal of planned.remove) await writer.remove(removal)
    return planned
  }

  /** What a restarted controller knows: what it reads. */
  async function restart(...all: readonly ResourceKind[]): Promise<void> {
    ledger = new Ledger()
    for (const kind of all) {
      for await (const {items} of api.list(kind, {namespace})) {
        for (const item of items) {
          const live = liveObject(item)
          if (live !== undefined) ledger.set(live)
        }
      }
    }
  }

  /** What a watch tells of a change. */
  async function see(kind: ResourceKind, name = 'orders'): Promise<KubeObject> {
    const found = await api.get(kind, {namespace, name})
    const live = liveObject(found)
    if (live === undefined || live.unit === '') ledger.delete(refOf(found))
    else ledger.set(live)
    return found
  }

  const nothing = {apply: [], remove: []}
  const routing = (timeout: string) =>
    object(virtualService, {hosts: ['orders'], http: [{timeout, route: [{destination: {host: 'orders'}}]}]})
  const ports = {ports: [{port: 80, name: 'http'}], selector: {app: 'orders'}}
  const gateway = () =>
    object(route, {
      parentRefs: [{group: '', kind: 'Service', name: 'orders', port: 80}],
      rules: [
        {
          backendRefs: [
            {name: 'orders', port: 80, weight: 80},
            {name: 'orders-v2', port: 80, weight: 20},
          ],
        },
      ],
    })

  /** What the rules' statuses would tell. */
  async function refusalOf(parts: readonly Part[]): Promise<WriteFailure> {
    const failed = await carryOut(parts).catch((error: unknown) => failureOf(error))
    if ('code' in failed) return failed
    throw new Error('everything was written')
  }

  describe('an object of ours', () => {
    beforeAll(fresh)

    test('is made once, on whatever kind, and is not written again: not now, nor after a restart', async () => {
      const parts = own(object(service, ports, 'orders-v2'), routing('5s'), gateway())
      expect((await carryOut(parts)).apply).toHaveLength(3)
      expect(plan(parts)).toMatchObject(nothing)
      for (const [kind, name] of [
        [service, 'orders-v2'],
        [virtualService, 'orders'],
        [route, 'orders'],
      ] as const) {
        await see(kind, name)
      }
      expect(plan(parts)).toMatchObject(nothing)
      await restart(service, virtualService, route)
      expect(ledger.size).toBe(3)
      expect(plan(parts)).toMatchObject(nothing)
    })

    test('loses what is wanted no longer, within lists too', async () => {
      const {metadata, ...rest} = routing('5s')
      const parts = own(object(service, ports, 'orders-v2'), {...rest, metadata: {...metadata}}, gateway())
      const spec = {hosts: ['orders'], http: [{route: [{destination: {host: 'orders'}}]}]}
      const changed = own(object(service, ports, 'orders-v2'), object(virtualService, spec), gateway())
      expect((await carryOut(changed)).apply).toHaveLength(1)
      expect(await see(virtualService)).toMatchObject({spec: {http: [{route: [{destination: {host: 'orders'}}]}]}})
      expect(JSON.stringify(await see(virtualService))).not.toContain('"timeout"')
      await carryOut(parts)
    })

    const parts = () => own(object(service, ports, 'orders-v2'), routing('5s'), gateway())

    test.each([
      ['changes a value', virtualService, 'orders', {spec: {hosts: ['theirs']}}],
      ['takes a field out', virtualService, 'orders', {spec: {http: null}}],
      ['adds a field', virtualService, 'orders', {spec: {gateways: ['theirs'], exportTo: ['*']}}],
      ['changes a list', route, 'orders', {spec: {rules: [{backendRefs: [{name: 'theirs', port: 80}]}]}}],
      [
        'adds an item to a list',
        service,
        'orders-v2',
        {
          spec: {
            ports: [
              {port: 80, name: 'http'},
              {port: 81, name: 'x'},
            ],
          },
        },
      ],
      [
        'adds a field to an item',
        service,
        'orders-v2',
        {spec: {ports: [{port: 80, name: 'http', appProtocol: 'tcp'}]}},
      ],
      [
        'takes the mark of the unit off',
        virtualService,
        'orders',
        {metadata: {annotations: {'meshwright.dev/unit': null}}},
      ],
      ['changes a label of ours', virtualService, 'orders', {metadata: {labels: {'meshwright.dev/part': 'theirs'}}}],
    ])('is repaired where somebody %s', async (_what, kind, name, patch) => {
      await carryOut(parts())
      const before = await see(kind, name)
      await api.patch(kind, {namespace, name}, patch, {fieldManager: 'kubectl-edit'})
      await see(kind, name)
      expect((await carryOut(parts())).apply).toHaveLength(1)
      const after = await see(kind, name)
      expect(after['spec']).toEqual(before['spec'])
      expect(after.metadata?.labels).toEqual(before.metadata?.labels)
      expect(plan(parts())).toMatchObject(nothing)
      await restart(service, virtualService, route)
      expect(plan(parts())).toMatchObject(nothing)
    })

    test('may carry labels and annotations of others', async () => {
      await api.patch(
        virtualService,
        {namespace, name: 'orders'},
        {metadata: {labels: {team: 'a'}, annotations: {note: 'b'}}},
      )
      await see(virtualService)
      expect(plan(parts())).toMatchObject(nothing)
    })

    test('that somebody deleted is made again', async () => {
      await api.delete(virtualService, {namespace, name: 'orders'})
      // Before any watch has told of it: only this very object was meant.
      const spec = {hosts: ['orders', 'orders.shop'], http: [{route: [{destination: {host: 'orders'}}]}]}
      await expect(
        carryOut(own(object(service, ports, 'orders-v2'), object(virtualService, spec), gateway())),
      ).rejects.toThrow()
      await expect(api.get(virtualService, {namespace, name: 'orders'})).rejects.toThrow(NotFoundError)
      ledger.delete({apiVersion: virtualService.apiVersion, kind: 'VirtualService', namespace, name: 'orders'})
      await carryOut(parts())
      await see(virtualService)
      expect(plan(parts())).toMatchObject(nothing)
    })

    test('is deleted when it is wanted no longer, in the reverse order', async () => {
      const {remove} = await carryOut([])
      expect(remove.map(({live}) => live.kind)).toEqual(['HTTPRoute', 'VirtualService', 'Service'])
      await restart(service, virtualService, route)
      expect(ledger.size).toBe(0)
    })
  })

  describe('an object of somebody else', () => {
    beforeAll(fresh)
    const theirs = async (object: KubeObject, kind: ResourceKind) => {
      await api.apply(kind, object, {fieldManager: 'helm', force: true})
    }

    test('is left alone, and named with its owner', async () => {
      await theirs(routing('9s'), virtualService)
      const failure = await refusalOf(own(routing('5s')))
      expect(failure.code).toBe('MW6402')
      expect(failure.message).toContain(`VirtualService ${namespace}/orders belongs to helm and is left alone`)
      const found = await see(virtualService)
      expect(found['spec']).toEqual(routing('9s')['spec'])
      expect(fieldOwners(found).map(({manager}) => manager)).toEqual(['helm'])
      expect(ledger.size).toBe(0)
    })

    test.each([
      ['a value differs', () => routing('9s')],
      ['it says more', () => ({...routing('5s'), spec: {...(routing('5s')['spec'] as object), exportTo: ['*']}})],
    ])('is not adopted where %s', async (_what, made) => {
      const annotated = made()
      const metadata = {...annotated.metadata, annotations: {'meshwright.dev/adopt': 'true'}}
      await theirs({...annotated, metadata}, virtualService)
      expect((await refusalOf(own(routing('5s')))).code).toBe('MW6403')
      expect((await see(virtualService))['spec']).toEqual(annotated['spec'])
    })

    test('is adopted where it is to be and says the same', async () => {
      const metadata = {...routing('5s').metadata, annotations: {'meshwright.dev/adopt': 'true'}}
      await theirs({...routing('5s'), metadata}, virtualService)
      await carryOut(own(routing('5s')))
      const found = await see(virtualService)
      expect(found.metadata?.labels).toMatchObject({'app.kubernetes.io/managed-by': 'meshwright'})
      expect(plan(own(routing('5s')))).toMatchObject(nothing)
      expect((await carryOut(own(routing('7s')))).apply).toHaveLength(1)
      expect((await see(virtualService))['spec']).toEqual(routing('7s')['spec'])
      expect((await carryOut([])).remove).toHaveLength(1)
    })

    test('is adopted with defaults filled in', async () => {
      const metadata = {...gateway().metadata, annotations: {'meshwright.dev/adopt': 'true'}}
      await theirs({...gateway(), metadata}, route)
      await carryOut(own(gateway()))
      await restart(route)
      expect(plan(own(gateway()))).toMatchObject(nothing)
      await carryOut([])
    })
  })

  describe('what is contributed to an object of somebody else', () => {
    beforeAll(async () => {
      await fresh()
      const annotations = {note: 'theirs'}
      await api.apply(service, object(service, ports, 'orders', {annotations}), {fieldManager: 'helm'})
    })
    const annotated = (value: string) => object(service, {}, 'orders', {annotations: {'retry.linkerd.io/limit': value}})
    const annotations = async () => (await see(service)).metadata?.annotations

    test('stands beside what is theirs, and is not written again', async () => {
      await carryOut(as('contribute', annotated('3')))
      expect(await annotations()).toMatchObject({note: 'theirs', 'retry.linkerd.io/limit': '3'})
      expect(plan(as('contribute', annotated('3')))).toMatchObject(nothing)
      await restart(service)
      expect(plan(as('contribute', annotated('3')))).toMatchObject(nothing)
    })

    test('does not take a field from another manager, and names him', async () => {
      const patch = {metadata: {annotations: {'retry.linkerd.io/limit': '9'}}}
      await api.patch(service, {namespace, name: 'orders'}, patch, {fieldManager: 'kubectl-edit'})
      await see(service)
      const failure = await refusalOf(as('contribute', annotated('3')))
      expect(failure.code).toBe('MW6404')
      expect(failure.message).toContain('kubectl-edit')
      expect(await annotations()).toMatchObject({'retry.linkerd.io/limit': '9'})
      await api.patch(service, {namespace, name: 'orders'}, {metadata: {annotations: {'retry.linkerd.io/limit': null}}})
      await see(service)
      await carryOut(as('contribute', annotated('3')))
    })

    test('is withdrawn, and what is theirs stays', async () => {
      await restart(service)
      expect((await carryOut([])).remove).toMatchObject([{how: 'withdraw'}])
      expect(await annotations()).toEqual({note: 'theirs'})
      expect((await see(service)).metadata?.labels ?? {}).toEqual({})
      await restart(service)
      expect(ledger.size).toBe(0)
    })

    test('does not make an object that is gone', async () => {
      await api.delete(service, {namespace, name: 'orders'})
      expect((await refusalOf(as('contribute', annotated('3')))).code).toBe('MW6408')
    })
  })

  describe('an object that several may write to', () => {
    beforeAll(fresh)
    const defaults = (config: object) => object(proxyDefaults, {config}, 'global')

    test('is ours where nobody has made it, and goes with us', async () => {
      await carryOut(as('share', defaults({protocol: 'http'})))
      expect(plan(as('share', defaults({protocol: 'http'})))).toMatchObject(nothing)
      await restart(proxyDefaults)
      expect(plan(as('share', defaults({protocol: 'http'})))).toMatchObject(nothing)
      expect((await carryOut([])).remove).toMatchObject([{how: 'delete'}])
    })

    test('stays where others have come to it', async () => {
      await carryOut(as('share', defaults({protocol: 'http'})))
      await api.patch(proxyDefaults, {namespace, name: 'global'}, {spec: {config: {theirs: 1}}}, {fieldManager: 'helm'})
      await see(proxyDefaults, 'global')
      expect(plan(as('share', defaults({protocol: 'http'})))).toMatchObject(nothing)
      expect((await carryOut([])).remove).toMatchObject([{how: 'withdraw'}])
      expect((await see(proxyDefaults, 'global'))['spec']).toEqual({config: {theirs: 1}})
      expect(ledger.size).toBe(0)
    })

    test('is contributed to where somebody else has made it', async () => {
      await carryOut(as('share', defaults({protocol: 'http'})))
      expect(await see(proxyDefaults, 'global')).toMatchObject({spec: {config: {theirs: 1, protocol: 'http'}}})
      expect(plan(as('share', defaults({protocol: 'http'})))).toMatchObject(nothing)
      await restart(proxyDefaults)
      expect(plan(as('share', defaults({protocol: 'http'})))).toMatchObject(nothing)
      expect((await carryOut([])).remove).toMatchObject([{how: 'withdraw'}])
      expect((await see(proxyDefaults, 'global'))['spec']).toEqual({config: {theirs: 1}})
    })
  })

  describe('an object of another unit of ours', () => {
    beforeAll(fresh)

    test('is left to it', async () => {
      await carryOut(own(routing('5s')))
      const other = 'service/elsewhere/orders'
      const [application] = planOf(other, own(routing('9s')), [], kinds.order).apply
      if (application === undefined) throw new Error('nothing to apply')
      const failure = await new Writer(api, kinds, ledger).apply(other, application).catch((error: unknown) => error)
      expect(String(failure)).toContain(`is what ${unit()} needs too`)
      expect((await see(virtualService))['spec']).toEqual(routing('5s')['spec'])
    })
  })
})
