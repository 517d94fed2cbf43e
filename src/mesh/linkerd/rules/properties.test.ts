import fc from 'fast-check'
import {expect, test} from 'vitest'
import {retryConditions, type AccessRule, type Match, type Route, type ServiceIntent} from '../../../intent/intent.ts'
import type {Desired} from '../../translation.ts'
import {admit} from './simulated-admission.ts'
import {authorize, findRule, type Caller, type Request} from './simulated-proxy.ts'
import {
  accountOf,
  backendOf,
  factsOf,
  intentOf,
  matchOf,
  namespacePeer,
  originOf,
  peerOf,
  podOf,
  routeOf,
  ruleOf,
  service,
  subsetOf,
  trafficOf,
  translatorOf,
} from './testing.ts'

const paths = ['/', '/a', '/a/', '/a/b', '/ab', '/a/b/c', '/b', '/shop.Orders/Get', '/shop.Orders/', '/x+y', '/a//b']
const path = fc
  .record({
    kind: fc.constantFrom('prefix', 'exact', 'regex'),
    value: fc.constantFrom(...paths),
  })
  .map(({kind, value}) =>
    kind === 'regex' ? {kind, value: `${value.replace(/[+.]/g, '\\$&')}(x|xy)?`} : {kind, value},
  )
const header = fc.oneof(
  fc.record({
    name: fc.constantFrom('x-user', 'x-env'),
    kind: fc.constant('exact' as const),
    value: fc.constantFrom('qa', 'dev', 'qa-1'),
  }),
  fc.record({
    name: fc.constantFrom('x-user', 'x-env'),
    kind: fc.constant('prefix' as const),
    value: fc.constantFrom('q', 'qa'),
  }),
  fc.record({name: fc.constantFrom('x-user', 'x-env'), kind: fc.constant('present' as const), value: fc.constant('')}),
)
const match: fc.Arbitrary<Match> = fc
  .record(
    {
      path,
      method: fc.constantFrom('GET', 'POST'),
      headers: fc.uniqueArray(header, {maxLength: 2, selector: ({name}) => name}),
    },
    {requiredKeys: ['headers']},
  )
  .map(matchOf)
/** Matches whose order can always be said: two conditions on one header may overlap where no third one says how. */
const literalMatch = match.filter(
  ({path, headers}) => path?.kind !== 'regex' && headers.every(({kind}) => kind === 'exact'),
)
const retries = fc.record(
  {
    attempts: fc.nat({max: 25}),
    perTryTimeout: fc.integer({min: 1, max: 86_400_000}),
    on: fc.uniqueArray(fc.constantFrom(...retryConditions), {minLength: 1}),
  },
  {requiredKeys: ['attempts', 'on']},
)
const routeParts = (matches: fc.Arbitrary<Match>) =>
  fc.record(
    {
      matches: fc.array(matches, {minLength: 1, maxLength: 3}),
      timeout: fc.integer({min: 1, max: 86_400_000}),
      retries: retries.map((one) => ({...one, origin: originOf('spec.retries')})),
    },
    {requiredKeys: ['matches']},
  )
/** The weight of its first version tells a route from the others. */
const routesOf = (matches: fc.Arbitrary<Match>): fc.Arbitrary<readonly Route[]> =>
  fc.tuple(fc.array(routeParts(matches), {maxLength: 5}), routeParts(matches)).map(([some, last]) =>
    [...some, {...last, matches: []}].map((parts, index) =>
      routeOf({
        ...parts,
        backends: [backendOf('v1', index), backendOf('v2', 100 - index)],
        origin: originOf(`spec.routes[${index}]`),
      }),
    ),
  )
const request: fc.Arbitrary<Request> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'DELETE'),
  path: fc.constantFrom(...paths, '/a/x', '/abc', '/ax', '/axy', '/zzz', '/shop.Orders/List'),
  headers: fc.dictionary(fc.constantFrom('x-user', 'x-env'), fc.constantFrom('qa', 'dev', 'qa-1', 'q', '')),
})

const withRoutes = (routes: readonly Route[], protocol: ServiceIntent['protocol'] = 'http'): ServiceIntent =>
  intentOf({protocol, traffic: trafficOf({subsets: [subsetOf('v1'), subsetOf('v2')], routes})})

