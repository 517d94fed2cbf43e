import {describe, expect, test} from 'vitest'
import {loadConfiguration} from '../config/load.ts'
import {
  access,
  grant,
  intentOf,
  meshConfig,
  namespace,
  pod,
  problemsOf,
  rule,
  service,
  traffic,
  worldOf,
} from './testing.ts'
import {World} from './world.ts'

const orders = [service('orders'), pod('orders', 'v1'), pod('orders', 'v2')]
const users = [service('users'), pod('users', 'v1')]
const allowUsers = access('orders', {from: [{service: 'users'}]})

function loaded(text: string) {
  const loading = loadConfiguration([{file: 'mesh.yaml', text}])
  if (!loading.ok) throw new Error(JSON.stringify(loading.problems))
  return loading.loaded
}

describe('which rule on the traffic of a service counts', () => {
  const timeout = (world: World) => intentOf(world).traffic?.routes.at(-1)?.timeout

  test("the administrator's, then one of the service's own namespace, then the older, then by name", () => {
    const world = worldOf([
      ...orders,
      grant('shop', 'TrafficPolicy', 'bank'),
      traffic(
        'orders',
        {namespace: 'shop', timeout: '1s'},
        {namespace: 'bank', creationTimestamp: '2020-01-01T00:00:00Z'},
      ),
    ])
    expect(timeout(world)).toBe(1000)
    world.set(traffic('orders', {timeout: '2s'}, {creationTimestamp: '2026-06-01T00:00:00Z'}))
    expect(timeout(world)).toBe(2000)
    const older = {name: 'zzz', creationTimestamp: '2026-05-01T00:00:00Z'}
    world.set(traffic('orders', {namespace: 'shop', timeout: '3s'}, older))
    expect(timeout(world)).toBe(3000)
    const configured = {hosts: ['orders.shop'], http: [{timeout: '4s', route: [{destination: {host: 'orders.shop'}}]}]}
    world.set(meshConfig({mesh: {trafficManagement: {virtualServices: [configured]}}}))
    expect(timeout(world)).toBe(4000)

    const winner = 'MeshConfig default spec.mesh.trafficManagement.virtualServices[0]'
    expect(problemsOf(world)).toEqual(
      ['shop/zzz', 'shop/orders', 'bank/orders'].map(
        (loser) =>
          `MW6002 TrafficPolicy ${loser} spec.service: ${winner} is about shop/orders too, and that is the one that counts`,
      ),
    )
    expect(world.intentOf('service/shop/orders').held).toEqual([])
  })

  test('one that cannot be read still counts: no other takes its place, and what there was stays', () => {
    const world = worldOf([...orders, traffic('orders', {timeout: 'soon'})])
    world.set(
      traffic('orders', {namespace: 'shop', timeout: '3s'}, {name: 'zzz', creationTimestamp: '2027-01-01T00:00:00Z'}),
    )
    expect(world.intentOf('service/shop/orders')).toMatchObject({
      held: ['traffic'],
      problems: [{code: 'MW6002'}, {code: 'MW6005', kind: 'refused', origin: {path: 'spec.timeout'}}],
    })
    expect(world.intentOf('service/shop/orders').wanted).toBeUndefined()
  })

  test("another namespace's counts with a grant only, for that service only", () => {
    const policy = traffic('orders', {namespace: 'shop', timeout: '1s'}, {namespace: 'bank'})
    const world = worldOf([...orders, policy])
    const refusal =
      'MW6007 TrafficPolicy bank/orders spec.namespace: namespace shop has no ReferenceGrant that lets TrafficPolicy of namespace bank speak of Service orders'
    expect(problemsOf(world)).toEqual([refusal])
    // A stranger's wish holds nothing back.
    expect(world.intentOf('service/shop/orders').held).toEqual([])
    world.set(grant('shop', 'AccessPolicy', 'bank'))
    world.set(grant('shop', 'TrafficPolicy', 'bank', 'users'))
    expect(problemsOf(world)).toEqual([refusal])
    expect(world.set(grant('shop', 'TrafficPolicy', 'bank', 'orders'))).toContain('service/shop/orders')
    expect(problemsOf(world)).toEqual([])
    expect(timeout(world)).toBe(1000)
  })
})

