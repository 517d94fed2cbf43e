import {describe, expect, test} from 'vitest'
import {
  backendOf,
  factsOf,
  intentOf,
  matchOf,
  object,
  objects,
  originOf,
  partOf,
  podOf,
  routeOf,
  subsetOf,
  told,
  trafficOf,
  trafficPartOf,
  unknownIntentOf,
  versions,
} from './testing.ts'

const eighty = [backendOf('v1', 80), backendOf('v2', 20)]
const split = routeOf({backends: eighty})

describe('versions', () => {
  test('become Services with the labels of their pods', () => {
    const part = trafficPartOf({subsets: versions})
    expect(part.objects).toEqual(
      ['v1', 'v2'].map((version) => ({
        mode: 'own',
        object: {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: {
            name: `order-service-${version}`,
            namespace: 'shop',
            annotations: {'meshwright.dev/version': version},
          },
          spec: {
            selector: {app: 'order-service', version},
            ports: [{name: 'http', port: 80, targetPort: 8080, protocol: 'TCP'}],
          },
        },
      })),
    )
    expect(told(part)).toEqual(['approximated MW6201 subsets', 'approximated MW6201 subsets'])
  })

  test('with dots get legal names, and keep apart from those that are written so', () => {
    const names = (all: readonly string[]) =>
      objects(trafficPartOf({subsets: all.map((name) => subsetOf(name))}), 'Service').map(
        ({metadata}) => metadata?.name,
      )
    expect(names(['v1.0.0'])).toEqual(['order-service-v1-0-0'])
    const [plain, dotted] = names(['v1-1-0', 'v1.1.0'])
    expect(plain).toBe('order-service-v1-1-0')
    expect(dotted).toMatch(/^order-service-v1-1-0-[0-9a-f]{8}$/)
  })

  test('get names of at most 63 characters', () => {
    const service = {namespace: 'shop', name: `s${'x'.repeat(62)}`}
    const part = partOf('traffic', intentOf({service, traffic: trafficOf({subsets: versions})}))
    const names = objects(part, 'Service').map(({metadata}) => metadata?.name ?? '')
    expect(names.map((name) => name.length)).toEqual([63, 63])
    expect(new Set(names).size).toBe(2)
  })

  test('are refused where a foreign Service has the name', () => {
    const taken = (managedFor?: string) =>
      trafficPartOf(
        {subsets: versions},
        {facts: factsOf({neighbours: [{name: 'order-service-v2', ...(managedFor !== undefined && {managedFor})}]})},
      )
    expect(taken().objects).toEqual([])
    expect(told(taken())).toContain('refused MW6202 subsets')
    expect(told(taken('another'))).toContain('refused MW6202 subsets')
    expect(taken('order-service').objects).toHaveLength(2)
  })

  test('are refused where their labels contradict the selector, or there is none', () => {
    const against = trafficPartOf({subsets: [subsetOf('v1', {version: 'v1', app: 'other'} as never)]})
    expect(told(against)).toEqual(['refused MW6203 subsets'])
    const bare = trafficPartOf({subsets: versions}, {facts: factsOf({selector: {}})})
    expect(told(bare)).toEqual(['refused MW6203 subsets', 'refused MW6203 subsets'])
  })
})