function desiredOf(intent: ServiceIntent): readonly Desired[] {
  return translatorOf()
    .service(intent)
    .flatMap(({objects}) => objects)
}
const refusesOf = (intent: ServiceIntent): readonly string[] =>
  translatorOf()
    .service(intent)
    .flatMap(({findings}) => findings)
    .filter(({kind}) => kind === 'refused')
    .map(({code}) => code)

function holds(match: Match, {method, path, headers}: Request): boolean {
  if (match.method !== undefined && match.method !== method) return false
  if (match.path !== undefined) {
    const {kind, value} = match.path
    if (kind === 'exact' && path !== value) return false
    const elements = value.replace(/\/+$/, '')
    if (kind === 'prefix' && path !== elements && !path.startsWith(`${elements}/`)) return false
    if (kind === 'regex' && !new RegExp(`^(?:${value})$`).test(path)) return false
  }
  return match.headers.every(({name, kind, value}) => {
    const own = headers[name]
    if (own === undefined) return false
    return kind === 'present' || (kind === 'exact' ? own === value : own.startsWith(value))
  })
}

function firstMatch(routes: readonly Route[], request: Request): number {
  return routes.findIndex(({matches}) => matches.length === 0 || matches.some((one) => holds(one, request)))
}

function weightTaken(desired: readonly Desired[], request: Request): unknown {
  const routes = desired.map(({object}) => object).filter(({kind}) => kind === 'HTTPRoute' || kind === 'GRPCRoute')
  const backends = findRule(routes, request)?.rule['backendRefs']
  return Array.isArray(backends) ? backends[0]?.weight : undefined
}

test('the proxy takes the first route that matches, whatever the retries of the others', () => {
  fc.assert(
    fc.property(routesOf(literalMatch), fc.array(request, {minLength: 5, maxLength: 20}), (routes, requests) => {
      const intent = withRoutes(routes)
      expect(refusesOf(intent)).toEqual([])
      const desired = desiredOf(intent)
      for (const one of requests) expect(weightTaken(desired, one)).toBe(firstMatch(routes, one))
    }),
    {numRuns: 400},
  )
})

test('with regular expressions and overlapping headers the order is kept too, or refused', () => {
  fc.assert(
    fc.property(routesOf(match), fc.array(request, {minLength: 5, maxLength: 20}), (routes, requests) => {
      const intent = withRoutes(routes)
      const refused = refusesOf(intent)
      if (refused.length > 0) expect(new Set(refused)).toEqual(new Set(['MW6210']))
      const desired = desiredOf(intent)
      if (refused.length === 0)
        for (const one of requests) expect(weightTaken(desired, one)).toBe(firstMatch(routes, one))
    }),
    {numRuns: 400},
  )
})

test('gRPC calls take the first route that matches', () => {
  const rpcPaths = ['/shop.Orders/', '/shop.Orders/Get', '/shop.Orders/List', '/shop.Carts/', '/'] as const
  const rpc = fc
    .record({
      path: fc
        .constantFrom(...rpcPaths)
        .map((value) => ({kind: value.endsWith('/') ? ('prefix' as const) : ('exact' as const), value})),
      headers: fc.uniqueArray(header, {maxLength: 2, selector: ({name}) => name}),
    })
    .map(matchOf)
  const call = request.map((one): Request => ({
    ...one,
    method: 'POST',
    path: one.path.length % 2 === 0 ? '/shop.Orders/Get' : '/shop.Carts/Add',
  }))
  fc.assert(
    fc.property(routesOf(rpc), fc.array(call, {minLength: 5, maxLength: 10}), (routes, calls) => {
      const intent = withRoutes(routes, 'grpc')
      const desired = desiredOf(intent)
      expect(desired.some(({object}) => object.kind === 'HTTPRoute')).toBe(false)
      if (refusesOf(intent).length === 0)
        for (const one of calls) expect(weightTaken(desired, one)).toBe(firstMatch(routes, one))
    }),
    {numRuns: 300},
  )
})

