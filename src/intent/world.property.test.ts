import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {KubeObject} from '../mesh/pod.ts'
import {access, grant, meshConfig, namespace, pod, rule, service, traffic} from './testing.ts'
import {World, type Unit} from './world.ts'

// A small world, so that what is drawn at random meets.
const namespaces = ['shop', 'bank', 'kube-system']
const services = ['orders', 'orders-v1', 'users', 'pay']
const inNamespace = fc.constantFrom(...namespaces)
const aService = fc.constantFrom(...services)
const version = fc.constantFrom('v1', 'v2', '2')
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, {nil: undefined})

function without(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

const labels = fc.record({
  config: maybe(fc.constantFrom('edge', 'lost')),
  environment: maybe(fc.constantFrom('staging', 'lost')),
  inject: maybe(fc.constantFrom('enabled', 'disabled')),
})
const aNamespace = fc.tuple(inNamespace, labels).map(([name, {config, environment, inject}]) =>
  namespace(
    name,
    Object.fromEntries(
      [
        ['meshwright.dev/config', config],
        ['meshwright.dev/environment', environment],
        ['meshwright.dev/inject', inject],
      ].flatMap(([key, value]) => (key === undefined || value === undefined ? [] : [[key, value]])),
    ),
  ),
)
const theService = fc
  .record({
    name: aService,
    namespace: inNamespace,
    app: aService,
    port: fc.constantFrom('http', 'tcp-x', 'grpc'),
    managed: fc.boolean(),
  })
  .map(({name, namespace, app, port, managed}) =>
    service(
      name,
      {selector: {app}, ports: [{name: port, port: 80, targetPort: 8080}]},
      {namespace, labels: managed ? {'app.kubernetes.io/managed-by': 'meshwright'} : {}},
    ),
  )
const thePod = fc
  .record({app: aService, version, namespace: inNamespace, account: fc.constantFrom('default', 'users', 'orders')})
  .map(({app, version, ...more}) => pod(app, version, more))
const shares = fc.constantFrom(
  [
    {version: 'v1', weight: 80},
    {version: 'v2', weight: 20},
  ],
  [{version: 'v1', weight: 100}],
  [
    {version: 'v1', weight: 90},
    {version: 'v9', service: 'pay', weight: 10},
  ],
  [{version: 'v1', weight: 1}],
)
const policy = fc
  .record({
    service: aService,
    namespace: inNamespace,
    about: maybe(inNamespace),
    versions: maybe(fc.constant([{name: 'v1'}, {name: 'v2'}])),
    split: maybe(shares),
    canary: maybe(version.map((version) => ({version, percent: 10}))),
    timeout: maybe(fc.constant('5s')),
    circuitBreaker: maybe(fc.constant({threshold: 5})),
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-02T00:00:00Z'),
  })
  .map(({service, namespace, about, created, ...spec}) =>
    traffic(service, without({...spec, namespace: about}), {namespace, creationTimestamp: created}),
  )
const from = fc.array(fc.record({service: maybe(aService), namespace: maybe(inNamespace)}).map(without), {
  minLength: 1,
  maxLength: 2,
})
const permission = fc
  .record({
    destination: aService,
    namespace: inNamespace,
    about: maybe(inNamespace),
    action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY'),
    from: maybe(from),
    methods: maybe(fc.constant(['GET'])),
  })
  .map(({destination, namespace, about, ...spec}) =>
    access(destination, without({...spec, namespace: about}), {namespace}),
  )
const registration = fc
  .record({
    name: aService,
    namespace: inNamespace,
    port: fc.constantFrom(80, 8080, 99),
    protocol: maybe(fc.constantFrom('http', 'tcp', 'quic')),
    versions: maybe(fc.constant([{name: '2'}])),
  })
  .map(({name, namespace, ...spec}) => rule('MeshService', name, without(spec), {namespace}))
const permit = fc
  .tuple(inNamespace, fc.constantFrom('TrafficPolicy', 'AccessPolicy'), inNamespace, maybe(aService))
  .map(([to, kind, source, name]) => grant(to, kind, source, name))
const profile = fc.tuple(aService, inNamespace, fc.boolean()).map(([name, namespace, routes]): KubeObject => ({
  apiVersion: 'linkerd.io/v1alpha2',
  kind: 'ServiceProfile',
  metadata: {name: `${name}.${namespace}.svc.cluster.local`, namespace},
  spec: {routes: routes ? [{name: 'x'}] : []},
}))
const configuration = fc
  .record({
    name: fc.constantFrom('default', 'edge'),
    type: fc.constantFrom('istio', 'consul', 'linkerd'),
    injectionNamespace: maybe(inNamespace),
    autoInject: maybe(fc.boolean()),
    mutualTLS: maybe(fc.boolean()),
    bypass: fc.boolean(),
    staging: fc.boolean(),
    backend: maybe(fc.tuple(aService, inNamespace).map(([name, namespace]) => `${name}.${namespace}`)),
    host: maybe(fc.tuple(aService, inNamespace).map(([name, namespace]) => `${name}.${namespace}`)),
    source: maybe(fc.tuple(aService, inNamespace).map(([name, namespace]) => `${name}.${namespace}`)),
  })
  .map(({name, staging, bypass, mutualTLS, host, backend, source, ...mesh}) =>
    meshConfig(
      {
        mesh: without({
          ...mesh,
          trafficManagement: {
            enableBypass: bypass,
            destinationRules:
              host === undefined
                ? []
                : [{host, subsets: [{name: 'v1'}], trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}}}],
            virtualServices:
              host === undefined || backend === undefined
                ? []
                : [{hosts: [host], http: [{route: [{destination: {host: backend}}]}]}],
          },
          security: without({mutualTLS}),
        }),
        ...(source === undefined || host === undefined
          ? {}
          : {meshSecurity: {authorizationPolicy: {source, destination: host, action: 'ALLOW'}}}),
        environments: staging ? {staging: {mesh: {trafficManagement: {enableBypass: !bypass}}}} : {},
      },
      name,
    ),
  )
