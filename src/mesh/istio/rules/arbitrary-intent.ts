import fc from 'fast-check'
import {
  retryConditions,
  type AccessRule,
  type Backend,
  type Match,
  type Peer,
  type Retries,
  type Route,
  type ServiceFacts,
  type ServiceIntent,
  type ServiceName,
  type Traffic,
} from '../../../intent/intent.ts'
import {at, caller, factsOf, fromNamespace, orders, podOf, subset} from './testing.ts'

/** Intents as whoever builds them promises them, with names, ports and limits that meshes differ about. */

const versions = ['v1', 'v2', 'v1.1.0', 'v1-1-0', 'RC_1', 'x'.repeat(63)] as const
const duration = fc.integer({min: 1, max: 90_000_000})
/** Of the caller's own choice: absent, not undefined. */
const maybe = <K extends string, T>(key: K, value: fc.Arbitrary<T>): fc.Arbitrary<{readonly [key in K]?: T}> =>
  fc.option(value, {nil: undefined}).map((one) => {
    const given: {[key in K]?: T} = {}
    if (one !== undefined) given[key] = one
    return given
  })

const path = fc.constantFrom('/', '/api', '/api/', '/api/v2', '/apix', '//x', '/a.b')
const pattern = fc.constantFrom('/orders/[0-9]+', '.*', '(?i)/x', '(?=x)', '*', 'a'.repeat(1025))
const match: fc.Arbitrary<Match> = fc
  .tuple(
    maybe(
      'path',
      fc.oneof(
        fc.record({kind: fc.constantFrom('prefix', 'exact'), value: path}),
        fc.record({kind: fc.constant('regex'), value: pattern}),
      ),
    ),
    maybe('method', fc.constantFrom('GET', 'POST')),
    fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('x-user', 'cookie', '__proto__', 'method'),
        kind: fc.constantFrom('exact', 'prefix', 'regex', 'present'),
        value: fc.constantFrom('a', 'ab', 'a.*'),
      }),
      {selector: ({name}) => name, maxLength: 2},
    ),
  )
  .map(([place, method, headers]) => ({...place, ...method, headers, origin: at('match')}))

const retries: fc.Arbitrary<Retries> = fc
  .tuple(fc.nat(25), maybe('perTryTimeout', duration), fc.subarray([...retryConditions], {minLength: 1}))
  .map(([attempts, perTry, on]) => ({attempts, ...perTry, on, origin: at('retries')}))

const weights = (count: number): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.nat(100), {minLength: count - 1, maxLength: count - 1}).map((cuts) => {
    const edges = [0, ...cuts.toSorted((one, other) => one - other), 100]
    return edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0))
  })

const other: ServiceName = {namespace: 'front', name: 'web'}
const backendsOf = (named: readonly string[]): fc.Arbitrary<readonly Backend[]> =>
  fc
    .subarray<Omit<Backend, 'weight' | 'origin'>>(
      [{service: orders}, {service: other}, ...named.map((version) => ({service: orders, subset: version}))],
      {minLength: 1},
    )
    .chain((targets) =>
      weights(targets.length).map((shares) =>
        targets.map((target, index) => ({...target, weight: shares[index] ?? 0, origin: at('split')})),
      ),
    )

const routesOf = (named: readonly string[]): fc.Arbitrary<readonly Route[]> => {
  const rest = fc
    .tuple(backendsOf(named), maybe('timeout', duration), maybe('retries', retries))
    .map(([backends, timeout, tries]) => ({
      backends,
      ...timeout,
      ...tries,
      feature: 'split' as const,
      origin: at('route'),
    }))
  const matched = fc
    .tuple(rest, fc.array(match, {minLength: 1, maxLength: 2}))
    .map(([route, matches]) => ({...route, matches}))
  const last = rest.map((route) => ({...route, matches: []}))
  return fc.oneof(
    fc.constant([]),
    fc.tuple(fc.array(matched, {maxLength: 3}), last).map(([some, all]) => [...some, all]),
  )
}

