import {describe, expect, test} from 'vitest'
import type {Retries} from '../../../intent/intent.ts'
import {
  at,
  factsOf,
  findingsOf,
  httpOf,
  httpPort,
  intentOf,
  match,
  objectsOf,
  outcomes,
  route,
  serviceParts,
  specOf,
  subset,
  to,
  trafficOf,
} from './testing.ts'

const host = 'orders.shop.svc.cluster.local'
const none = {attempts: 0}
const retries = (more: Partial<Retries>): Retries => ({attempts: 3, on: ['5xx'], origin: at('retries'), ...more})
const parts = (routes: Parameters<typeof httpOf>[0], more: Parameters<typeof intentOf>[0] = {}) =>
  serviceParts(intentOf({traffic: trafficOf({subsets: [subset('v1'), subset('v2')], routes}), ...more}))

describe('shares', () => {
  test('of versions are weights of subsets', () => {
    expect(objectsOf(parts([route({backends: [to('v1', 80), to('v2', 20)]})]))).toMatchObject([
      {kind: 'DestinationRule', metadata: {namespace: 'shop', name: 'orders'}},
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: {namespace: 'shop', name: 'orders'},
        spec: {
          hosts: [host],
          http: [
            {
              route: [
                {destination: {host, subset: 'v1'}, weight: 80},
                {destination: {host, subset: 'v2'}, weight: 20},
              ],
              retries: none,
            },
          ],
        },
      },
    ])
  })

  test('of nothing stay, so that a canary can be seen', () => {
    expect(httpOf([route({backends: [to('v1'), to('v2', 0)]})])).toMatchObject([{route: [{weight: 100}, {weight: 0}]}])
  })

  test('of one destination need no weight', () => {
    expect(httpOf([route({backends: [to('v1')]})])).toEqual([
      {route: [{destination: {host, subset: 'v1'}}], retries: none},
    ])
  })

  test('of the same destination are one', () => {
    expect(httpOf([route({backends: [to('v1', 30), to('v1', 30), to('v2', 40)]})])).toMatchObject([
      {route: [{weight: 60}, {weight: 40}]},
    ])
  })

  test('of another service go to its host', () => {
    const other = {namespace: 'front', name: 'web'}
    expect(httpOf([route({backends: [to('v1', 50), {...to(undefined, 50, other), port: 8080}]})])).toMatchObject([
      {
        route: [
          {destination: {host, subset: 'v1'}},
          {destination: {host: 'web.front.svc.cluster.local', port: {number: 8080}}},
        ],
      },
    ])
  })

  test('of a version that the service does not have are refused', () => {
    const missing = parts([route({backends: [to('v3')]})])
    expect(outcomes(missing)).toEqual(['refused MW6110 split'])
    expect(objectsOf(missing)).toEqual([])
  })

  test('hosts end in the cluster domain of the installed Istio', () => {
    const intent = intentOf({traffic: trafficOf({routes: [route()]})})
    const spec = specOf(
      serviceParts(intent, {istio: {values: {global: {proxy: {clusterDomain: 'k8s.example'}}}}}),
      'VirtualService',
    )
    expect(spec).toMatchObject({hosts: ['orders.shop.svc.k8s.example']})
  })
})