const peer = fc.oneof(
  fc.constantFrom('user-service', 'report-service', 'cart-service').map((name) => peerOf(name)),
  fc.constant(peerOf('far-service', [accountOf('far-service', 'far')])),
  fc.constantFrom('shop', 'far').map(namespacePeer),
)
const accessRule: fc.Arbitrary<AccessRule> = fc
  .record({
    action: fc.constantFrom<AccessRule['action']>('ALLOW', 'ALLOW', 'ALLOW', 'DENY'),
    from: fc.array(peer, {maxLength: 2}),
    methods: fc.uniqueArray(fc.constantFrom('GET', 'POST'), {maxLength: 2}),
    paths: fc.uniqueArray(fc.constantFrom('/', '/a', '/a*', '/a/*', '/a/b', '/ab*', '/b', '/*'), {maxLength: 3}),
  })
  .map(ruleOf)
const caller: fc.Arbitrary<Caller> = fc.oneof(
  fc.constant('unmeshed' as const),
  fc
    .constantFrom('user-service', 'report-service', 'cart-service', 'other')
    .map((account) => ({namespace: 'shop', account})),
  fc.constantFrom('far-service', 'other').map((account) => ({namespace: 'far', account})),
)

function isAllowed(rules: readonly AccessRule[], {method, path}: Request, caller: Caller): boolean {
  const applies = (rule: AccessRule) => {
    if (rule.methods.length > 0 && !rule.methods.includes(method)) return false
    if (
      rule.paths.length > 0 &&
      !rule.paths.some((one) => (one.endsWith('*') ? path.startsWith(one.slice(0, -1)) : path === one))
    )
      return false
    if (rule.from.length === 0) return true
    if (caller === 'unmeshed') return false
    return rule.from.some((one) =>
      one.kind === 'namespace'
        ? one.namespace === caller.namespace
        : one.accounts?.some((account) => account.namespace === caller.namespace && account.name === caller.account),
    )
  }
  if (rules.some((rule) => rule.action === 'DENY' && applies(rule))) return false
  return !rules.some(({action}) => action === 'ALLOW') || rules.some((rule) => rule.action === 'ALLOW' && applies(rule))
}

test('whoever the rules let in is let in, and nobody else', () => {
  fc.assert(
    fc.property(
      fc.array(accessRule, {minLength: 1, maxLength: 4}),
      fc.array(fc.tuple(request, caller), {minLength: 10, maxLength: 30}),
      (rules, calls) => {
        const intent = intentOf({access: {rules}})
        const refused = refusesOf(intent)
        if (refused.length > 0) expect(new Set(refused)).toEqual(new Set(['MW6233']))
        const desired = desiredOf(intent).map(({object}) => object)
        if (refused.length === 0)
          for (const [one, who] of calls)
            expect(authorize(desired, 'order-service.80', one, who)).toBe(isAllowed(rules, one, who) ? 200 : 403)
      },
    ),
    {numRuns: 500},
  )
})

test('the kubelet gets its answer wherever access is by request', () => {
  const facts = factsOf({pods: [podOf({probes: [{path: '/healthz?full=1', port: 'web'}]})]})
  fc.assert(
    fc.property(
      fc.array(
        accessRule.filter(({action}) => action === 'ALLOW'),
        {minLength: 1, maxLength: 4},
      ),
      (rules) => {
        const desired = desiredOf(intentOf({facts, access: {rules}})).map(({object}) => object)
        const probe = {method: 'GET', path: '/healthz', headers: {}}
        const routes = desired.some(({kind}) => kind === 'HTTPRoute')
        if (routes) expect(authorize(desired, 'order-service.80', probe, 'unmeshed')).toBe(200)
      },
    ),
  )
})

const breaker = fc
  .record({threshold: fc.integer({min: 1, max: 1000}), timeout: fc.integer({min: 1, max: 86_400_000}), more: fc.nat()})
  .map(({threshold, timeout, more}) => ({
    threshold,
    timeout,
    recovery: timeout + (more % 86_400_000),
    origin: originOf('spec.circuitBreaker'),
  }))
