import fc from 'fast-check'
import {httpMethods} from '../../src/rules/value.ts'
import {retryConditions} from '../../src/intent/intent.ts'

/** An object of the API as plain JSON. */
export type Manifest = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {readonly name: string; readonly namespace?: string}
  readonly spec?: unknown
}

/** Names that Consul takes for one where two namespaces have them: `orders` alone is in both. */
const servicesOf = {
  shop: ['orders', 'users', 'a-service-with-the-longest-name-that-a-kubernetes-service-can-h'],
  front: ['orders', 'web', 'crawler'],
} as const
const namespaces = ['shop', 'front'] as const
type Namespace = (typeof namespaces)[number]
const versions = ['v1', 'v2', 'v1.1.0', '2.0.0-rc.1'] as const

const service = fc.constantFrom(...new Set(Object.values(servicesOf).flat()))
const namespace = fc.constantFrom(...namespaces)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, {nil: undefined})

/** Whole weights that sum to 100. */
const weights = (count: number) =>
  fc.array(fc.nat(100), {minLength: count - 1, maxLength: count - 1}).map((cuts) => {
    const edges = [0, ...cuts.toSorted((a, b) => a - b), 100]
    return edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0))
  })
const shares = (named: readonly string[]) =>
  weights(named.length).map((each) => named.map((version, index) => ({version, weight: each[index] ?? 0})))

const milliseconds = fc.integer({min: 1, max: 600_000})
const duration = (value: number) => {
  const [minutes, rest] = [Math.floor(value / 60_000), value % 60_000]
  if (rest === 0) return `${minutes}m`
  if (rest % 1000 !== 0) return `${value}ms`
  return minutes === 0 ? `${rest / 1000}s` : `${minutes}m${rest / 1000}s`
}
const path = fc.stringMatching(/^\/[a-z0-9/._-]{0,20}$/)
const header = fc.oneof(
  fc.record({exact: fc.stringMatching(/^[a-zA-Z0-9 =;.]{1,12}$/)}),
  fc.record({prefix: fc.stringMatching(/^[a-z0-9-]{1,8}$/)}),
  fc.constantFrom({regex: 'qa-[0-9]+'}, {regex: '^(a|b).*$'}, {present: true}),
)
const match = fc
  .tuple(
    fc.oneof(
      fc.constant({}),
      fc.record({path}),
      fc.record({pathPrefix: path}),
      fc.constant({pathRegex: '/orders/[0-9]+'}),
    ),
    maybe(fc.constantFrom(...httpMethods)),
    maybe(fc.dictionary(fc.constantFrom('x-user', 'x-region', 'cookie'), header, {minKeys: 1, maxKeys: 2})),
  )
  .map(([place, method, headers]) => defined({...place, method, headers}))
  .filter((all) => Object.keys(all).length > 0)

const limits = fc
  .tuple(
    maybe(milliseconds),
    maybe(fc.tuple(fc.nat(25), maybe(milliseconds), maybe(fc.subarray([...retryConditions], {minLength: 1})))),
  )
  .map(([timeout, retries]) => {
    const [attempts = 0, perTry, on] = retries ?? []
    const within = perTry === undefined || timeout === undefined ? perTry : Math.min(perTry, timeout)
    return defined({
      timeout: timeout === undefined ? undefined : duration(timeout),
      retries:
        retries === undefined
          ? undefined
          : defined({attempts, perTryTimeout: within === undefined ? undefined : duration(within), on}),
    })
  })

const traffic = (named: readonly string[]) => {
  const route = fc
    .tuple(match, maybe(shares(named)), limits)
    .map(([match, split, limits]) => defined({match, split, ...limits}))
  const split = fc.oneof(
    fc.constant({}),
    shares(named).map((split) => ({split})),
    named.length === 2
      ? fc.tuple(fc.constantFrom(...named), fc.nat(100)).map(([version, percent]) => ({canary: {version, percent}}))
      : fc.constant({}),
  )
  const breaker = fc.tuple(fc.integer({min: 1, max: 1000}), milliseconds, milliseconds).map(([threshold, a, b]) => ({
    threshold,
    timeout: duration(Math.min(a, b)),
    recovery: duration(Math.max(a, b)),
  }))
  return fc
    .tuple(split, maybe(fc.array(route, {minLength: 1, maxLength: 3})), limits, maybe(breaker))
    .map(([split, routes, limits, circuitBreaker]) =>
      defined({versions: named.map((name) => ({name})), ...split, routes, ...limits, circuitBreaker}),
    )
}