describe('what the cluster lacks', () => {
  test('a Service: the rule is held back until it appears', () => {
    const world = worldOf([traffic('orders', {timeout: '1s'})])
    expect(world.intentOf('service/shop/orders')).toMatchObject({
      held: ['traffic'],
      problems: [{code: 'MW6001', message: 'there is no Service shop/orders'}],
    })
    expect(world.set(service('orders'))).toEqual(new Set(['service/shop/orders']))
    expect(intentOf(world).traffic).toBeDefined()
  })

  test('pods of a version that gets traffic, but not of one that gets none', () => {
    const split = (weight: number) => ({
      versions: [{name: 'v1'}, {name: 'v3'}, {name: 'v4'}],
      split: [
        {version: 'v1', weight: 100 - weight},
        {version: 'v3', weight},
      ],
    })
    const world = worldOf([...orders, traffic('orders', split(10))])
    expect(problemsOf(world)).toEqual([
      'MW6004 TrafficPolicy shop/orders spec.split[1].version: no pod of shop/orders carries version: v3, so that version v3 could answer nothing',
    ])
    world.set(traffic('orders', split(0)))
    expect(problemsOf(world)).toEqual([])
    world.set(traffic('orders', split(10)))
    expect(world.set(pod('orders', 'v3'))).toEqual(new Set(['service/shop/orders']))
    expect(problemsOf(world)).toEqual([])
    // Pods that have ended answer nothing.
    world.set({...pod('orders', 'v3'), status: {phase: 'Failed'}})
    expect(problemsOf(world)).toHaveLength(1)
  })

  test('another service that gets a share', () => {
    const world = worldOf([...orders, traffic('orders', {split: [{version: 'v2', service: 'next', weight: 100}]})])
    expect(problemsOf(world)).toEqual([
      'MW6001 TrafficPolicy shop/orders spec.split[0].version: there is no Service shop/next',
    ])
    expect(world.set(service('next'))).toContain('service/shop/orders')
    expect(problemsOf(world)).toEqual([])
  })

  test('is unknown where nobody has looked', () => {
    const world = new World({cluster: false})
    world.set(traffic('orders', {split: [{version: 'v1', weight: 100}]}))
    world.set(allowUsers)
    expect(problemsOf(world)).toEqual([])
    const intent = intentOf(world)
    expect(intent.facts).toBeUndefined()
    expect(intent.access?.rules[0]?.from).toMatchObject([
      {kind: 'service', service: {namespace: 'shop', name: 'users'}},
    ])
    expect(intent.access?.rules[0]?.from[0]).not.toHaveProperty('accounts')
  })
})