describe('a split', () => {
  test('is the weights of an HTTPRoute of the Service', () => {
    const part = trafficPartOf({subsets: versions, routes: [split]})
    expect(object(part, 'HTTPRoute')).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {name: 'order-service.80', namespace: 'shop'},
      spec: {
        parentRefs: [{group: '', kind: 'Service', name: 'order-service', port: 80}],
        rules: [
          {
            matches: [{path: {type: 'PathPrefix', value: '/'}}],
            backendRefs: [
              {group: '', kind: 'Service', name: 'order-service-v1', port: 80, weight: 80},
              {group: '', kind: 'Service', name: 'order-service-v2', port: 80, weight: 20},
            ],
          },
        ],
      },
    })
  })

  test('is a route for each port of the Service', () => {
    const ports = [
      {name: 'http', port: 80, targetPort: 'web', protocol: 'TCP'},
      {name: 'http-admin', port: 8081, targetPort: 8081, protocol: 'TCP'},
      {name: 'dns', port: 53, targetPort: 53, protocol: 'UDP'},
    ]
    const routes = objects(trafficPartOf({subsets: versions, routes: [split]}, {facts: factsOf({ports})}), 'HTTPRoute')
    expect(routes.map(({metadata}) => metadata?.name)).toEqual(['order-service.80', 'order-service.8081'])
  })

  test('may go to another service, of another namespace too, on the port it has', () => {
    const invoices = {namespace: 'billing', name: 'invoices'}
    const near = {namespace: 'shop', name: 'order-next'}
    const to = (service: typeof near, port?: number) =>
      trafficPartOf(
        {routes: [routeOf({backends: [backendOf(undefined, 100, {service, ...(port !== undefined && {port})})]})]},
        {
          facts: factsOf({
            neighbours: [{name: 'order-next', ports: [{port: 9000, targetPort: 9000, protocol: 'TCP'}]}],
          }),
        },
      )
    expect(object(to(invoices, 8080), 'HTTPRoute')['spec']).toMatchObject({
      rules: [{backendRefs: [{name: 'invoices', namespace: 'billing', port: 8080}]}],
    })
    expect(told(to(invoices))).toEqual(['approximated MW6213 other-service'])
    expect(object(to(near), 'HTTPRoute')['spec']).toMatchObject({
      rules: [{backendRefs: [{name: 'order-next', port: 9000}]}],
    })
    expect(told(to(near, 81))).toEqual(['refused MW6213 other-service'])
  })

  test('is refused for plain TCP, a headless Service, an opaque port, and beside a ServiceProfile', () => {
    const refused = (facts: Parameters<typeof factsOf>[0], protocol: 'http' | 'tcp' = 'http') =>
      told(trafficPartOf({routes: [split], subsets: versions}, {facts: factsOf(facts), protocol})).filter((one) =>
        one.startsWith('refused'),
      )
    expect(refused({}, 'tcp')).toEqual(['refused MW6207 split'])
    expect(refused({headless: true})).toEqual(['refused MW6204 split'])
    expect(refused({serviceProfile: 'order-service.shop.svc.cluster.local'})).toEqual(['refused MW6205 split'])
    const port = {port: 80, targetPort: 8080, protocol: 'TCP'}
    expect(refused({ports: [{...port, appProtocol: 'grpc'}]})).toEqual(['refused MW6206 split'])
    expect(refused({annotations: {'config.linkerd.io/opaque-ports': '70-90'}})).toEqual(['refused MW6206 split'])
    expect(refused({ports: [{...port, port: 3306}]})).toEqual(['refused MW6206 split'])
    expect(refused({ports: [{...port, port: 3306, appProtocol: 'http'}]})).toEqual([])
  })

  test('says which of several ports it does not reach', () => {
    const ports = [
      {port: 80, targetPort: 8080, protocol: 'TCP'},
      {port: 3306, targetPort: 3306, protocol: 'TCP'},
    ]
    const part = trafficPartOf({routes: [routeOf()]}, {facts: factsOf({ports})})
    expect(told(part)).toEqual(['approximated MW6206 split'])
    expect(part.objects).toHaveLength(1)
  })

  test('needs the Service; a timeout of all requests does not', () => {
    const unknown = (route: ReturnType<typeof routeOf>) =>
      partOf('traffic', unknownIntentOf({traffic: trafficOf({routes: [route], subsets: []})}))
    expect(told(unknown(routeOf({backends: [backendOf(undefined, 100, {port: 80})]})))).toEqual([
      'refused MW6208 split',
    ])
    expect(object(unknown(routeOf({timeout: 5000})), 'HTTPRoute')).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {name: 'order-service', namespace: 'shop'},
      spec: {
        parentRefs: [{group: '', kind: 'Service', name: 'order-service'}],
        rules: [{matches: [{path: {type: 'PathPrefix', value: '/'}}], timeouts: {request: '5s'}}],
      },
    })
  })
})

