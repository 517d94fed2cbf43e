import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {intentOf, pod, problemsOf, rule, service, traffic, worldOf} from './testing.ts'

const orders = [service('orders'), pod('orders', 'v1'), pod('orders', 'v2')]

function trafficOf(spec: Record<string, unknown>, objects = orders) {
  const {traffic: wanted} = intentOf(worldOf([...objects, traffic('orders', spec)]))
  if (wanted === undefined) throw new Error('no traffic')
  return wanted
}

const shares = (spec: Record<string, unknown>, objects = orders) =>
  trafficOf(spec, objects)
    .routes.at(-1)
    ?.backends.map(({subset, service, weight}) => [subset ?? service.name, weight])

describe('versions', () => {
  test('are pods by the labels written, or by the label version', () => {
    const versions = [{name: 'v1', labels: {app: 'orders', track: 'stable'}}, {name: 'v2'}]
    expect(trafficOf({versions}).subsets).toEqual([
      {
        name: 'v1',
        labels: {app: 'orders', track: 'stable'},
        origin: expect.objectContaining({path: 'spec.versions[0]'}),
      },
      {name: 'v2', labels: {version: 'v2'}, origin: expect.objectContaining({path: 'spec.versions[1]'})},
    ])
    expect(trafficOf({versions}).routes).toEqual([])
  })

  test("keep the pods' own spelling where theirs is the same version", () => {
    const spelt = [service('orders'), pod('orders', '1.0.0'), pod('orders', 'v1.1.0'), pod('orders', '1.1.0')]
    const {subsets} = trafficOf({versions: [{name: 'v1.0.0'}, {name: 'v1.1.0'}, {name: 'v3'}]}, spelt)
    expect(subsets.map(({labels}) => labels['version'])).toEqual(['1.0.0', 'v1.1.0', 'v3'])
  })

  test('are compared without a leading v before a digit', () => {
    expect(shares({versions: [{name: 'v1'}, {name: 'vnext'}], split: [{version: '1', weight: 100}]})).toEqual([
      ['v1', 100],
    ])
    const world = worldOf([
      ...orders,
      traffic('orders', {versions: [{name: 'vnext'}], split: [{version: 'next', weight: 100}]}),
    ])
    expect(problemsOf(world)).toEqual([
      'MW6003 TrafficPolicy shop/orders spec.split[0].version: spec.versions has no version "next"; it has vnext',
    ])
  })

  test('that nobody wrote down are those that pods carry by name', () => {
    expect(trafficOf({split: [{version: 'v2', weight: 100}]}).subsets).toMatchObject([
      {name: 'v2', labels: {version: 'v2'}},
    ])
  })
})

describe('a canary', () => {
  test('leaves the rest to the other version, to all others alike, or to nobody', () => {
    const versions = [{name: 'v1'}, {name: 'v2'}]
    expect(shares({versions, canary: {version: 'v2', percent: 10}})).toEqual([
      ['v1', 90],
      ['v2', 10],
    ])
    expect(shares({versions, canary: {version: 'v2', percent: 100}})).toEqual([['v2', 100]])
    const three = [...versions, {name: 'v3'}]
    expect(shares({versions: three, canary: {version: 'v3', percent: 9}}, [...orders, pod('orders', 'v3')])).toEqual([
      ['v1', 45],
      ['v2', 46],
      ['v3', 9],
    ])
    expect(trafficOf({versions, canary: {version: 'v2', percent: 10}}).routes[0]?.feature).toBe('canary')
  })

  test('knows the other version from the registration and the pods where nobody wrote it down', () => {
    expect(shares({canary: {version: 'v2', percent: 10}})).toEqual([
      ['v1', 90],
      ['v2', 10],
    ])
    const registered = rule('MeshService', 'orders', {port: 80, versions: [{name: '1'}]})
    expect(
      shares({canary: {version: 'v2', percent: 10}}, [
        service('orders'),
        pod('orders', 'v2'),
        pod('orders', '1'),
        registered,
      ]),
    ).toEqual([
      ['1', 90],
      ['v2', 10],
    ])
  })

  test('with nothing beside it is refused', () => {
    const world = worldOf([
      ...orders,
      traffic('orders', {versions: [{name: 'v2'}], canary: {version: 'v2', percent: 10}}),
    ])
    expect(problemsOf(world)).toEqual([
      'MW6013 TrafficPolicy shop/orders spec.canary.version: there is no version that the other 90 % of the traffic could stay with; name it in spec.versions',
    ])
  })
})

