import fc from 'fast-check'
import {
  retryConditions,
  type Access,
  type Backend,
  type Match,
  type Peer,
  type PodFacts,
  type Protocol,
  type Registration,
  type Retries,
  type Route,
  type ServiceIntent,
  type Traffic,
} from '../../../intent/intent.ts'
import {backend, breaker, facts, fromNamespace, from, match, origin, pod, route, rule, subset} from './fixture.ts'

/** Intents of every kind for property tests: valid ones, and some that Consul cannot say. */

function rarely<T>(odd: T, usual: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({weight: 39, arbitrary: usual}, {weight: 1, arbitrary: fc.constant(odd)})
}

const versions = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('v1', 'v2', 'v1.1.0', 'v2_3', 'Blue', 'all'),
    fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,6}[a-z0-9])?$/),
  ),
  {maxLength: 4},
)
const millis = fc.oneof(fc.integer({min: 1, max: 999}), fc.integer({min: 1000, max: 86_400_000}))
const path = fc.oneof(
  rarely('relative', fc.constantFrom('/', '/api', '/api/', '/a b', '/x//y/')),
  fc.stringMatching(/^\/[!-~]{0,12}$/),
)
const regex = fc.oneof(
  {weight: 9, arbitrary: fc.constantFrom('/v[0-9]+/.*', '', '(?i)/x', '/\\d{2,3}')},
  {weight: 1, arbitrary: fc.constantFrom('(?=a)b', '[a', 'a{2,1}')},
)
const methods = rarely('PURGE', fc.constantFrom('GET', 'POST', 'DELETE', 'PATCH'))

const header = fc.record({
  name: fc.oneof(
    {weight: 19, arbitrary: fc.stringMatching(/^[a-z][a-z-]{0,10}$/)},
    {weight: 1, arbitrary: fc.constantFrom('', 'a b', '__proto__')},
  ),
  kind: fc.constantFrom('exact' as const, 'prefix' as const, 'regex' as const, 'present' as const),
  value: fc.constantFrom('', 'qa', 'qa', '^a.*$', 'x-[0-9]+', 'a"b'),
})

const matches: fc.Arbitrary<Match> = fc
  .record({
    path: fc.option(
      fc.oneof(
        fc.record({kind: fc.constantFrom('prefix' as const, 'exact' as const), value: path}),
        fc.record({kind: fc.constant('regex' as const), value: regex}),
      ),
      {nil: undefined},
    ),
    method: fc.option(methods, {nil: undefined}),
    headers: fc.array(header, {maxLength: 2}),
  })
  .map(({path, method, headers}) =>
    match({headers, ...(path !== undefined && {path}), ...(method !== undefined && {method})}),
  )

const retries: fc.Arbitrary<Retries> = fc
  .record({
    attempts: fc.integer({min: 0, max: 25}),
    perTryTimeout: fc.option(millis, {nil: undefined}),
    on: fc.subarray([...retryConditions], {minLength: 1}),
  })
  .map(({perTryTimeout, ...rest}) => ({
    ...rest,
    origin: origin('spec.retries'),
    ...(perTryTimeout !== undefined && {perTryTimeout}),
  }))

/** Weights of whole percents that sum to 100. */
function weighed(targets: readonly Pick<Backend, 'service' | 'subset'>[], cuts: readonly number[]): readonly Backend[] {
  const points = [0, ...cuts.slice(0, targets.length - 1).toSorted((a, b) => a - b), 100]
  return targets.map(({service, subset}, index) =>
    backend(subset, (points[index + 1] ?? 100) - (points[index] ?? 0), service.name, service.namespace),
  )
}

function backends(names: readonly string[]): fc.Arbitrary<readonly Backend[]> {
  const own = {namespace: 'shop', name: 'order-service'}
  const targets = [
    ...names.map((subset) => ({service: own, subset})),
    {service: own},
    {service: {namespace: 'shop', name: 'payments'}},
    {service: {namespace: 'shop', name: 'payments'}, subset: 'v9'},
  ]
  return fc
    .tuple(
      fc.array(fc.constantFrom(...targets), {minLength: 1, maxLength: 4}),
      fc.array(fc.integer({min: 0, max: 100}), {minLength: 3, maxLength: 3}),
    )
    .map(([chosen, cuts]) => weighed(chosen, cuts))
}

function routes(names: readonly string[]): fc.Arbitrary<readonly Route[]> {
  const limits = {timeout: fc.option(millis, {nil: undefined}), retries: fc.option(retries, {nil: undefined})}
  const one = (some: fc.Arbitrary<readonly Match[]>) =>
    fc
      .record({matches: some, backends: backends(names), ...limits})
      .map(({timeout, retries, ...rest}) =>
        route({...rest, ...(timeout !== undefined && {timeout}), ...(retries !== undefined && {retries})}),
      )
  return fc
    .tuple(
      fc.array(one(fc.array(matches, {minLength: 1, maxLength: 2})), {maxLength: 3}),
      fc.option(one(fc.constant([])), {nil: undefined}),
    )
    .map(([some, rest]) => [...some, ...(rest === undefined ? [] : [rest])])
}