describe('a match', () => {
  const matched = (parts: Parameters<typeof matchOf>[0]) =>
    trafficPartOf({routes: [routeOf({matches: [matchOf(parts)]}), routeOf()]})
  const said = (parts: Parameters<typeof matchOf>[0]) => {
    const spec = object(matched(parts), 'HTTPRoute')['spec'] as {rules: readonly {matches: readonly unknown[]}[]}
    return spec.rules[0]?.matches
  }

  test.each(['/v1.0', '/v1.0/'])('of the path prefix %s is of whole elements, as on the other meshes', (value) => {
    expect(said({path: {kind: 'prefix', value}})).toEqual([
      {path: {type: 'Exact', value: '/v1.0'}},
      {path: {type: 'RegularExpression', value: '^/v1\\.0/.*$'}},
    ])
  })

  test('of a prefix of characters, as Istio has it, takes all that begins so', () => {
    expect(said({path: {kind: 'text-prefix', value: '/api'}})).toEqual([
      {path: {type: 'RegularExpression', value: '^/api.*$'}},
    ])
  })

  test('of a whole path is exact, as a regular expression where the CRD would refuse it', () => {
    expect(said({path: {kind: 'exact', value: '/orders'}})).toEqual([{path: {type: 'Exact', value: '/orders'}}])
    expect(said({path: {kind: 'exact', value: '/a//b'}})).toEqual([
      {path: {type: 'RegularExpression', value: '^/a//b$'}},
    ])
  })

  test('of a regular expression is over the whole path', () => {
    expect(said({path: {kind: 'regex', value: '/orders/[0-9]+|/x'}})).toEqual([
      {path: {type: 'RegularExpression', value: '^(?:/orders/[0-9]+|/x)$'}},
    ])
    expect(told(matched({path: {kind: 'regex', value: '/(?=x)'}}))).toEqual(['refused MW6209 route-path-regex'])
  })

  test('of method and headers says all of it', () => {
    const header = (kind: 'exact' | 'prefix' | 'regex' | 'present', value: string) => ({name: `X-${kind}`, kind, value})
    const headers = [header('exact', 'qa'), header('prefix', 'a.b'), header('regex', 'a|b'), header('present', '')]
    expect(said({method: 'GET', headers})).toEqual([
      {
        path: {type: 'PathPrefix', value: '/'},
        method: 'GET',
        headers: [
          {type: 'Exact', name: 'x-exact', value: 'qa'},
          {type: 'RegularExpression', name: 'x-prefix', value: '^a\\.b.*$'},
          {type: 'RegularExpression', name: 'x-present', value: '^.*$'},
          {type: 'RegularExpression', name: 'x-regex', value: '^(?:a|b)$'},
        ],
      },
    ])
  })

  test('that no route can hold is refused', () => {
    expect(told(matched({method: 'PURGE'}))).toEqual(['refused MW6212 route-method'])
    expect(told(matched({headers: [{name: ':authority', kind: 'exact', value: 'x'}]}))).toEqual([
      'refused MW6212 route-header',
    ])
    const twice = [
      {name: 'x-user', kind: 'prefix' as const, value: 'a'},
      {name: 'X-User', kind: 'exact' as const, value: 'b'},
    ]
    expect(told(matched({headers: twice}))).toEqual(['refused MW6212 route-header'])
  })

  test('keeps its place: the first one wins, though Linkerd prefers the more specific one', () => {
    const first = routeOf({
      matches: [matchOf({headers: [{name: 'x-user', kind: 'exact', value: 'qa'}]})],
      backends: [backendOf('v2')],
    })
    const second = routeOf({
      matches: [matchOf({path: {kind: 'prefix', value: '/api'}, method: 'GET'})],
      backends: eighty,
    })
    const spec = object(trafficPartOf({subsets: versions, routes: [first, second, routeOf()]}), 'HTTPRoute')['spec']
    expect(spec).toMatchObject({
      rules: [
        {
          matches: [
            {path: {type: 'PathPrefix', value: '/'}, headers: [{name: 'x-user', value: 'qa'}]},
            {path: {type: 'Exact', value: '/api'}, method: 'GET', headers: [{name: 'x-user', value: 'qa'}]},
            {
              path: {type: 'RegularExpression', value: '^/api/.*$'},
              method: 'GET',
              headers: [{name: 'x-user', value: 'qa'}],
            },
          ],
        },
        {
          matches: [
            {path: {type: 'Exact', value: '/api'}, method: 'GET'},
            {path: {type: 'RegularExpression', value: '^/api/.*$'}, method: 'GET'},
          ],
        },
        {matches: [{path: {type: 'PathPrefix', value: '/'}}]},
      ],
    })
  })

  test('is refused where only its place tells it from an earlier one', () => {
    const first = routeOf({matches: [matchOf({path: {kind: 'regex', value: '/a.*'}})]})
    const second = routeOf({matches: [matchOf({path: {kind: 'prefix', value: '/ab'}, method: 'GET'})]})
    expect(told(trafficPartOf({routes: [first, second, routeOf()]}))).toEqual(['refused MW6210 route-path-prefix'])
  })
})