describe('who may call', () => {
  test('is one answer of all rules, in an order of its own', () => {
    const world = worldOf([
      ...orders,
      ...users,
      access('orders', {from: [{namespace: 'front'}], action: 'DENY', paths: ['/b', '/a']}, {name: 'b'}),
      access('orders', {from: [{service: 'users'}], methods: ['POST', 'GET', 'GET']}, {name: 'a'}),
      meshConfig({
        meshSecurity: {authorizationPolicy: {source: 'users.shop', destination: 'orders.shop', action: 'DENY'}},
      }),
    ])
    const accounts = [{namespace: 'shop', name: 'users', sharedWith: []}]
    expect(intentOf(world).access?.rules).toMatchObject([
      {
        action: 'DENY',
        from: [{service: {name: 'users'}, accounts}],
        origin: {path: 'meshSecurity.authorizationPolicy[0]'},
      },
      {action: 'ALLOW', from: [{service: {name: 'users'}, accounts}], methods: ['GET', 'POST'], paths: []},
      {action: 'DENY', from: [{kind: 'namespace', namespace: 'front'}], paths: ['/a', '/b']},
    ])
  })

  test('an account that runs pods of another service too is shared, and an own headless or per-version Service is none', () => {
    const world = worldOf([
      ...orders,
      ...users,
      service('users-headless', {selector: {app: 'users'}, clusterIP: 'None'}),
      service('users-v1', {selector: {app: 'users', version: 'v1'}}),
      allowUsers,
    ])
    const sharedWith = () => {
      const [peer] = intentOf(world).access?.rules[0]?.from ?? []
      return peer?.kind === 'service' ? peer.accounts?.map(({sharedWith}) => sharedWith) : undefined
    }
    expect(sharedWith()).toEqual([[]])
    world.set(service('reports'))
    expect(world.set(pod('reports', 'v1', {account: 'users'}))).toContain('service/shop/orders')
    expect(sharedWith()).toEqual([[{namespace: 'shop', name: 'reports'}]])
    expect(world.delete(service('reports'))).toContain('service/shop/orders')
    expect(sharedWith()).toEqual([[]])
  })

  test('a caller that does not exist, or has no pod, holds the whole answer back', () => {
    const world = worldOf([
      ...orders,
      access('orders', {from: [{service: 'users'}]}),
      access('orders', {from: [{namespace: 'bank'}]}, {name: 'x'}),
    ])
    expect(problemsOf(world)).toEqual(['MW6001 AccessPolicy shop/to-orders spec.from[0]: "shop/users" does not exist'])
    expect(world.intentOf('service/shop/orders')).toMatchObject({held: ['access']})
    world.set(service('users'))
    expect(problemsOf(world)).toEqual([
      'MW6008 AccessPolicy shop/to-orders spec.from[0]: "shop/users" has no pod, so that nobody knows its ServiceAccount',
    ])
    expect(world.set(pod('users', 'v1'))).toContain('service/shop/orders')
    expect(intentOf(world).access?.rules).toHaveLength(2)
  })

  test('names every caller once', () => {
    const from = [{service: 'users'}, {service: 'users', namespace: 'shop'}, {namespace: 'bank'}, {namespace: 'bank'}]
    const world = worldOf([...orders, ...users, access('orders', {from})])
    expect(intentOf(world).access?.rules[0]?.from.map(({kind}) => kind)).toEqual(['service', 'namespace'])
  })

  test("a stranger's rule without a grant neither counts nor holds anything back", () => {
    const world = worldOf([...orders, ...users, allowUsers, access('orders', {namespace: 'shop'}, {namespace: 'bank'})])
    expect(problemsOf(world)).toEqual([expect.stringMatching(/^MW6007 AccessPolicy bank\/to-orders spec\.namespace: /)])
    expect(intentOf(world).access?.rules).toHaveLength(1)
    world.set(grant('shop', 'AccessPolicy', 'bank'))
    expect(intentOf(world).access?.rules).toHaveLength(2)
  })
})

describe('what needs requests', () => {
  const ledger = service('orders', {ports: [{name: 'tcp-ledger', port: 7000}]})

  test('is refused for a service that speaks plain TCP, and shares are not', () => {
    const world = worldOf([...orders, ledger, traffic('orders', {split: [{version: 'v1', weight: 100}]})])
    expect(intentOf(world)).toMatchObject({protocol: 'tcp', traffic: {routes: [{backends: [{weight: 100}]}]}})
    world.set(traffic('orders', {timeout: '1s', retries: {attempts: 1}}))
    world.set(access('orders', {methods: ['GET']}))
    expect(problemsOf(world)).toEqual([
      'MW6009 TrafficPolicy shop/orders spec: a timeout, retries: the service speaks plain TCP, which has no requests',
      'MW6009 AccessPolicy shop/to-orders spec: methods: the service speaks plain TCP, which has no requests',
    ])
    expect(world.intentOf('service/shop/orders').held).toEqual(['traffic', 'access'])
  })

  test.for<[object, object | undefined, string]>([
    [{appProtocol: 'kubernetes.io/h2c'}, undefined, 'http2'],
    [{name: 'grpc-api'}, undefined, 'grpc'],
    [{name: 'grpc-web-api'}, undefined, 'http'],
    [{name: 'https'}, undefined, 'tcp'],
    [{name: 'tcp', appProtocol: 'http'}, undefined, 'http'],
    [{name: 'web'}, undefined, 'http'],
    [{name: 'tcp-x'}, {port: 80, protocol: 'grpc'}, 'grpc'],
  ])('a port %j with a registration %j speaks %s', ([port, registration, protocol]) => {
    const world = worldOf([
      service('orders', {ports: [{port: 80, ...port}]}),
      traffic('orders', {circuitBreaker: {threshold: 1}}),
      ...(registration === undefined ? [] : [rule('MeshService', 'orders', {...registration})]),
    ])
    expect(intentOf(world).protocol).toBe(protocol)
  })
})

