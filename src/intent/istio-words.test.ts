import {describe, expect, test} from 'vitest'
import {access, intentOf, meshConfig, pod, problemsOf, service, worldOf} from './testing.ts'

const host = 'orders.shop.svc.cluster.local'
const orders = [service('orders'), pod('orders', 'v1'), pod('orders', 'v2'), service('users'), pod('users', 'v1')]
const subsets = [{name: 'v1', labels: {version: 'v1'}}, {name: 'v2'}]
const to = (subset: string, weight?: number) => ({
  destination: {host, subset},
  ...(weight === undefined ? {} : {weight}),
})

function world(rule: Record<string, unknown>, http?: readonly unknown[], more: Record<string, unknown> = {}) {
  return worldOf([
    ...orders,
    meshConfig({
      mesh: {
        injectionNamespace: 'shop',
        trafficManagement: {
          destinationRules: [{host, ...rule}],
          ...(http === undefined ? {} : {virtualServices: [{hosts: [host], http, ...more}]}),
        },
      },
    }),
  ])
}

function trafficOf(...rules: Parameters<typeof world>) {
  const made = world(...rules)
  const {traffic} = intentOf(made)
  if (traffic === undefined) throw new Error(problemsOf(made).join())
  return traffic
}

const beyond = (...rules: Parameters<typeof world>) => trafficOf(...rules).beyond.map(({field}) => field)
const retriesOf = (retries?: object) => trafficOf({subsets}, [{route: [to('v1')], retries}]).routes[0]?.retries
const at = 'MeshConfig default spec.mesh.trafficManagement'