const caller = fc.record({
  service: fc.record({namespace: fc.constantFrom('shop', 'billing'), name: fc.constantFrom('web', 'mobile', 'cron')}),
  reachable: fc.boolean(),
})

const trafficOf: fc.Arbitrary<Traffic> = versions.chain((names) =>
  fc
    .record({
      routes: routes(names),
      breaker: fc.option(
        fc
          .tuple(fc.integer({min: 1, max: 1000}), millis, millis)
          .map(([threshold, timeout, more]) => breaker(threshold, timeout, timeout + more)),
        {nil: undefined},
      ),
      callers: fc.array(caller, {maxLength: 3}),
    })
    .map(({breaker, ...rest}) => ({
      ...rest,
      origin: origin('spec'),
      subsets: names.map((name) => subset(name)),
      beyond: [],
      ...(breaker !== undefined && {breaker}),
    })),
)

const peer: fc.Arbitrary<Peer> = fc.oneof(
  {weight: 40, arbitrary: fc.constantFrom('web', 'mobile', 'cron', 'order-service').map((name) => from(name))},
  {weight: 1, arbitrary: fc.constantFrom('shop', 'billing').map(fromNamespace)},
  {weight: 1, arbitrary: fc.constantFrom('web', 'order-service').map((name) => from(name, 'billing'))},
)
/** Rules of callers, methods and paths of one's own. */
export function accessOf(
  peers: fc.Arbitrary<Peer>,
  methods: fc.Arbitrary<string>,
  paths: fc.Arbitrary<string>,
): fc.Arbitrary<Access> {
  const some = (one: fc.Arbitrary<string>) => fc.oneof(fc.constant([]), fc.array(one, {maxLength: 3}))
  const accessRule = fc
    .record({
      action: fc.constantFrom('ALLOW' as const, 'DENY' as const),
      from: fc.array(peers, {maxLength: 3}),
      methods: some(methods),
      paths: some(paths),
    })
    .map(({action, from, ...rest}) => rule(action, from, rest))
  return fc.array(accessRule, {minLength: 1, maxLength: 4}).map((rules) => ({rules}))
}
const access = accessOf(
  peer,
  methods,
  fc.oneof(
    path,
    path.map((one) => `${one}*`),
    fc.constant('*'),
  ),
)

const text = fc.string({maxLength: 8})
const registration: fc.Arbitrary<Registration> = fc.record({
  origin: fc.constant(origin('spec', 'MeshService')),
  port: fc.integer({min: 1, max: 65535}),
  versions: versions,
  tags: fc.array(text, {maxLength: 2}),
  metadata: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), text, {maxKeys: 3}),
})

const protocol: fc.Arbitrary<Protocol> = fc.oneof(
  {weight: 8, arbitrary: fc.constantFrom('http' as const, 'http2' as const, 'grpc' as const)},
  {weight: 1, arbitrary: fc.constant('tcp' as const)},
)

/** Pods of each version with the metadata that their labels ask for; now and then one without. */
function podsOf({subsets}: Traffic, bare: boolean): readonly PodFacts[] {
  return subsets.map(({name, labels}, index) => pod(labels, bare && index === 0 ? {} : {'service-meta-version': name}))
}

export const serviceIntent: fc.Arbitrary<ServiceIntent> = fc
  .record({
    protocol,
    registration: fc.option(registration, {nil: undefined}),
    traffic: fc.option(trafficOf, {nil: undefined}),
    access: fc.option(access, {nil: undefined}),
    mutualTLS: fc.option(fc.boolean(), {nil: undefined}),
    knowledge: fc.constantFrom('none', 'all', 'all', 'all', 'bare'),
    headless: fc.boolean(),
    calls: fc.uniqueArray(
      fc.tuple(caller, fc.integer({min: 1, max: 9}), millis).map(([{service}, threshold, timeout]) => ({
        destination: service,
        breaker: breaker(threshold, timeout, timeout * 2),
      })),
      {maxLength: 3, selector: ({destination}) => `${destination.namespace}/${destination.name}`},
    ),
  })
  .map(({registration, traffic, access, mutualTLS, knowledge, headless, ...rest}) => ({
    service: {namespace: 'shop', name: 'order-service'},
    ...rest,
    ...(registration !== undefined && {registration}),
    ...(traffic !== undefined && {traffic}),
    ...(access !== undefined && {access}),
    ...(mutualTLS !== undefined && {
      mutualTLS: {value: mutualTLS, origin: origin('mesh.security', 'MeshConfig', 'default')},
    }),
    ...(knowledge !== 'none' && {
      facts: facts(traffic === undefined ? [] : podsOf(traffic, knowledge === 'bare'), {headless}),
    }),
  }))