describe('breakers of services that a service calls', () => {
  const breaking = traffic('orders', {circuitBreaker: {threshold: 5, timeout: '10s'}})

  test('come to the callers that allow rules name, and go when rule, caller or breaker goes', () => {
    const world = worldOf([...orders, ...users, breaking, allowUsers])
    expect(intentOf(world).traffic?.callers).toEqual([{service: {namespace: 'shop', name: 'users'}, reachable: true}])
    expect(intentOf(world, 'shop/users').calls).toMatchObject([
      {destination: {namespace: 'shop', name: 'orders'}, breaker: {threshold: 5, timeout: 10_000, recovery: 20_000}},
    ])
    expect(world.units()).toContain('service/shop/users')
    expect(world.set(traffic('orders', {timeout: '1s'}))).toContain('service/shop/users')
    expect(world.intentOf('service/shop/users').wanted).toBeUndefined()
    world.set(breaking)
    expect(world.delete(allowUsers)).toContain('service/shop/users')
    expect(world.intentOf('service/shop/users').wanted).toBeUndefined()
  })

  test('come to callers elsewhere only where their namespace grants it', () => {
    const web = [service('web', {}, {namespace: 'front'}), pod('web', 'v1', {namespace: 'front'})]
    const world = worldOf([
      ...orders,
      ...web,
      breaking,
      access('orders', {from: [{service: 'web', namespace: 'front'}]}),
    ])
    expect(intentOf(world).traffic?.callers).toMatchObject([{service: {name: 'web'}, reachable: false}])
    expect(world.intentOf('service/front/web').wanted).toBeUndefined()
    expect(world.set(grant('front', 'TrafficPolicy', 'shop', 'web'))).toEqual(
      new Set(['service/front/web', 'service/shop/orders']),
    )
    expect(intentOf(world).traffic?.callers).toMatchObject([{reachable: true}])
    expect(intentOf(world, 'front/web').calls).toHaveLength(1)
  })

  test('are held where the rule of the destination is', () => {
    const world = worldOf([...users, breaking, allowUsers])
    expect(world.intentOf('service/shop/users').held).toEqual(['calls', 'defaults'])
    world.set(traffic('orders', {timeout: '1s'}))
    expect(world.intentOf('service/shop/users').held).toEqual([])
  })
})