describe("rules in Istio's words", () => {
  test('that say nothing of retries, or of what is tried again, mean what Istio does then', () => {
    const usual = {on: ['connect-failure', 'refused-stream']}
    expect(retriesOf()).toMatchObject({attempts: 2, ...usual})
    expect(retriesOf({attempts: 4})).toMatchObject({attempts: 4, ...usual})
    expect(retriesOf({attempts: 0})).toMatchObject({attempts: 0, on: []})
  })

  test('of gRPC mean statuses as well that are tried again, which no neutral condition has', () => {
    const told = (retries?: object) => {
      const made = world({subsets}, [{route: [to('v1')], retries}])
      made.set(service('orders', {ports: [{name: 'grpc', port: 80}]}))
      return intentOf(made).traffic?.beyond.map(({field}) => field)
    }
    const statuses = ['http[0].retries.retryOn (unavailable, cancelled)']
    expect([told(), told({attempts: 4}), told({attempts: 4, retryOn: '5xx'}), told({attempts: 0})]).toEqual([
      statuses,
      statuses,
      [],
      [],
    ])
  })

  test('say nothing of requests that there are not: bytes are not tried again', () => {
    const bytes = service('orders', {ports: [{name: 'tcp', port: 80}]})
    const made = world({subsets}, [{route: [to('v1', 3), to('v2', 1)]}])
    made.set(bytes)
    expect(problemsOf(made)).toEqual([])
    expect(intentOf(made).traffic?.routes[0]?.retries).toBeUndefined()
  })

  test('say what neutral ones say', () => {
    const traffic = trafficOf({subsets}, [
      {
        name: 'beta',
        match: [
          {uri: {prefix: '/beta'}},
          {uri: {exact: '/orders'}, method: {exact: 'POST'}, headers: {'x-user': {regex: 'qa-.*'}, 'x-any': {}}},
        ],
        route: [{destination: {host: 'orders', subset: 'v2', port: {number: 80}}, weight: 7}],
        timeout: '1.5s',
        retries: {attempts: 2, perTryTimeout: '500ms', retryOn: '5xx, reset'},
      },
      {route: [to('v1', 3), to('v2', 1)]},
    ])
    expect(traffic.subsets).toMatchObject([
      {name: 'v1', labels: {version: 'v1'}},
      {name: 'v2', labels: {version: 'v2'}},
    ])
    expect(traffic.routes).toMatchObject([
      {
        matches: [
          {path: {kind: 'text-prefix', value: '/beta'}, headers: []},
          {
            path: {kind: 'exact', value: '/orders'},
            method: 'POST',
            headers: [
              {name: 'x-any', kind: 'present'},
              {name: 'x-user', kind: 'regex', value: 'qa-.*'},
            ],
          },
        ],
        backends: [{service: {namespace: 'shop', name: 'orders'}, subset: 'v2', port: 80, weight: 100}],
        timeout: 1500,
        retries: {attempts: 2, perTryTimeout: 500, on: ['5xx', 'reset']},
      },
      {
        matches: [],
        backends: [
          {subset: 'v1', weight: 75},
          {subset: 'v2', weight: 25},
        ],
      },
    ])
    expect(traffic.beyond).toEqual([])
    expect(traffic.istio?.destinationRule).toEqual({host, subsets})
  })

  test('of a breaker mean the same where every endpoint may be ejected', () => {
    const outlierDetection = {consecutive5xxErrors: 5, baseEjectionTime: '30s', maxEjectionPercent: 100}
    const exact = trafficOf({trafficPolicy: {outlierDetection}})
    expect(exact.breaker).toMatchObject({threshold: 5, timeout: 30_000, recovery: 300_000})
    expect(exact.beyond).toEqual([])
    expect(beyond({trafficPolicy: {outlierDetection: {interval: '1s'}}})).toEqual([
      'trafficPolicy.outlierDetection.interval',
      'trafficPolicy.outlierDetection.maxEjectionPercent (absent: 10)',
    ])
    expect(trafficOf({subsets, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0}}}).breaker).toBeUndefined()
  })

  test('beyond the neutral ones are listed, and the specs kept as they stand', () => {
    const traffic = trafficOf(
      {subsets: [{name: 'v1', trafficPolicy: {}}], trafficPolicy: {loadBalancer: {}}, exportTo: ['.']},
      [
        {
          fault: {abort: {}},
          route: [{destination: {host, subset: 'v1'}, headers: {}}],
          retries: {attempts: 1, retryOn: 'unavailable,5xx', retryRemoteLocalities: true},
        },
      ],
      {gateways: ['mesh']},
    )
    expect(traffic.beyond.map(({field}) => field)).toEqual([
      'exportTo',
      'subsets[0].trafficPolicy',
      'trafficPolicy.loadBalancer',
      'gateways',
      'http[0].fault',
      'http[0].route[0].headers',
      'http[0].retries.retryRemoteLocalities',
      'http[0].retries.retryOn (unavailable)',
    ])
    expect(traffic.beyond.at(-1)?.origin.place).toBe(`${at}.virtualServices[0].http[0].retries.retryOn`)
    expect(traffic.istio?.virtualService).toMatchObject({gateways: ['mesh'], http: [{fault: {abort: {}}}]})
  })

  test('that match by more than neutral ones can are left out elsewhere, never widened', () => {
    const {routes, beyond} = trafficOf({subsets}, [
      {match: [{uri: {prefix: '/a'}, sourceLabels: {app: 'x'}}], route: [to('v2')]},
      {match: [{queryParams: {q: {exact: '1'}}}, {uri: {prefix: '/b'}}, {method: {regex: 'P.*'}}], route: [to('v2')]},
      {match: [{uri: {prefix: '/old'}}], redirect: {uri: '/new'}},
      {route: [to('v1')]},
    ])
    expect(routes.map(({matches}) => matches.map(({path}) => path?.value))).toEqual([['/b'], []])
    expect(beyond.map(({field}) => field)).toEqual([
      'http[0].match[0].sourceLabels',
      'http[1].match[0].queryParams',
      'http[1].match[2].method',
      'http[2].redirect',
    ])
  })

  test('without a route for all other requests say so: Istio answers 404, other meshes send them on', () => {
    const {routes, beyond} = trafficOf({subsets}, [{match: [{uri: {prefix: '/a'}}], route: [to('v2')]}])
    expect(beyond.map(({field}) => field)).toEqual(['http without a route for all other requests'])
    expect(routes.at(-1)).toMatchObject({matches: [], backends: [{service: {name: 'orders'}, weight: 100}]})
  })

  test('behind a route for everything are told to be out of reach', () => {
    const made = world({subsets}, [{match: [{}], route: [to('v1')]}, {route: [to('v2')]}])
    expect(made.intentOf('service/shop/orders')).toMatchObject({
      held: [],
      problems: [
        {kind: 'ignored', code: 'MW6016', origin: {path: 'mesh.trafficManagement.virtualServices[0].http[1]'}},
      ],
    })
    expect(intentOf(made).traffic?.routes).toHaveLength(1)
  })

  test.for<[string, readonly unknown[], string]>([
    [
      'a subset that nobody declares',
      [{route: [to('v9')]}],
      'MW6003 http[0].route[0].destination.subset: no destination rule has a subset "v9" of shop/orders; there is v1, v2',
    ],
    [
      'weights of nothing',
      [{route: [to('v1'), to('v2')]}],
      'MW6006 http[0].route: all weights are 0, so that nothing gets the traffic',
    ],
    [
      'less than a percent',
      [{route: [to('v1', 999), to('v2', 1)]}],
      'MW6006 http[0].route[1]: 1 of 1000 is less than one percent, and shares are whole percents',
    ],
    [
      'a host outside the cluster',
      [{route: [{destination: {host: 'api.example.com'}}]}],
      'MW6015 http[0].route[0].destination.host: "api.example.com" is not the host of a Kubernetes service',
    ],
    [
      'a timeout that is none',
      [{route: [to('v1')], timeout: 'soon'}],
      'MW6005 http[0].timeout: timeout must be a duration from 1ms to 24h, such as 500ms or 10s, found "soon"',
    ],
    [
      'a try longer than the call',
      [{route: [to('v1')], timeout: '1s', retries: {attempts: 1, perTryTimeout: '2s'}}],
      'MW6014 http[0].retries.perTryTimeout: the limit on one try is longer than timeout, which is for all tries together',
    ],
    [
      'a regular expression that RE2 cannot read',
      [{match: [{uri: {regex: '/(?=a)'}}], route: [to('v1')]}],
      'MW6005 http[0].match[0].uri.regex: "/(?=a)": RE2 has neither lookaround nor back references',
    ],
    ['a list that is none', [{route: 'v1'}], 'MW6005 http[0].route: route must be a list, found "v1"'],
  ])('with %s are refused', ([, http, problem]) => {
    const made = world({subsets}, http)
    const [code, rest] = [problem.slice(0, 7), problem.slice(7)]
    expect(problemsOf(made)).toContain(`${code}${at}.virtualServices[0].${rest}`)
    expect(made.intentOf('service/shop/orders').held).toEqual(['traffic'])
  })

  test('with a timeout of 0s have none', () => {
    expect(trafficOf({subsets}, [{route: [to('v1')], timeout: '0s'}]).routes[0]).not.toHaveProperty('timeout')
  })

  test('a second rule on a host does not count, and is told so', () => {
    const made = worldOf([
      ...orders,
      meshConfig({
        mesh: {
          injectionNamespace: 'shop',
          trafficManagement: {
            destinationRules: [
              {host, subsets},
              {host: 'orders', subsets: [{name: 'v3'}]},
            ],
          },
        },
      }),
    ])
    expect(problemsOf(made)).toEqual([
      `MW6002 ${at}.destinationRules[1].host: ${at}.destinationRules[0] is about shop/orders already, and the first one counts`,
    ])
    expect(intentOf(made).traffic?.subsets.map(({name}) => name)).toEqual(['v1', 'v2'])
  })

  test('of several hosts are about each', () => {
    const made = worldOf([
      ...orders,
      meshConfig({
        mesh: {
          injectionNamespace: 'shop',
          trafficManagement: {
            virtualServices: [
              {hosts: ['orders', 'users.shop.svc'], http: [{timeout: '1s', route: [{destination: {host: 'orders'}}]}]},
            ],
          },
        },
      }),
      access('orders', {from: [{service: 'users'}]}),
    ])
    expect(intentOf(made).traffic?.routes).toMatchObject([{timeout: 1000}])
    expect(intentOf(made, 'shop/users').traffic?.routes).toMatchObject([{backends: [{service: {name: 'orders'}}]}])
  })
})