const anObject = fc.oneof(
  {arbitrary: aNamespace, weight: 3},
  {arbitrary: theService, weight: 4},
  {arbitrary: thePod, weight: 4},
  {arbitrary: policy, weight: 5},
  {arbitrary: permission, weight: 4},
  {arbitrary: registration, weight: 2},
  {arbitrary: permit, weight: 2},
  {arbitrary: profile, weight: 1},
  {arbitrary: configuration, weight: 2},
)
/** What is there before anybody looks: enough for rules to meet what they are about. */
const inhabited = fc
  .array(anObject, {minLength: 15, maxLength: 50})
  .map((objects) => [namespace('shop'), namespace('bank'), ...objects])
const edits = fc.array(fc.record({object: anObject, gone: fc.integer({min: 0, max: 2}).map((draw) => draw === 0)}), {
  minLength: 1,
  maxLength: 8,
})

function keyOf({kind, metadata}: KubeObject): string {
  return `${kind}/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

function told(world: World, unit: Unit): string {
  return JSON.stringify(world.intentOf(unit))
}

/** Of what is no unit any more; where nobody can tell who governs, what there was is held. */
const nothingWanted = /^(?!.*"wanted").*"sources":\[\],"problems":\[\],"held":(\[\]|\["everything"\])\}$/

/** The world that holds these objects, put into it in any order. */
function made(options: {readonly cluster: boolean}, objects: Iterable<KubeObject>, draws: Iterator<number>): World {
  const world = new World(options)
  const shuffled = [...objects].map((object) => ({object, draw: Number(draws.next().value)}))
  for (const {object} of shuffled.toSorted((a, b) => a.draw - b.draw)) world.set(object)
  return world
}

/** What is there after the edits. */
class Objects {
  readonly #byKey = new Map<string, KubeObject>()

  constructor(objects: readonly KubeObject[]) {
    for (const object of objects) this.#byKey.set(keyOf(object), object)
  }

  edit({object, gone}: {readonly object: KubeObject; readonly gone: boolean}, world: World): ReadonlySet<Unit> {
    // Only what is there can go.
    const known = this.#byKey.get(keyOf(object))
    if (gone) this.#byKey.delete(keyOf(object))
    else this.#byKey.set(keyOf(object), object)
    return gone ? world.delete(known ?? object) : world.set(object)
  }

  all(): Iterable<KubeObject> {
    return this.#byKey.values()
  }
}

describe('a world', () => {
  test('names every unit that a change makes differ', () => {
    fc.assert(
      fc.property(inhabited, edits, fc.infiniteStream(fc.nat()), (inhabited, edits, draws) => {
        const world = new World({cluster: true})
        for (const object of inhabited) world.set(object)
        const known = new Map(world.units().map((unit) => [unit, told(world, unit)]))
        const objects = new Objects(inhabited)
        for (const edit of edits) {
          for (const unit of objects.edit(edit, world)) known.set(unit, told(world, unit))
          const another = made({cluster: true}, objects.all(), draws)
          const units = new Set(another.units())
          for (const unit of units) expect(known.get(unit) ?? `${unit} unknown`).toBe(told(another, unit))
          for (const [unit, before] of known) if (!units.has(unit)) expect(before).toMatch(nothingWanted)
        }
      }),
      {numRuns: 250},
    )
  }, 60_000)

  test.each([true, false])(
    'says the same whatever came first (cluster: %s)',
    (cluster) => {
      fc.assert(
        fc.property(inhabited, edits, fc.infiniteStream(fc.nat()), (inhabited, edits, draws) => {
          const world = new World({cluster})
          for (const object of inhabited) world.set(object)
          const objects = new Objects(inhabited)
          for (const edit of edits) objects.edit(edit, world)
          const another = made({cluster}, objects.all(), draws)
          expect(another.units()).toEqual(world.units())
          expect(another.sources()).toEqual(world.sources())
          for (const unit of another.units()) expect(told(another, unit)).toBe(told(world, unit))
        }),
        {numRuns: 150},
      )
    },
    60_000,
  )
})