const access = fc
  .record({
    destination: service,
    action: fc.constantFrom('ALLOW', 'DENY'),
    from: maybe(
      fc.array(fc.oneof(fc.record({service}), fc.record({namespace}), fc.record({service, namespace})), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
    methods: maybe(fc.uniqueArray(fc.constantFrom(...httpMethods), {minLength: 1, maxLength: 3})),
    paths: maybe(
      fc.uniqueArray(
        fc.tuple(path, fc.constantFrom('', '*')).map(([path, end]) => path + end),
        {minLength: 1, maxLength: 3},
      ),
    ),
  })
  .map(defined)

const registration = fc
  .record({
    port: fc.constantFrom(80, 8080),
    protocol: maybe(fc.constantFrom('http', 'http2', 'grpc', 'tcp')),
    tags: maybe(fc.uniqueArray(fc.constantFrom('v1', 'production', 'a tag'), {minLength: 1})),
    metadata: maybe(fc.dictionary(fc.constantFrom('team', 'tier'), fc.constantFrom('a', 'b c'))),
    healthCheck: maybe(
      fc.record({interval: milliseconds.map(duration), timeout: maybe(milliseconds.map(duration))}).map(defined),
    ),
  })
  .map(defined)

/** One namespace's services with their pods, and one valid rule of each kind for some of them. */
const inNamespace = (namespace: Namespace) =>
  fc.array(
    fc
      .tuple(
        fc.constantFrom(...servicesOf[namespace]),
        fc.subarray([...versions], {minLength: 1}),
        fc.constantFrom('http', 'grpc', 'tcp'),
      )
      .chain(([name, named, protocol]) =>
        fc
          .tuple(
            maybe(traffic(named)),
            maybe(registration),
            fc.array(
              access.map((spec) => ({...spec, destination: name})),
              {maxLength: 3},
            ),
            fc.boolean(),
          )
          .map(([policy, registered, rules, shared]): Manifest[] => [
            ...workloads(name, namespace, named, protocol, shared ? 'shared' : name.slice(0, 20)),
            ...(policy === undefined ? [] : [ruleOf('TrafficPolicy', namespace, name, {service: name, ...policy})]),
            ...(registered === undefined ? [] : [ruleOf('MeshService', namespace, name, registered)]),
            ...rules.map((spec, index) => ruleOf('AccessPolicy', namespace, `${name.slice(0, 20)}-${index}`, spec)),
          ]),
      ),
    {maxLength: 3},
  )

const settings = fc
  .record({
    mutualTLS: maybe(fc.boolean()),
    samplingRate: maybe(fc.constantFrom(0, 0.001, 0.1, 1)),
    enabled: maybe(fc.boolean()),
    metrics: maybe(fc.subarray(['request_count', 'request_duration', 'request_size', 'response_size'])),
    accessLogFile: maybe(fc.constantFrom('/dev/stdout', '/var/log/access.log')),
    healthCheckInterval: maybe(fc.constantFrom('10s', '1m30s')),
    strict: fc.constantFrom(undefined, undefined, undefined, true),
  })
  .map(({mutualTLS, samplingRate, enabled, metrics, accessLogFile, healthCheckInterval, strict}): Manifest => {
    const mesh = defined({
      injectionNamespace: ['shop', 'front'],
      strict,
      security: mutualTLS === undefined ? undefined : {mutualTLS},
      telemetry: defined({enabled, samplingRate, metrics}),
      serviceDiscovery: healthCheckInterval === undefined ? undefined : {healthCheckInterval},
      sidecar: accessLogFile === undefined ? undefined : {proxy: {config: {accessLogFile}}},
    })
    return {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', metadata: {name: 'default'}, spec: {mesh}}
  })

/** Documents of a valid set of rules, no two with one kind, namespace and name. */
export const ruleSets: fc.Arbitrary<readonly Manifest[]> = fc
  .tuple(inNamespace('shop'), inNamespace('front'), maybe(settings))
  .map(([shop, front, config]) => unique([...shop.flat(), ...front.flat(), ...(config === undefined ? [] : [config])]))

function ruleOf(kind: string, namespace: string, name: string, spec: object): Manifest {
  return {apiVersion: 'meshwright.dev/v1alpha1', kind, metadata: {name, namespace}, spec}
}

function workloads(
  name: string,
  namespace: string,
  named: readonly string[],
  protocol: string,
  account: string,
): Manifest[] {
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name, namespace},
    spec: {selector: {app: name}, ports: [{name: protocol, port: 80, targetPort: 8080, appProtocol: protocol}]},
  }
  const deployments = named.map((version): Manifest => {
    const labels = {app: name, version}
    const annotations = {'consul.hashicorp.com/service-meta-version': version}
    const containers = [{name: 'app', image: 'registry.example/app:1', ports: [{containerPort: 8080}]}]
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {name: `${name.slice(0, 40)}-${versions.indexOf(version as (typeof versions)[number])}`, namespace},
      spec: {
        selector: {matchLabels: labels},
        template: {metadata: {labels, annotations}, spec: {serviceAccountName: account, containers}},
      },
    }
  })
  return [service, ...deployments]
}

function unique(manifests: readonly Manifest[]): Manifest[] {
  const byKey = new Map(
    manifests.map((one) => [`${one.kind} ${one.metadata.namespace ?? ''} ${one.metadata.name}`, one]),
  )
  return [...byKey.values()]
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T
}