describe('timeouts', () => {
  const timed = (timeout: number, annotations = {}) =>
    trafficPartOf({routes: [routeOf({timeout})]}, {facts: factsOf({annotations})})
  const request = (timeout: number) =>
    (object(timed(timeout), 'HTTPRoute')['spec'] as {rules: readonly {timeouts: {request: string}}[]}).rules[0]
      ?.timeouts.request

  test('have one whole number and one unit', () => {
    expect([5000, 90_000, 120_000, 1500, 86_400_000].map(request)).toEqual(['5s', '90s', '2m', '1500ms', '24h'])
  })

  test('are rounded where five digits do not do', () => {
    expect(request(100_001)).toBe('101s')
    expect(told(timed(100_001))).toEqual(['approximated MW6214 timeout'])
  })

  test("put the Service's own ones out of force", () => {
    expect(told(timed(5000, {'timeout.linkerd.io/idle': '10s'}))).toEqual(['approximated MW6215 timeout'])
  })
})

describe('retries', () => {
  const origin = originOf('spec.retries')
  const retried = (parts: object, intent = {}) =>
    trafficPartOf({routes: [routeOf({retries: {attempts: 3, on: ['5xx'], origin, ...parts}})]}, intent)
  const annotations = (parts: object) => object(retried(parts), 'HTTPRoute').metadata?.annotations

  test('are annotations of the route, always with what is tried again', () => {
    expect(annotations({})).toEqual({'retry.linkerd.io/limit': '3', 'retry.linkerd.io/http': '5xx'})
    expect(annotations({on: ['gateway-error', 'retriable-4xx']})).toMatchObject({
      'retry.linkerd.io/http': 'gateway-error,409',
    })
    expect(told(retried({}))).toEqual(['approximated MW6217 retries'])
  })

  test('of a refused stream need only the limit: the proxy tries it again by itself', () => {
    expect(annotations({on: ['refused-stream']})).toEqual({'retry.linkerd.io/limit': '3'})
  })

  test('never happen after a connection that failed', () => {
    expect(told(retried({on: ['5xx', 'reset']}))).toContain('approximated MW6216 retry-conditions')
    expect(annotations({on: ['reset', 'connect-failure']})).toBeUndefined()
    expect(told(retried({on: ['reset', 'connect-failure']}))).toEqual(['ignored MW6216 retry-conditions'])
  })

  test('may limit each try', () => {
    expect(annotations({perTryTimeout: 1500})).toMatchObject({'retry.linkerd.io/timeout': '1500ms'})
    expect(told(retried({perTryTimeout: 1500}))).toContain('approximated MW6218 per-try-timeout')
  })

  test('that are none are no annotations, since a timeout alone would mean one retry', () => {
    expect(annotations({attempts: 0, perTryTimeout: 1000})).toBeUndefined()
    const facts = factsOf({annotations: {'retry.linkerd.io/http': '5xx'}})
    expect(told(retried({attempts: 0}, {facts}))).toEqual(['refused MW6215 retries'])
  })

  test('of different routes make different objects', () => {
    const reads = routeOf({matches: [matchOf({method: 'GET'})], retries: {attempts: 2, on: ['5xx'], origin}})
    const routes = objects(trafficPartOf({routes: [reads, routeOf()]}), 'HTTPRoute')
    expect(routes.map(({metadata}) => [metadata?.name, metadata?.annotations])).toEqual([
      ['order-service.80', {'retry.linkerd.io/limit': '2', 'retry.linkerd.io/http': '5xx'}],
      ['order-service.80.2', undefined],
    ])
  })
})

