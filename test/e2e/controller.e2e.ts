import {setTimeout as sleep} from 'node:timers/promises'
import {isDeepStrictEqual} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {controllerKubeconfig, ControllerProcess, installController} from './controller.ts'
import {settledPods} from './pods.ts'
import {kindNamed, meshConfig, rule, RuleCluster, service, type StoredObject} from './rule-cluster.ts'

// What becomes of rules in a cluster, under the controller's own rights. The controller is the one process for all tests.

const networking = 'networking.istio.io/v1'
const consul = 'consul.hashicorp.com/v1alpha1'
const virtualService = kindNamed(networking, 'VirtualService')
const coreService = kindNamed('v1', 'Service')
/** One object for each mesh, and what somebody does to it. */
const edits = {
  istio: {
    kind: kindNamed(networking, 'DestinationRule'),
    name: 'order-service',
    spec: {host: 'theirs', exportTo: ['.']},
  },
  linkerd: {
    kind: kindNamed('policy.linkerd.io/v1beta3', 'Server'),
    name: 'order-service.8080',
    spec: {accessPolicy: 'all-unauthenticated'},
  },
  consul: {
    kind: kindNamed('consul.hashicorp.com/v1alpha1', 'ServiceIntentions'),
    name: 'order-service',
    spec: {sources: [{name: '*', action: 'allow'}]},
  },
} satisfies Record<MeshName, object>

const SUBSETS = z.looseObject({
  subsets: z.union([z.array(z.looseObject({name: z.string()})), z.record(z.string(), z.unknown())]).optional(),
})

/** What the rules of `orders` become. */
const objects: Readonly<Record<MeshName, readonly string[]>> = {
  istio: ['AuthorizationPolicy order-service-allow', 'DestinationRule order-service', 'VirtualService order-service'],
  linkerd: [
    'AuthorizationPolicy order-service.8080',
    'HTTPRoute order-service.8080',
    'MeshTLSAuthentication order-service.callers',
    'Server order-service.8080',
    'Service order-service',
    'Service order-service-v1',
    'Service order-service-v2',
  ],
  consul: [
    'ServiceDefaults order-service',
    'ServiceDefaults user-service',
    'ServiceIntentions order-service',
    'ServiceResolver order-service',
    'ServiceRouter order-service',
    'ServiceSplitter order-service',
  ],
}

const traffic = {
  service: 'order-service',
  versions: [{name: 'v1'}, {name: 'v2'}],
  split: [
    {version: 'v1', weight: 80},
    {version: 'v2', weight: 20},
  ],
  timeout: '5s',
  retries: {attempts: 3, perTryTimeout: '1s'},
  circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
}
const access = {destination: 'order-service', action: 'ALLOW', from: [{service: 'user-service'}]}
const orders = (namespace: string) => [
  rule('TrafficPolicy', namespace, 'order-service', traffic),
  rule('AccessPolicy', namespace, 'orders', access),
]
/** Names of the subsets that a DestinationRule or a ServiceResolver declares. */
function subsetsOf({spec}: StoredObject): readonly string[] {
  const {subsets = []} = SUBSETS.parse(spec)
  return Array.isArray(subsets) ? subsets.map(({name}) => name) : Object.keys(subsets)
}

const inForce = {Accepted: 'True', Programmed: 'True Programmed'}