const traffic: fc.Arbitrary<Traffic> = fc.subarray([...versions]).chain((named) =>
  fc
    .tuple(
      routesOf(named),
      maybe(
        'breaker',
        fc
          .tuple(fc.integer({min: 1, max: 1000}), duration, fc.nat(600_000))
          .map(([threshold, timeout, more]) => ({threshold, timeout, recovery: timeout + more, origin: at('breaker')})),
      ),
    )
    .map(([routes, breaker]) => ({
      origin: at('spec'),
      subsets: named.map(subset),
      routes,
      ...breaker,
      callers: [],
      beyond: [],
    })),
)

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.constantFrom('shop', 'front').map(fromNamespace),
  fc
    .record({
      name: fc.constantFrom('user', 'admin'),
      sharedWith: fc.oneof({weight: 5, arbitrary: fc.constant([])}, {weight: 1, arbitrary: fc.constant([other])}),
    })
    .map(({name, sharedWith}) => caller(name, name, sharedWith)),
)
const rule: fc.Arbitrary<AccessRule> = fc.record({
  action: fc.constantFrom('ALLOW', 'DENY'),
  from: fc.array(peer, {maxLength: 3}),
  methods: fc.subarray(['GET', 'POST']),
  paths: fc.subarray(['/a', '/a*', '/*', '/{x}']),
  origin: fc.constant(at('rule')),
})

const tcp = {protocol: 'TCP'}
const facts: fc.Arbitrary<ServiceFacts> = fc
  .record({
    headless: fc.boolean(),
    selector: fc.constantFrom({app: 'orders'}, {}),
    ports: fc.subarray([
      {...tcp, name: 'http', port: 80, targetPort: 'web'},
      {...tcp, port: 81, targetPort: 8081},
      {...tcp, name: 'tcp-db', port: 5432, targetPort: 5432},
      {...tcp, name: 'x', port: 9000, targetPort: 9000, appProtocol: 'grpc'},
      {protocol: 'UDP', name: 'dns', port: 53, targetPort: 53},
    ]),
    pods: fc.subarray([podOf('v1', [{name: 'web', port: 8080}]), podOf('v2', [{port: 9102}])]),
  })
  .map(factsOf)

export const arbitraryIntent: fc.Arbitrary<ServiceIntent> = fc
  .tuple(
    fc.constantFrom('http', 'http2', 'grpc', 'tcp'),
    maybe('facts', facts),
    maybe('traffic', traffic),
    maybe(
      'access',
      fc.array(rule, {minLength: 1, maxLength: 4}).map((rules) => ({rules})),
    ),
  )
  .map(([protocol, known, routed, guarded]) => ({
    service: orders,
    protocol,
    ...known,
    ...routed,
    ...guarded,
    calls: [],
  }))

export const arbitraryMesh: fc.Arbitrary<object> = fc.record(
  {
    security: fc.record({mutualTLS: fc.boolean()}),
    sidecarImage: fc.constant('envoyproxy/envoy:v1.25.0'),
    telemetry: fc.record(
      {
        enabled: fc.boolean(),
        samplingRate: fc.double({min: 0, max: 1, noNaN: true}),
        metrics: fc.subarray(['request_count', 'request_duration', 'request_size', 'response_size']),
      },
      {requiredKeys: []},
    ),
    tracing: fc.record(
      {enabled: fc.boolean(), endpoint: fc.constantFrom('otel.observability:4317', 'zipkin:9411', 'nowhere')},
      {requiredKeys: []},
    ),
    sidecar: fc
      .constantFrom('/dev/stdout', '/var/log/access.log')
      .map((accessLogFile) => ({proxy: {config: {accessLogFile}}})),
    istio: fc.constantFrom(
      {meshConfig: {enableAutoMtls: false}},
      {meshConfig: {extensionProviders: [{name: 'otel', opentelemetry: {service: 'otel.observability', port: 4317}}]}},
      {values: {global: {proxy: {clusterDomain: 'k8s.example'}}}},
    ),
  },
  {requiredKeys: []},
)