describe('gRPC', () => {
  const search = matchOf({path: {kind: 'exact', value: '/shop.Catalogue/Search'}})

  test('gets GRPCRoutes, with its timeout and its statuses in annotations', () => {
    const retries = {attempts: 2, on: ['5xx' as const], origin: originOf('spec.retries')}
    const routes = [routeOf({matches: [search], timeout: 2000, retries}), routeOf()]
    const [first, rest] = objects(trafficPartOf({routes}, {protocol: 'grpc'}), 'GRPCRoute')
    expect(first).toMatchObject({
      metadata: {
        annotations: {
          'retry.linkerd.io/limit': '2',
          'retry.linkerd.io/grpc': 'internal,unavailable',
          'timeout.linkerd.io/request': '2s',
        },
      },
      spec: {rules: [{matches: [{method: {type: 'Exact', service: 'shop.Catalogue', method: 'Search'}}]}]},
    })
    expect(rest?.['spec']).toEqual({
      parentRefs: [{group: '', kind: 'Service', name: 'order-service', port: 80}],
      rules: [{backendRefs: [{group: '', kind: 'Service', name: 'order-service', port: 80, weight: 100}]}],
    })
  })

  test('gets HTTPRoutes where appProtocol names HTTP/2, or a match is none of a method', () => {
    const ports = [{port: 80, targetPort: 8080, protocol: 'TCP', appProtocol: 'kubernetes.io/h2c'}]
    const retries = {attempts: 2, on: ['5xx' as const], origin: originOf('spec.retries')}
    const h2c = trafficPartOf(
      {routes: [routeOf({matches: [search], retries}), routeOf()]},
      {protocol: 'grpc', facts: factsOf({ports})},
    )
    expect(objects(h2c, 'GRPCRoute')).toEqual([])
    expect(told(h2c)).toContain('approximated MW6219 retry-conditions')
    const service = matchOf({path: {kind: 'prefix', value: '/shop.Catalogue'}})
    expect(
      object(trafficPartOf({routes: [routeOf({matches: [service]}), routeOf()]}, {protocol: 'grpc'}), 'GRPCRoute'),
    ).toMatchObject({spec: {rules: [{matches: [{method: {type: 'Exact', service: 'shop.Catalogue'}}]}, {}]}})
    const prefix = matchOf({path: {kind: 'prefix', value: '/shop.Catalogue/Search'}})
    expect(
      objects(trafficPartOf({routes: [routeOf({matches: [prefix]}), routeOf()]}, {protocol: 'grpc'}), 'HTTPRoute'),
    ).toHaveLength(1)
  })
})

describe('a breaker', () => {
  const breaker = {threshold: 5, timeout: 30_000, recovery: 60_000, origin: originOf('spec.circuitBreaker')}

  test("is the Service's annotations, contributed", () => {
    const part = trafficPartOf({breaker})
    expect(part.objects).toEqual([
      {
        mode: 'contribute',
        object: {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: {
            name: 'order-service',
            namespace: 'shop',
            annotations: {
              'balancer.linkerd.io/failure-accrual': 'consecutive',
              'balancer.linkerd.io/failure-accrual-consecutive-max-failures': '5',
              'balancer.linkerd.io/failure-accrual-consecutive-min-penalty': '30s',
              'balancer.linkerd.io/failure-accrual-consecutive-max-penalty': '1m',
              'balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio': '0',
            },
          },
        },
      },
    ])
    expect(told(part)).toEqual([])
  })

  test('needs no knowledge of the Service, but is refused where no proxy would heed it', () => {
    expect(partOf('traffic', unknownIntentOf({traffic: trafficOf({breaker})})).objects).toHaveLength(1)
    expect(told(trafficPartOf({breaker}, {protocol: 'tcp'}))).toContain('refused MW6207 circuit-breaker')
    expect(told(trafficPartOf({breaker}, {facts: factsOf({headless: true})}))).toEqual([
      'refused MW6204 circuit-breaker',
    ])
  })

  test('of gRPC brings a GRPCRoute, without which no status would count', () => {
    expect(objects(trafficPartOf({breaker}, {protocol: 'grpc'}), 'GRPCRoute')).toHaveLength(1)
  })
})

test("Istio's own words have no effect, or are refused where a request would go astray", () => {
  const beyond = (field: string) =>
    told(trafficPartOf({routes: [routeOf()], beyond: [{field, origin: originOf(field)}]}))
  expect(beyond('http[0].fault')).toEqual(['ignored MW6221 istio-words'])
  expect(beyond('trafficPolicy.connectionPool')).toEqual(['ignored MW6221 istio-words'])
  expect(beyond('http[0].rewrite')).toEqual(['refused MW6222 istio-words'])
  expect(beyond('mirror')).toEqual(['refused MW6222 istio-words'])
})

test('what pods say does not change routes', () => {
  const facts = factsOf({pods: [podOf(), podOf({labels: {}})]})
  expect(trafficPartOf({subsets: versions, routes: [split]}, {facts})).toEqual(
    trafficPartOf({subsets: versions, routes: [split]}),
  )
})
