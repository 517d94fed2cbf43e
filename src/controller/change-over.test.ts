import {describe, expect, test} from 'vitest'
import {access, intentOf, meshConfig, pod, service, traffic, worldOf} from '../intent/testing.ts'
import {ChangeOver} from './change-over.ts'

const world = worldOf([
  meshConfig({mesh: {autoInject: true, injectionNamespace: ['shop', 'bank']}}),
  service('orders'),
  service('users'),
  service('stock'),
  pod('users', 'v1'),
  traffic('orders', {circuitBreaker: {threshold: 5}}),
  traffic('stock', {timeout: '1s'}),
  access('orders', {from: [{service: 'users'}]}),
  access('stock', {from: [{service: 'users'}]}),
])

/** What comes before a unit where these units are pending, or not in place. */
function before(unit: string, units: readonly string[]): string | undefined {
  const changeOver = new ChangeOver({pending: () => new Set(units), isInPlace: (one) => !units.includes(one)})
  return changeOver.before(world.intentOf(unit))
}

test('a caller and what it calls change over together where a breaker is between them', () => {
  expect(intentOf(world, 'shop/users').calls).toHaveLength(1)
  expect(before('service/shop/users', ['service/shop/orders'])).toBe('service/shop/orders')
  expect(before('service/shop/orders', ['service/shop/users'])).toBe('service/shop/users')
  expect(before('service/shop/orders', ['service/shop/orders', 'service/shop/stock'])).toBeUndefined()
  expect(before('service/shop/stock', ['service/shop/users'])).toBeUndefined()
})

test('what holds for a namespace goes after its services', () => {
  expect(before('namespace/shop', ['namespace/shop', 'service/shop/stock', 'mesh/'])).toBe('service/shop/stock')
  expect(before('namespace/shop', ['service/shop-window/stock', 'namespace/bank'])).toBeUndefined()
})

test('what holds for the mesh goes last', () => {
  expect(before('mesh/', ['mesh/', 'service/shop/stock', 'namespace/bank'])).toBe('namespace/bank')
  expect(before('mesh/', ['mesh/'])).toBeUndefined()
})

describe('whoever waits', () => {
  test('is told once, when the other is done', () => {
    const changeOver = new ChangeOver({pending: () => new Set(), isInPlace: () => true})
    changeOver.wait('a', 'first')
    changeOver.wait('b', 'first')
    changeOver.wait('a', 'first')
    expect(changeOver.take('second')).toEqual([])
    expect(changeOver.take('first')).toEqual(['a', 'b'])
    expect(changeOver.take('first')).toEqual([])
  })
})