needsShared('the controller', (shared) => {
  let cluster: Cluster
  let rules: RuleCluster
  let controller: ControllerProcess

  beforeAll(async () => {
    cluster = await startCluster()
    rules = new RuleCluster(cluster)
    await rules.installMeshes(shared)
    await installController(cluster)
    controller = ControllerProcess.start(cluster, await controllerKubeconfig(cluster), ['--lease-duration', '5s'])
    await controller.leads()
  })

  afterAll(async () => {
    expect(await controller.end()).toBe(0)
    await cluster.stop()
  })

  /** A namespace with two services and their pods. */
  async function shop(namespace: string): Promise<void> {
    await cluster.createNamespace(namespace)
    await rules.apply(...service(namespace, 'order-service', ['v1', 'v2']), ...service(namespace, 'user-service'))
    await settledPods(cluster, namespace, 3)
  }

  async function use(mesh: MeshName, more: object = {}): Promise<void> {
    await rules.apply(meshConfig({...more, mesh: {type: mesh}}))
    await rules.conditions('MeshConfig', '', 'default', inForce)
  }

  async function writes(): Promise<number> {
    const {text} = await controller.ask('/metrics')
    const counts = [...text.matchAll(/^meshwright_controller_writes_total\{verb="\w+",kind="([\w/]+)"\} (\d+)$/gm)]
    return counts.filter(([, kind]) => kind !== 'Lease').reduce((sum, [, , count]) => sum + Number(count), 0)
  }

  test('is ready, and says what it does', async () => {
    expect(await controller.ask('/readyz')).toEqual({status: 200, text: 'ok\n'})
    expect(await controller.ask('/livez')).toEqual({status: 200, text: 'ok\n'})
    expect(await controller.metric('meshwright_controller_leads')).toBe(1)
  })

  describe.each(meshNames)('rules on %s', (mesh) => {
    const namespace = `shop-${mesh}`
    beforeAll(async () => {
      await use(mesh)
      await shop(namespace)
    })

    test('are written, with marks on every object', async () => {
      await rules.apply(...orders(namespace))
      await rules.settled(namespace, objects[mesh])
      for (const {metadata} of await rules.written(namespace)) {
        expect(metadata.annotations['meshwright.dev/unit']).toMatch(new RegExp(`^service/${namespace}/`))
      }
    })

    test('are told of: conditions, findings, an Event', async () => {
      const status = await rules.conditions('TrafficPolicy', namespace, 'order-service', inForce)
      expect(status.findings?.map(({feature}) => feature)).toContain(
        mesh === 'linkerd' ? 'subsets' : 'circuit-breaker-recovery',
      )
      await rules.conditions('AccessPolicy', namespace, 'orders', {...inForce, Approximated: 'False Exact'})
      const {stdout} = await cluster.kubectl(['events', '-n', namespace, '--for', 'trafficpolicy/order-service'])
      expect(stdout).toMatch(/Normal +Programmed/)
    })

    test('are not written again where nothing differs', async () => {
      const before = await writes()
      await sleep(3000)
      expect(await writes()).toBe(before)
    })

    test('follow a change, and only what differs is written', async () => {
      const before = new Map(
        (await rules.written(namespace)).map(({kind, metadata}) => [
          `${kind} ${metadata.name}`,
          metadata['resourceVersion'],
        ]),
      )
      await rules.apply(rule('TrafficPolicy', namespace, 'order-service', {...traffic, timeout: '7s'}))
      await rules.conditions('TrafficPolicy', namespace, 'order-service', inForce)
      const after = await rules.written(namespace)
      const changed = after.filter(
        ({kind, metadata}) => before.get(`${kind} ${metadata.name}`) !== metadata['resourceVersion'],
      )
      expect(changed.map(({kind}) => kind)).toEqual([
        {istio: 'VirtualService', linkerd: 'HTTPRoute', consul: 'ServiceRouter'}[mesh],
      ])
      expect(JSON.stringify(changed)).toContain('7s')
    })

    test('come back where somebody changed an object by hand', async () => {
      const {kind, name, spec} = edits[mesh]
      const before = await rules.get(kind, namespace, name)
      await rules.edit(kind, namespace, name, {spec})
      await cluster.until('the object to be as before', 20_000, async () => {
        const now = await rules.get(kind, namespace, name)
        return isDeepStrictEqual(now?.['spec'], before?.['spec'])
      })
    })

    test('come back where somebody deleted every object by hand', async () => {
      for (const {apiVersion = '', kind = '', metadata} of await rules.written(namespace)) {
        // Theirs, to which we only contribute.
        if (kind === 'Service' && metadata.name === 'order-service') continue
        const path = rules.path(kindNamed(apiVersion, kind), namespace, metadata.name)
        const {status} = await cluster.api.request('DELETE', path)
        expect(status).toBe(200)
      }
      await rules.settled(namespace, objects[mesh])
    })

    test('that are refused leave the last good objects, and say why', async () => {
      const before = await rules.names(namespace)
      const split = [
        {version: 'v1', weight: 50},
        {version: 'v3', weight: 50},
      ]
      const {timeout: _timeout, ...rest} = traffic
      await rules.apply(rule('TrafficPolicy', namespace, 'order-service', {...rest, split}))
      const status = await rules.conditions('TrafficPolicy', namespace, 'order-service', {
        Accepted: 'False',
        Programmed: 'False',
      })
      expect(status.conditions.find(({type}) => type === 'Accepted')?.message).toMatch(
        /^MW\d{4} spec\.split\[1\]\S*: .*v3/,
      )
      expect(await rules.names(namespace)).toEqual(before)
      expect(JSON.stringify(await rules.written(namespace))).toContain('7s')
      await rules.apply(rule('TrafficPolicy', namespace, 'order-service', traffic))
      await rules.conditions('TrafficPolicy', namespace, 'order-service', inForce)
    })

    test('go with their rules, each by itself', async () => {
      await rules.delete('trafficpolicy', namespace, 'order-service')
      await cluster.until(
        'the routes to go',
        20_000,
        async () => (await rules.names(namespace)).length < objects[mesh].length,
      )
      await rules.conditions('AccessPolicy', namespace, 'orders', inForce)
      expect((await rules.names(namespace)).length).toBeGreaterThan(0)
      await rules.delete('accesspolicy', namespace, 'orders')
      await rules.settled(namespace, [])
      const user = await rules.get(coreService, namespace, 'order-service')
      expect(Object.keys(user?.metadata.annotations ?? {}).filter((key) => /linkerd|meshwright/.test(key))).toEqual([])
    })
  })

  describe.each([
    ['istio', [kindNamed(networking, 'DestinationRule'), virtualService]],
    ['consul', ['ServiceResolver', 'ServiceSplitter', 'ServiceRouter'].map((kind) => kindNamed(consul, kind))],
  ] as const)('versions that come and go on %s', (mesh, kinds) => {
    const namespace = `versions-${mesh}`
    const both = {versions: [{name: 'v1'}, {name: 'v2'}], split: traffic.split}
    const one = {versions: [{name: 'v1'}], split: [{version: 'v1', weight: 100}]}

    beforeAll(async () => {
      await use(mesh)
      await shop(namespace)
    })

    afterAll(async () => {
      await rules.delete('trafficpolicy', namespace, 'order-service')
      await rules.settled(namespace, [])
    })

    test.each([
      ['two', both],
      ['one', one],
      ['two again', both],
      ['none, and a limit stays', {timeout: '5s'}],
      ['two once more', both],
      ['none, and a breaker stays where it is kept', mesh === 'istio' ? {circuitBreaker: {threshold: 5}} : {}],
    ])('are never missing where a route names them: %s', async (_title, spec) => {
      const since = await rules.version(namespace)
      const before = await rules.written(namespace)
      await rules.apply(rule('TrafficPolicy', namespace, 'order-service', {service: 'order-service', ...spec}))
      await rules.conditions('TrafficPolicy', namespace, 'order-service', inForce)
      const state = new Map(before.map((object) => [`${object.kind} ${object.metadata.name}`, object]))
      for (const {key, object} of await rules.history(kinds, namespace, since)) {
        if (object === undefined) state.delete(key)
        else state.set(key, object)
        const known = [...state.values()].flatMap(subsetsOf)
        const named = [...JSON.stringify([...state.values()]).matchAll(/"(?:subset|serviceSubset)":"([^"]+)"/g)]
        for (const [, name] of named) expect(known, key).toContain(name)
      }
      expect([...state.values()].flatMap(subsetsOf)).toEqual(
        (spec as Partial<typeof both>).versions?.map(({name}) => name) ?? [],
      )
    })
  })

  describe("an object of somebody else's that has the name", () => {
    const namespace = 'taken'
    const theirs = (timeout: string, annotations = {}) => ({
      apiVersion: networking,
      kind: 'VirtualService',
      metadata: {name: 'order-service', namespace, annotations},
      spec: {hosts: ['theirs'], http: [{timeout, route: [{destination: {host: 'theirs'}}]}]},
    })

    beforeAll(async () => {
      await use('istio')
      await shop(namespace)
      await rules.apply(theirs('9s'))
      await rules.apply(rule('TrafficPolicy', namespace, 'order-service', {service: 'order-service', timeout: '5s'}))
    })

    test('is left alone, and the rule tells whose it is', async () => {
      const {conditions} = await rules.conditions('TrafficPolicy', namespace, 'order-service', {
        Accepted: 'True',
        Programmed: 'False Conflicted',
      })
      const message = conditions.find(({type}) => type === 'Programmed')?.message
      expect(message).toContain(`VirtualService ${namespace}/order-service belongs to kubectl and is left alone`)
      expect((await rules.get(virtualService, namespace, 'order-service'))?.['spec']).toEqual(theirs('9s').spec)
    })

    test('is not adopted where it says something else', async () => {
      await rules.edit(virtualService, namespace, 'order-service', {
        metadata: {annotations: {'meshwright.dev/adopt': 'true'}},
      })
      const {conditions} = await cluster.until('the rule to tell so', 40_000, async () => {
        const status = await rules.status('TrafficPolicy', namespace, 'order-service')
        return status?.conditions.some(({message}) => message.includes('MW6403')) === true && status
      })
      expect(conditions.find(({type}) => type === 'Programmed')?.reason).toBe('Conflicted')
      expect((await rules.get(virtualService, namespace, 'order-service'))?.['spec']).toEqual(theirs('9s').spec)
    })

    test('is adopted where it says the same', async () => {
      const {VirtualService: wanted} = await wouldBe(namespace)
      await rules.edit(virtualService, namespace, 'order-service', {spec: {...(wanted as object)}})
      await rules.conditions('TrafficPolicy', namespace, 'order-service', inForce)
      const adopted = await rules.get(virtualService, namespace, 'order-service')
      expect(adopted?.metadata.labels['app.kubernetes.io/managed-by']).toBe('meshwright')
    })

    // Consul would have one name for the services of all these namespaces.
    afterAll(async () => {
      for (const each of [namespace, `${namespace}-beside`]) await rules.delete('trafficpolicy', each, 'order-service')
    })
  })

  /** What the rule becomes in a namespace where nobody is in its way. */
  async function wouldBe(namespace: string): Promise<Record<string, unknown>> {
    const beside = `${namespace}-beside`
    await shop(beside)
    await rules.apply(rule('TrafficPolicy', beside, 'order-service', {service: 'order-service', timeout: '5s'}))
    await rules.conditions('TrafficPolicy', beside, 'order-service', inForce)
    const text = JSON.stringify(await rules.written(beside)).replaceAll(beside, namespace)
    const all = JSON.parse(text) as {kind: string; spec: unknown}[]
    return Object.fromEntries(all.map(({kind, spec}) => [kind, spec]))
  }

  describe('another mesh', () => {
    const namespace = 'moving'
    beforeAll(async () => {
      await use('istio')
      await shop(namespace)
      await rules.apply(...orders(namespace))
      await rules.settled(namespace, objects.istio)
    })

    test.each(['linkerd', 'consul', 'istio', 'consul', 'linkerd', 'istio'] as const)(
      'gets its objects before the old one loses its own: to %s',
      async (mesh) => {
        const old = await rules.names(namespace)
        const seen: {readonly first: readonly string[]; readonly next: readonly string[]}[] = []
        const done = new AbortController()
        const watching = (async () => {
          while (!done.signal.aborted) {
            seen.push({first: await rules.names(namespace), next: await rules.names(namespace)})
          }
        })()
        try {
          await use(mesh)
          await rules.settled(namespace, objects[mesh])
        } finally {
          done.abort()
          await watching
        }
        // Once the old ones begin to go, the new ones are there whole, what Consul keeps with the caller among them; what
        // was looked at last was looked at later.
        for (const {first, next} of seen) {
          const isWhole = (wanted: readonly string[], names: readonly string[]) =>
            wanted.every((name) => names.includes(name))
          expect(isWhole(old, first) || isWhole(objects[mesh], next), `${first.join(', ')}; ${next.join(', ')}`).toBe(
            true,
          )
        }
        await rules.conditions('TrafficPolicy', namespace, 'order-service', inForce)
        await rules.conditions('AccessPolicy', namespace, 'orders', inForce)
      },
    )

    test('may live in the same cluster, chosen by a label of the namespace', async () => {
      await rules.apply(meshConfig({mesh: {type: 'linkerd'}}, 'other'))
      await shop('elsewhere')
      await cluster.kubectl(['label', 'namespace', 'elsewhere', 'meshwright.dev/config=other'])
      await rules.apply(...orders('elsewhere'))
      await rules.settled('elsewhere', objects.linkerd)
      expect(await rules.names(namespace)).toEqual(objects.istio)
      await cluster.kubectl(['delete', 'namespace', 'elsewhere', '--wait=false'])
    })
  })

  describe("another namespace's service", () => {
    const grant = {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: {name: 'guests', namespace: 'hosts'},
      spec: {
        from: [{group: 'meshwright.dev', kind: 'AccessPolicy', namespace: 'guests'}],
        to: [{group: '', kind: 'Service', name: 'order-service'}],
      },
    }

    beforeAll(async () => {
      await use('istio')
      await shop('hosts')
      await shop('guests')
      await rules.apply(rule('AccessPolicy', 'guests', 'orders', {...access, namespace: 'hosts'}))
    })

    test('is not touched without a grant', async () => {
      await rules.conditions('AccessPolicy', 'guests', 'orders', {Accepted: 'False RefNotPermitted'})
      expect(await rules.names('hosts')).toEqual([])
      expect(await rules.names('guests')).toEqual([])
    })

    test('is with one', async () => {
      await rules.apply(grant)
      await rules.settled('hosts', ['AuthorizationPolicy order-service-allow'])
      await rules.conditions('AccessPolicy', 'guests', 'orders', inForce)
    })

    test('is not any more when the grant is taken back', async () => {
      await rules.delete('referencegrant', 'hosts', 'guests')
      await rules.conditions('AccessPolicy', 'guests', 'orders', {Accepted: 'False RefNotPermitted'})
    })
  })

  describe('a rule for a service that does not exist', () => {
    test('waits for it', async () => {
      await cluster.createNamespace('early')
      await rules.apply(...orders('early'))
      const status = await rules.conditions('TrafficPolicy', 'early', 'order-service', {
        Accepted: 'False ServiceNotFound',
      })
      expect(status.conditions[0]?.message).toMatch(/^MW6001 /)
      await rules.apply(...service('early', 'order-service', ['v1', 'v2']), ...service('early', 'user-service'))
      await rules.settled('early', objects.istio)
      await rules.conditions('TrafficPolicy', 'early', 'order-service', inForce)
      await rules.conditions('AccessPolicy', 'early', 'orders', inForce)
    })
  })

  describe('a namespace that is deleted', () => {
    test('takes everything with it, and leaves nothing to complain of', async () => {
      await shop('doomed')
      await rules.apply(...orders('doomed'))
      await rules.settled('doomed', objects.istio)
      const {code, stderr} = await cluster.kubectl(['delete', 'namespace', 'doomed', '--timeout=60s'], {
        timeoutMs: 70_000,
      })
      expect(code, stderr).toBe(0)
    })
  })
})