describe('matches', () => {
  test.each([
    ['/api', [{uri: {exact: '/api'}}, {uri: {prefix: '/api/'}}]],
    ['/api/', [{uri: {exact: '/api'}}, {uri: {prefix: '/api/'}}]],
  ])('the prefix %s is of whole elements', (value, expected) => {
    const routes = [route({matches: [match({path: {kind: 'prefix', value}})]}), route()]
    expect(httpOf(routes)).toMatchObject([{match: expected}, {retries: none}])
  })

  test('the prefix / is every request, and nothing behind it is reached', () => {
    const all = parts([route({matches: [match({path: {kind: 'prefix', value: '/'}})]}), route()])
    expect(specOf(all, 'VirtualService')?.['http']).toEqual([{route: [{destination: {host}}], retries: none}])
    expect(outcomes(all)).toEqual(['ignored MW6107 split'])
  })

  test('path, method and headers hold together', () => {
    const one = match({
      path: {kind: 'exact', value: '/orders'},
      method: 'POST',
      headers: [
        {name: 'x-user', kind: 'exact', value: 'qa'},
        {name: 'cookie', kind: 'regex', value: '.*beta.*'},
        {name: 'x-region', kind: 'prefix', value: 'eu-'},
        {name: 'x-debug', kind: 'present', value: ''},
      ],
    })
    expect(httpOf([route({matches: [one]}), route()])).toMatchObject([
      {
        match: [
          {
            uri: {exact: '/orders'},
            method: {exact: 'POST'},
            headers: {
              cookie: {regex: '.*beta.*'},
              'x-debug': {},
              'x-region': {prefix: 'eu-'},
              'x-user': {exact: 'qa'},
            },
          },
        ],
      },
      {},
    ])
  })

  test('a path that two matches have is written once', () => {
    const routes = [
      route({matches: [match({path: {kind: 'exact', value: '/api'}})]}),
      route({matches: [match({path: {kind: 'prefix', value: '/api'}})]}),
      route(),
    ]
    expect(httpOf(routes)).toMatchObject([{match: [{uri: {exact: '/api'}}]}, {match: [{uri: {prefix: '/api/'}}]}, {}])
  })

  test('a match that an earlier one covers is told and left out', () => {
    const v2 = match({path: {kind: 'prefix', value: '/api/v2'}, method: 'GET'})
    const all = parts([
      route({matches: [match({path: {kind: 'prefix', value: '/api'}})]}),
      route({matches: [v2]}),
      route(),
    ])
    expect(specOf(all, 'VirtualService')?.['http']).toHaveLength(2)
    expect(findingsOf(all)).toEqual([expect.objectContaining({kind: 'ignored', code: 'MW6107', origin: v2.origin})])
  })

  test.each([
    [{path: {kind: 'regex', value: '/(?=a)'}} as const, 'refused MW6108 route-path-regex'],
    [{path: {kind: 'regex', value: `/${'a'.repeat(1024)}`}} as const, 'refused MW6108 route-path-regex'],
    [{headers: [{name: 'x', kind: 'regex', value: '*'}]} as const, 'refused MW6108 route-header-regex'],
    [{path: {kind: 'exact', value: '/a?b'}} as const, 'refused MW6109 route-path-exact'],
    [{path: {kind: 'prefix', value: '/a#b'}} as const, 'refused MW6109 route-path-prefix'],
  ])('%j cannot be said', (one, expected) => {
    expect(outcomes(parts([route({matches: [match(one)]}), route()]))).toEqual([expected])
  })

  test('requests that nothing matches go to the service all the same', () => {
    expect(httpOf([route({matches: [match({method: 'GET'})]})])).toMatchObject([
      {match: [{method: {exact: 'GET'}}]},
      {route: [{destination: {host}}], retries: none},
    ])
  })
})

describe('limits', () => {
  test('a timeout is of the whole call', () => {
    expect(httpOf([route({timeout: 1500})])).toMatchObject([{timeout: '1500ms', retries: none}])
  })

  test('retries say their conditions', () => {
    const wanted = retries({perTryTimeout: 2000, on: ['refused-stream', 'gateway-error']})
    expect(httpOf([route({retries: wanted})])).toMatchObject([
      {retries: {attempts: 3, perTryTimeout: '2s', retryOn: 'gateway-error,refused-stream'}},
    ])
  })

  test('of gRPC also by its own statuses', () => {
    expect(httpOf([route({retries: retries({on: ['5xx', 'reset']})})], {protocol: 'grpc'})).toMatchObject([
      {retries: {retryOn: '5xx,reset,internal,unavailable'}},
    ])
  })

  test('nothing asked for is nothing tried again', () => {
    expect(httpOf([route()])).toMatchObject([{retries: none}])
    expect(httpOf([route({retries: retries({attempts: 0})})])).toMatchObject([{retries: none}])
  })

  test('the limit on the only try is that of the call', () => {
    expect(httpOf([route({timeout: 5000, retries: retries({attempts: 0, perTryTimeout: 1000})})])).toEqual([
      {route: [{destination: {host}}], timeout: '1s', retries: none},
    ])
  })
})

