import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Backend, Match, Route} from '../../intent/intent.ts'
import {backendOf, routeOf} from './route.ts'

const origin = {source: {kind: 'TrafficPolicy', namespace: 'shop', name: 'a'}, path: '', place: ''} as const
const service = {namespace: 'shop', name: 'a'}
const backend = (subset: string, weight: number): Backend => ({service, subset, weight, origin})
const route = (name: string, ...matches: Partial<Match>[]): Route => ({
  matches: matches.map((match) => ({headers: [], ...match, origin})),
  backends: [backend(name, 100)],
  feature: 'split',
  origin,
})
const chosen = (routes: readonly Route[], path: string, method = 'GET', headers: Record<string, string> = {}) =>
  routeOf(routes, {method, path, headers})?.backends[0]?.subset

describe('a route', () => {
  test('is the first that matches, and without matches is for everything', () => {
    const routes = [route('one', {method: 'POST'}), route('two', {method: 'POST'}), route('rest')]
    expect([chosen(routes, '/', 'POST'), chosen(routes, '/', 'GET')]).toEqual(['one', 'rest'])
  })

  test.each([
    ['prefix', '/api', '/api', true],
    ['prefix', '/api', '/api/orders', true],
    ['prefix', '/api', '/apiary', false],
    ['prefix', '/api/', '/api', true],
    ['prefix', '/', '/anything', true],
    ['text-prefix', '/api', '/apiary', true],
    ['text-prefix', '/api/', '/api', false],
    ['exact', '/api', '/api/', false],
    ['regex', '/orders/[0-9]+', '/orders/12', true],
    ['regex', '/orders/[0-9]+', '/orders/12/items', false],
  ] as const)('by the %s %s: %s is %s', (kind, value, path, fits) => {
    expect(chosen([route('it', {path: {kind, value}})], path)).toBe(fits ? 'it' : undefined)
  })

  test('needs all of its headers', () => {
    const routes = [
      route('it', {
        headers: [
          {name: 'x-user', kind: 'exact', value: 'qa'},
          {name: 'x-any', kind: 'present', value: ''},
        ],
      }),
    ]
    expect(chosen(routes, '/', 'GET', {'x-user': 'qa', 'x-any': ''})).toBe('it')
    expect(chosen(routes, '/', 'GET', {'x-user': 'qa'})).toBeUndefined()
    expect(chosen(routes, '/', 'GET', {'x-user': 'q', 'x-any': '1'})).toBeUndefined()
  })
})

describe('shares', () => {
  test('fall by weight', () => {
    const backends = [backend('v1', 80), backend('v2', 20)]
    expect([0, 0.799, 0.8, 0.999].map((random) => backendOf(backends, random)?.subset)).toEqual([
      'v1',
      'v1',
      'v2',
      'v2',
    ])
  })

  test('of weight 0 get nothing, whatever the number', () => {
    fc.assert(
      fc.property(fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}), (random) => {
        expect(backendOf([backend('none', 0), backend('all', 100), backend('never', 0)], random)?.subset).toBe('all')
      }),
    )
  })
})