const servicePort = fc.record(
  {
    name: fc.constantFrom('http', 'admin'),
    port: fc.integer({min: 1, max: 65535}),
    targetPort: fc.constantFrom<number | string>(8080, 'web', 9090, '8080', 'none'),
    protocol: fc.constantFrom('TCP', 'TCP', 'UDP'),
    appProtocol: fc.constantFrom('http', 'grpc', 'kubernetes.io/h2c', 'linkerd.io/opaque'),
  },
  {requiredKeys: ['port', 'targetPort', 'protocol']},
)
const anyIntent: fc.Arbitrary<ServiceIntent> = fc
  .record(
    {
      routes: routesOf(match),
      breaker,
      rules: fc.array(accessRule, {maxLength: 4}),
      protocol: fc.constantFrom<ServiceIntent['protocol']>('http', 'http2', 'grpc', 'tcp'),
      ports: fc.uniqueArray(servicePort, {minLength: 1, maxLength: 3, selector: ({port}) => port}),
      headless: fc.constantFrom(false, false, false, true),
      opaque: fc.constantFrom('80', '1-1000', ''),
      mutualTLS: fc.boolean(),
      known: fc.constantFrom(true, true, true, false),
    },
    {requiredKeys: ['rules', 'protocol', 'ports', 'headless', 'known']},
  )
  .map(({routes, breaker, rules, protocol, ports, headless, opaque, mutualTLS, known}) => {
    const annotations = opaque === undefined ? {} : {'config.linkerd.io/opaque-ports': opaque}
    const traffic = trafficOf({
      subsets: routes === undefined ? [] : [subsetOf('v1'), subsetOf('v2')],
      routes: routes ?? [],
      ...(breaker !== undefined && {breaker}),
    })
    const {facts, ...intent} = intentOf({
      protocol,
      ...((routes !== undefined || breaker !== undefined) && {traffic}),
      access: {rules},
      ...(mutualTLS !== undefined && {
        mutualTLS: {value: mutualTLS, origin: originOf('mesh.security.mutualTLS', 'MeshConfig')},
      }),
    })
    return known ? {...intent, facts: factsOf({...facts, ports, headless, annotations})} : intent
  })

test('every intent becomes objects that are taken, or a refusal', () => {
  fc.assert(
    fc.property(anyIntent, (intent) => {
      const parts = translatorOf().service(intent)
      for (const part of parts) {
        const refuses = part.findings.some(({kind}) => kind === 'refused')
        if (refuses) expect(part.objects).toEqual([])
        admit(part.objects.map(({object}) => object))
        expect(part.sources.length).toBeGreaterThan(0)
      }
    }),
    {numRuns: 1500},
  )
})

test('weights of a rule sum to 100', () => {
  fc.assert(
    fc.property(anyIntent, (intent) => {
      for (const {object} of desiredOf(intent)) {
        if (object.kind !== 'HTTPRoute' && object.kind !== 'GRPCRoute') continue
        const rules = (object['spec'] as {rules: readonly {backendRefs?: readonly {weight: number}[]}[]}).rules
        for (const {backendRefs} of rules)
          if (backendRefs !== undefined) expect(backendRefs.reduce((sum, {weight}) => sum + weight, 0)).toBe(100)
      }
    }),
  )
})

test('the same intent becomes the same objects, whatever the order of rules, versions and pods', () => {
  fc.assert(
    fc.property(anyIntent, (intent) => {
      const {traffic, access, facts} = intent
      const turned: ServiceIntent = {
        ...intent,
        ...(traffic !== undefined && {traffic: {...traffic, subsets: traffic.subsets.toReversed()}}),
        ...(access !== undefined && {access: {rules: access.rules.toReversed()}}),
        ...(facts !== undefined && {facts: {...facts, pods: facts.pods.toReversed(), ports: facts.ports}}),
      }
      expect(desiredOf(turned)).toEqual(desiredOf(intent))
      expect(desiredOf(intent)).toEqual(desiredOf(intent))
    }),
  )
})

test('no two objects of a service have one name', () => {
  fc.assert(
    fc.property(anyIntent, (intent) => {
      const keys = desiredOf(intent).map(({object}) => `${object.apiVersion} ${object.kind} ${object.metadata?.name}`)
      expect(new Set(keys).size).toBe(keys.length)
      expect(keys.every((key) => key.includes(service.name))).toBe(true)
    }),
  )
})