describe('ports', () => {
  test('each of several has its own routes, as a destination must name one', () => {
    const ports = [httpPort, {name: 'http-admin', port: 8081, targetPort: 8081, protocol: 'TCP'}]
    const routes = [route({matches: [match({method: 'GET'})], backends: [to('v2')]}), route({backends: [to('v1')]})]
    const to80 = {port: {number: 80}}
    expect(httpOf(routes, {facts: factsOf({ports})})).toMatchObject([
      {match: [{port: 80, method: {exact: 'GET'}}], route: [{destination: {subset: 'v2', ...to80}}]},
      {match: [{port: 80}], route: [{destination: {subset: 'v1', ...to80}}]},
      {match: [{port: 8081, method: {exact: 'GET'}}]},
      {match: [{port: 8081}], route: [{destination: {subset: 'v1', port: {number: 8081}}}]},
    ])
  })

  test('one that Istio takes for bytes is left out, and that is told', () => {
    const ports = [httpPort, {name: 'tcp-db', port: 5432, targetPort: 5432, protocol: 'TCP'}]
    const all = parts([route()], {facts: factsOf({ports})})
    expect(outcomes(all)).toEqual(['approximated MW6105 split'])
    expect(specOf(all, 'VirtualService')).toMatchObject({http: [{match: [{port: 80}]}]})
  })

  test('where all are bytes to Istio, routes of requests are refused', () => {
    const ports = [{...httpPort, appProtocol: 'tcp'}]
    expect(outcomes(parts([route({timeout: 1000})], {facts: factsOf({ports})}))).toEqual(['refused MW6104 split'])
  })
})

describe('a service that speaks TCP', () => {
  const ports = [{name: 'tcp', port: 7000, targetPort: 7000, protocol: 'TCP'}]
  const tcp = {protocol: 'tcp', facts: factsOf({ports})} as const

  test('shares its connections', () => {
    const all = parts([route({backends: [to('v1', 80), to('v2', 20)]})], tcp)
    expect(specOf(all, 'VirtualService')).toEqual({
      hosts: [host],
      tcp: [
        {
          route: [
            {destination: {host, subset: 'v1'}, weight: 80},
            {destination: {host, subset: 'v2'}, weight: 20},
          ],
        },
      ],
    })
    expect(outcomes(all)).toEqual([])
  })

  test.each([
    [route({timeout: 1000}), 'refused MW6111 timeout'],
    [route({retries: retries({})}), 'refused MW6111 retries'],
    [route({matches: [match({method: 'GET'})]}), 'refused MW6111 split'],
  ])('has no requests to speak of', (only, expected) => {
    expect(outcomes(parts([only], tcp))).toContain(expected)
  })

  test('is told where its port says HTTP, or nothing', () => {
    const shares = [route({backends: [to('v1', 80), to('v2', 20)]})]
    expect(outcomes(parts(shares, {protocol: 'tcp', facts: factsOf()}))).toEqual(['refused MW6104 split'])
    const silent = factsOf({ports: [{port: 7000, targetPort: 7000, protocol: 'TCP'}]})
    expect(outcomes(parts(shares, {protocol: 'tcp', facts: silent}))).toEqual(['approximated MW6106 split'])
  })
})

test('versions of a headless Service are refused: the proxy goes where DNS said', () => {
  const facts = factsOf({headless: true})
  expect(outcomes(parts([route({backends: [to('v1')]})], {facts}))).toEqual(['refused MW6103 split'])
  expect(outcomes(parts([route({timeout: 1000})], {facts}))).toEqual([])
  const intent = intentOf({
    facts,
    traffic: trafficOf({subsets: [subset('v1')], routes: [route({backends: [to('v1')]})]}),
  })
  const balanced = {istio: {values: {env: {PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES: 'true'}}}}
  expect(outcomes(serviceParts(intent, balanced))).toEqual([])
})