describe('a service that rules on others send requests to', () => {
  const next = [service('next'), pod('next', 'v2')]
  const split = [{version: 'v2', service: 'next', weight: 100}]

  test('is told so, as long as such a rule counts', () => {
    const world = worldOf([...orders, ...next, traffic('orders', {split})])
    expect(intentOf(world, 'shop/next')).toMatchObject({routed: true, protocol: 'http', calls: []})
    expect(world.units()).toContain('service/shop/next')
    expect(world.unitsOf({kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'})).toContain('service/shop/next')
    expect(world.intentOf('service/shop/next').sources).toEqual([
      {kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'},
    ])
    expect(world.set(traffic('orders', {timeout: '1s'}))).toContain('service/shop/next')
    expect(world.intentOf('service/shop/next').wanted).toBeUndefined()
  })

  test("by the configuration's routes too, and while such a rule is held back", () => {
    const http = [{route: [{destination: {host: 'next'}}]}]
    const config = (more: object) =>
      meshConfig({
        mesh: {
          injectionNamespace: 'shop',
          trafficManagement: {virtualServices: [{hosts: ['orders'], http: [{...http[0], ...more}]}]},
        },
      })
    const world = worldOf([...orders, ...next, config({})])
    expect(intentOf(world, 'shop/next').routed).toBe(true)
    expect(world.units()).toContain('service/shop/next')
    world.set(config({timeout: 'soon'}))
    expect(world.intentOf('service/shop/orders').held).toEqual(['traffic'])
    expect(intentOf(world, 'shop/next').routed).toBe(true)
    expect(world.set(meshConfig({}))).toContain('service/shop/next')
    expect(world.intentOf('service/shop/next').wanted).toBeUndefined()
  })
})

describe('a registration', () => {
  test('says port, protocol, versions and tags, and the interval of the configuration where it has none', () => {
    const world = worldOf([
      ...orders,
      meshConfig({mesh: {serviceDiscovery: {healthCheckInterval: '15s'}}}),
      rule('MeshService', 'orders', {
        port: 8080,
        versions: [{name: 'v1.0.0'}],
        tags: ['a', 'a'],
        metadata: {z: '1', b: '2'},
      }),
    ])
    expect(intentOf(world).registration).toEqual({
      origin: expect.objectContaining({place: 'MeshService shop/orders spec'}),
      port: 8080,
      versions: ['v1.0.0'],
      tags: ['a'],
      metadata: {b: '2', z: '1'},
      healthCheck: {
        interval: 15_000,
        origin: expect.objectContaining({place: 'MeshConfig default spec.mesh.serviceDiscovery.healthCheckInterval'}),
      },
    })
  })

  test('with a port that the Service has not is refused', () => {
    const world = worldOf([...orders, rule('MeshService', 'orders', {port: 9090})])
    expect(problemsOf(world)).toEqual([
      'MW6019 MeshService shop/orders spec.port: the Service has no port 9090, and none that leads to it; it has 80 to 8080',
    ])
    world.set(service('orders', {ports: [{port: 80, targetPort: 'web'}]}))
    world.set(rule('MeshService', 'orders', {port: 8080}))
    expect(problemsOf(world)).toEqual([])
  })

  test('that cannot be read holds all that hangs on the protocol', () => {
    const world = worldOf([...orders, traffic('orders', {timeout: '1s'}), rule('MeshService', 'orders', {port: 'x'})])
    expect(world.intentOf('service/shop/orders').held).toEqual(['registration', 'traffic', 'access', 'defaults'])
    expect(world.intentOf('service/shop/orders').wanted).toBeUndefined()
  })
})

describe('who governs a namespace', () => {
  const edge = meshConfig({mesh: {type: 'consul'}, environments: {staging: {mesh: {type: 'linkerd'}}}}, 'edge')
  const policy = traffic('orders', {timeout: '1s'})

  test('MeshConfig default, or the one that its label names, in the environment that its label names', () => {
    const world = worldOf([...orders, policy])
    expect(world.intentOf('service/shop/orders').mesh).toBe('istio')
    expect(world.set(meshConfig({mesh: {type: 'linkerd'}}))).toContain('service/shop/orders')
    expect(world.intentOf('service/shop/orders').mesh).toBe('linkerd')
    world.set(edge)
    expect(world.set(namespace('shop', {'meshwright.dev/config': 'edge'}))).toContain('service/shop/orders')
    expect(world.intentOf('service/shop/orders').mesh).toBe('consul')
    world.set(namespace('shop', {'meshwright.dev/config': 'edge', 'meshwright.dev/environment': 'staging'}))
    expect(world.intentOf('service/shop/orders').mesh).toBe('linkerd')
    const {wanted} = world.intentOf('namespace/shop')
    expect(wanted?.kind === 'namespace' && wanted.intent.byDefault?.type).toBe('linkerd')
  })

  test.for([{'meshwright.dev/config': 'lost'}, {'meshwright.dev/environment': 'lost'}])(
    'labels %j that name nothing hold everything',
    (labels) => {
      const world = worldOf([...orders, policy])
      world.set(namespace('shop', labels))
      for (const unit of ['service/shop/orders', 'namespace/shop']) {
        expect(world.intentOf(unit)).toMatchObject({held: ['everything'], problems: [{code: 'MW6011'}]})
        expect(world.intentOf(unit).wanted).toBeUndefined()
      }
    },
  )

  test('is the same object for every unit, until the configuration says something else', () => {
    const world = worldOf([...orders, policy, meshConfig({mesh: {type: 'linkerd'}})])
    const {configuration} = world.intentOf('service/shop/orders')
    expect(world.intentOf('namespace/shop').configuration).toBe(configuration)
    expect(world.set({...meshConfig({mesh: {type: 'linkerd'}}), status: {conditions: []}}).size).toBe(0)
    expect(world.intentOf('service/shop/orders').configuration).toBe(configuration)
    world.set(meshConfig({mesh: {type: 'linkerd', strict: true}}))
    expect(world.intentOf('service/shop/orders').configuration).not.toBe(configuration)
  })

  test('a MeshConfig that cannot be used leaves the last good one in force; one that never was good holds everything', () => {
    const world = worldOf([...orders, policy, meshConfig({mesh: {type: 'linkerd'}})])
    world.set(meshConfig({mesh: {type: 'kuma'}}))
    expect(world.intentOf('service/shop/orders')).toMatchObject({mesh: 'linkerd', held: []})
    expect(problemsOf(world, 'mesh/')).toEqual([
      'MW6012 MeshConfig default spec.mesh.type: MW4009 mesh.type must be istio, linkerd or consul, found "kuma"',
    ])
    const another = worldOf([...orders, policy, meshConfig({mesh: {type: 'kuma'}})])
    expect(another.intentOf('service/shop/orders').held).toEqual(['everything'])
  })

  test('the file stands for default where the cluster has none', () => {
    const world = worldOf([...orders, policy], {
      configuration: loaded('mesh: {type: linkerd, injectionNamespace: shop}'),
      configurationName: 'mesh.yaml',
    })
    expect(world.intentOf('service/shop/orders').mesh).toBe('linkerd')
    const {wanted} = world.intentOf('namespace/shop')
    expect(wanted?.kind === 'namespace' && wanted.intent.originOf('mesh.type').place).toBe('mesh.yaml:1:14')
    expect(world.sources()).toContainEqual({kind: 'MeshConfig', namespace: '', name: 'mesh.yaml'})
    expect(world.set(meshConfig({mesh: {type: 'consul'}}))).toContain('service/shop/orders')
    expect(world.intentOf('service/shop/orders').mesh).toBe('consul')
    expect(world.sources()).not.toContainEqual({kind: 'MeshConfig', namespace: '', name: 'mesh.yaml'})
    world.delete(meshConfig({}))
    expect(world.configure(loaded('mesh: {type: istio}'))).toContain('service/shop/orders')
    expect(world.intentOf('service/shop/orders').mesh).toBe('istio')
  })

  test("a configuration's rule about another's namespace is told, and does nothing", () => {
    const world = worldOf([
      ...orders,
      edge,
      meshConfig({mesh: {trafficManagement: {destinationRules: [{host: 'orders.shop'}, {host: 'api.example.com'}]}}}),
    ])
    world.set(namespace('shop', {'meshwright.dev/config': 'edge'}))
    expect(world.intentOf('service/shop/orders').wanted).toBeUndefined()
    expect(problemsOf(world, 'mesh/')).toEqual([
      'MW6015 MeshConfig default spec.mesh.trafficManagement.destinationRules[1].host: "api.example.com" is not the host of a Kubernetes service, such as orders or orders.shop.svc.cluster.local',
      'MW6017 MeshConfig default spec.mesh.trafficManagement.destinationRules[0].host: namespace shop is governed by another configuration, so that nothing comes of a rule about shop/orders',
    ])
  })
})

describe('units', () => {
  const governed = (world: World) => world.units().filter((unit) => unit.startsWith('namespace/'))

  test('of namespaces are those in the mesh', () => {
    const world = worldOf([])
    expect(world.units()).toEqual(['mesh/'])
    world.set(namespace('bank', {'istio-injection': 'enabled'}))
    world.set(namespace('front', {'meshwright.dev/inject': 'enabled'}))
    world.set(namespace('kube-system', {'meshwright.dev/inject': 'enabled'}))
    world.set(namespace('istio-system', {'istio-injection': 'enabled'}))
    expect(governed(world)).toEqual(['namespace/bank', 'namespace/front'])
    world.set(meshConfig({mesh: {type: 'linkerd', injectionNamespace: ['shop', 'unborn']}}))
    expect(governed(world)).toEqual(['namespace/front', 'namespace/shop'])
    world.set(namespace('bank', {}, {'linkerd.io/inject': 'ingress'}))
    expect(governed(world)).toEqual(['namespace/bank', 'namespace/front', 'namespace/shop'])
    world.set(namespace('front'))
    world.set(rule('MeshService', 'web', {port: 80}, {namespace: 'front'}))
    expect(governed(world)).toEqual(['namespace/bank', 'namespace/front', 'namespace/shop'])
    world.set(meshConfig({mesh: {autoInject: true}}))
    world.set(namespace('more'))
    expect(governed(world)).toEqual(['namespace/bank', 'namespace/front', 'namespace/more', 'namespace/shop'])
  })

  test('of services are those with a rule, and all of a governed namespace where mutual TLS is written', () => {
    const own = service('orders-v1', {}, {labels: {'app.kubernetes.io/managed-by': 'meshwright'}})
    const world = worldOf([...orders, ...users, own, meshConfig({mesh: {injectionNamespace: 'shop'}})])
    expect(world.units()).toEqual(['mesh/', 'namespace/shop'])
    const affected = world.set(meshConfig({mesh: {injectionNamespace: 'shop', security: {mutualTLS: true}}}))
    expect([...affected]).toEqual(
      expect.arrayContaining(['mesh/', 'namespace/shop', 'service/shop/orders', 'service/shop/users']),
    )
    expect(world.units()).toEqual(['mesh/', 'namespace/shop', 'service/shop/orders', 'service/shop/users'])
    expect(intentOf(world).mutualTLS).toMatchObject({value: true, origin: {path: 'mesh.security.mutualTLS'}})
    expect(world.set(service('more'))).toEqual(new Set(['service/shop/more']))
    const taken = service('more', {}, {labels: {'app.kubernetes.io/managed-by': 'meshwright'}})
    expect(world.set(taken)).toContain('service/shop/more')
    expect(world.intentOf('service/shop/more').wanted).toBeUndefined()
  })

  test('tell which source has a say in them', () => {
    const world = worldOf([
      ...orders,
      ...users,
      allowUsers,
      traffic('orders', {circuitBreaker: {threshold: 5}}),
      meshConfig({mesh: {injectionNamespace: 'shop'}}),
    ])
    const unitsOf = (kind: 'TrafficPolicy' | 'AccessPolicy' | 'MeshConfig', name: string) =>
      world.unitsOf({kind, namespace: kind === 'MeshConfig' ? '' : 'shop', name})
    expect(unitsOf('TrafficPolicy', 'orders')).toEqual(['service/shop/orders', 'service/shop/users'])
    expect(unitsOf('AccessPolicy', 'to-orders')).toEqual(['service/shop/orders'])
    expect(unitsOf('MeshConfig', 'default')).toEqual(
      expect.arrayContaining(['mesh/', 'namespace/shop', 'service/shop/orders']),
    )
    expect(world.generationOf({kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'})).toBe(1)
    expect(world.set({...traffic('orders', {circuitBreaker: {threshold: 5}}, {generation: 2})})).toContain(
      'service/shop/orders',
    )
    expect(world.generationOf({kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'})).toBe(2)
  })

  test('are not affected by a status, a heartbeat, or a further replica', () => {
    const world = worldOf([...orders, traffic('orders', {timeout: '1s'})])
    expect(world.set({...traffic('orders', {timeout: '1s'}), status: {conditions: [{}]}}).size).toBe(0)
    expect(world.set({...service('orders'), status: {loadBalancer: {}}}).size).toBe(0)
    const replica = pod('orders', 'v1')
    expect(world.set({...replica, metadata: {...replica.metadata, name: 'orders-v1-again'}}).size).toBe(0)
    expect(world.delete(replica).size).toBe(0)
  })
})

describe('traffic that the SDK applies in process', () => {
  test('is left out, and said to be; who may call stays', () => {
    const bypass = meshConfig({mesh: {trafficManagement: {enableBypass: true}}})
    const world = worldOf([
      ...orders,
      ...users,
      allowUsers,
      traffic('orders', {circuitBreaker: {threshold: 1}}),
      bypass,
    ])
    expect(intentOf(world)).toMatchObject({access: {rules: [{}]}})
    expect(intentOf(world).traffic).toBeUndefined()
    expect(world.intentOf('service/shop/orders')).toMatchObject({
      held: [],
      problems: [{kind: 'ignored', code: 'MW6010'}],
    })
    expect(world.intentOf('service/shop/users').wanted).toBeUndefined()
  })
})

describe('what is known of a service', () => {
  test('its neighbours: names made of its own, and whoever shares its pods, with what rules ask of them', () => {
    const world = worldOf([
      ...orders,
      service('orders-v2', {selector: {app: 'elsewhere'}}),
      service('shadow', {selector: {version: 'v1'}}),
      service('stranger'),
      access('shadow', {}),
      traffic('orders', {timeout: '1s'}),
    ])
    const neighbours = () => intentOf(world).facts?.neighbours.map(({name, guarded}) => [name, guarded])
    expect(neighbours()).toEqual([
      ['orders-v2', undefined],
      ['shadow', 'access'],
    ])
    expect(world.delete(access('shadow', {}))).toContain('service/shop/orders')
    expect(neighbours()).toEqual([
      ['orders-v2', undefined],
      ['shadow', undefined],
    ])
  })

  test('what Meshwright made for it', () => {
    const made = service(
      'orders-v1',
      {},
      {
        labels: {'app.kubernetes.io/managed-by': 'meshwright'},
        annotations: {'meshwright.dev/unit': 'service/shop/orders'},
      },
    )
    const world = worldOf([...orders, made, traffic('orders', {timeout: '1s'})])
    expect(intentOf(world).facts?.neighbours).toMatchObject([{name: 'orders-v1', managedFor: 'orders'}])
  })

  test('pods alike once, annotations of meshes only, a ServiceProfile with routes', () => {
    const base = pod('orders', 'v1')
    const replica = (name: string) => ({
      ...base,
      metadata: {
        ...base.metadata,
        name,
        annotations: {'consul.hashicorp.com/service-meta-version': 'v1', 'example.com/x': name},
      },
    })
    const profile = {
      apiVersion: 'linkerd.io/v1alpha2',
      kind: 'ServiceProfile',
      metadata: {name: 'orders.shop.svc.cluster.local', namespace: 'shop'},
      spec: {routes: [{name: 'GET /'}]},
    }
    const world = worldOf([service('orders'), replica('a'), replica('b'), profile, traffic('orders', {timeout: '1s'})])
    expect(intentOf(world).facts).toMatchObject({
      serviceProfile: 'orders.shop.svc.cluster.local',
      pods: [{annotations: {'consul.hashicorp.com/service-meta-version': 'v1'}, serviceAccount: 'orders'}],
    })
    expect(world.delete(profile)).toEqual(new Set(['service/shop/orders']))
    expect(intentOf(world).facts?.serviceProfile).toBeUndefined()
  })

  test('namesakes in other namespaces of the mesh, on Consul alone', () => {
    const world = worldOf([
      ...orders,
      service('orders', {}, {namespace: 'bank'}),
      service('orders', {}, {namespace: 'front'}),
      traffic('orders', {timeout: '1s'}),
      meshConfig({mesh: {type: 'consul', injectionNamespace: ['shop', 'bank']}}),
    ])
    expect(intentOf(world).facts?.namesakes).toEqual(['bank'])
    expect(world.delete(service('orders', {}, {namespace: 'bank'}))).toContain('service/shop/orders')
    expect(intentOf(world).facts?.namesakes).toBeUndefined()
  })
})

test('names that no cluster has are told, and lead nowhere else', () => {
  const world = new World({cluster: false})
  world.set(rule('MeshService', 'a/b', {port: 80}))
  world.set(access('orders', {}, {namespace: 'x/y'}))
  world.set(traffic('orders', {timeout: '1s'}, {name: '../orders', namespace: 'shop'}))
  expect(world.units()).toContain('service/shop/a%2Fb')
  expect(world.units().flatMap((unit) => problemsOf(world, unit))).toEqual([
    'MW6005 MeshService shop/a/b spec: metadata.name must be the name of a Service: at most 63 lower-case letters, digits and dashes',
    'MW6005 TrafficPolicy shop/../orders spec.service: metadata.name must be spec.service, unless spec.namespace is given',
  ])
})

test('what has no name, or is of no kind that intents read, changes nothing', () => {
  const world = worldOf([])
  expect(world.set({apiVersion: 'v1', kind: 'Secret', metadata: {name: 'x'}}).size).toBe(0)
  expect(world.set({apiVersion: 'v1', kind: 'Service'}).size).toBe(0)
  expect(world.set({apiVersion: 'example.com/v1', kind: 'TrafficPolicy', metadata: {name: 'x'}}).size).toBe(0)
  expect(
    world.set({apiVersion: 'v1', kind: 'Service', metadata: {name: 'x', namespace: 'shop'}, spec: 'text'}).size,
  ).toBe(0)
  expect(world.units()).toEqual(['mesh/'])
})