describe('routes', () => {
  test('stand before what all other requests get, in the order written, each with its own limits or those of all', () => {
    const {routes} = trafficOf({
      split: [
        {version: 'v1', weight: 80},
        {version: 'v2', weight: 20},
      ],
      routes: [
        {
          match: {pathPrefix: '/api', method: 'GET', headers: {'x-user': {exact: 'qa'}, 'x-b': {present: true}}},
          timeout: '4s',
        },
        {match: {path: '/slow'}, split: [{version: 'v2', weight: 100}], retries: {attempts: 0}},
      ],
      timeout: '5s',
      retries: {attempts: 3, perTryTimeout: '1s'},
    })
    const retried = {
      attempts: 3,
      perTryTimeout: 1000,
      on: ['gateway-error', 'reset', 'connect-failure', 'refused-stream'],
    }
    expect(routes).toMatchObject([
      {
        matches: [
          {
            path: {kind: 'prefix', value: '/api'},
            method: 'GET',
            headers: [
              {name: 'x-b', kind: 'present', value: ''},
              {name: 'x-user', kind: 'exact', value: 'qa'},
            ],
          },
        ],
        backends: [
          {subset: 'v1', weight: 80},
          {subset: 'v2', weight: 20},
        ],
        timeout: 4000,
        retries: retried,
      },
      {
        matches: [{path: {kind: 'exact', value: '/slow'}, headers: []}],
        backends: [{subset: 'v2', weight: 100}],
        timeout: 5000,
        retries: {attempts: 0, on: []},
      },
      {matches: [], backends: [{subset: 'v1'}, {subset: 'v2'}], timeout: 5000, retries: retried},
    ])
  })

  test('go to all pods where no share is written', () => {
    const {routes} = trafficOf({routes: [{match: {method: 'POST'}, timeout: '1s'}]})
    expect(routes.map(({backends}) => backends)).toMatchObject([
      [{service: {namespace: 'shop', name: 'orders'}, weight: 100}],
      [{service: {namespace: 'shop', name: 'orders'}, weight: 100}],
    ])
    expect(routes[0]?.backends[0]).not.toHaveProperty('subset')
  })

  test('may go to another service, which runs the version', () => {
    const split = [
      {version: 'v1', weight: 90},
      {version: 'v3', service: 'next', weight: 10},
    ]
    expect(shares({versions: [{name: 'v1'}], split}, [...orders, service('next')])).toEqual([
      ['v1', 90],
      ['next', 10],
    ])
  })

  test('that inherit a limit shorter than their try are refused', () => {
    const spec = {routes: [{match: {path: '/'}, timeout: '500ms'}], retries: {attempts: 1, perTryTimeout: '1s'}}
    expect(problemsOf(worldOf([...orders, traffic('orders', spec)]))).toEqual([
      'MW6014 TrafficPolicy shop/orders spec.routes[0].timeout: 1s for one try is longer than 500ms for all tries together',
    ])
  })

  test('sum to 100 whatever the canary and however many versions', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 100}), fc.integer({min: 2, max: 20}), (percent, count) => {
        const names = Array.from({length: count}, (_, index) => `v${index}`)
        const pods = names.map((name) => pod('orders', name))
        const spec = {versions: names.map((name) => ({name})), canary: {version: 'v0', percent}}
        const {backends = []} = trafficOf(spec, [service('orders'), ...pods]).routes.at(-1) ?? {}
        expect(backends.reduce((sum, {weight}) => sum + weight, 0)).toBe(100)
        expect(backends.find(({subset}) => subset === 'v0')?.weight).toBe(percent)
      }),
      {numRuns: 50},
    )
  })
})

test('a breaker ejects for 30 s, and at the longest for twice the first time, where nobody says otherwise', () => {
  const breaker = (spec: object) => trafficOf({circuitBreaker: spec}).breaker
  expect(breaker({threshold: 5})).toMatchObject({threshold: 5, timeout: 30_000, recovery: 60_000})
  expect(breaker({threshold: 5, timeout: '1m30s'})).toMatchObject({timeout: 90_000, recovery: 180_000})
  expect(breaker({threshold: 5, timeout: '10s', recovery: '10s'})).toMatchObject({timeout: 10_000, recovery: 10_000})
})

test('conditions of retries are what is written, in quotes or as the true that YAML makes of a bare on', () => {
  const on = (retries: object) => trafficOf({retries}).routes[0]?.retries?.on
  expect(on({attempts: 1, on: ['5xx']})).toEqual(['5xx'])
  expect(on({attempts: 1, true: ['reset']})).toEqual(['reset'])
})
