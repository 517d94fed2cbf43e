import {describe, expect, test} from 'vitest'
import {Ledger} from './ledger.ts'
import type {LiveObject} from './live.ts'

const live: LiveObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  namespace: 'shop',
  name: 'orders',
  uid: 'a',
  version: 5,
  unit: 'service/shop/orders',
  part: 'traffic',
  mode: 'own',
  digest: 'd',
  touched: false,
  leaving: false,
}

describe('the ledger', () => {
  test('finds what a unit has written', () => {
    const ledger = new Ledger()
    expect(ledger.set(live)).toBe(true)
    ledger.set({...live, name: 'users', unit: 'service/shop/users'})
    expect(ledger.ofUnit(live.unit)).toEqual([live])
    expect([...ledger.units()]).toEqual(['service/shop/orders', 'service/shop/users'])
    expect(ledger.delete(live)).toEqual(live)
    expect(ledger.delete(live)).toBeUndefined()
    expect([...ledger.units()]).toEqual(['service/shop/users'])
  })

  test('moves an object that another unit has written since', () => {
    const ledger = new Ledger()
    ledger.set(live)
    expect(ledger.set({...live, version: 6, unit: 'service/shop/users'})).toBe(true)
    expect(ledger.ofUnit(live.unit)).toEqual([])
    expect(ledger.size).toBe(1)
  })

  test('knows the same object in another version of its kind', () => {
    const ledger = new Ledger()
    ledger.set(live)
    expect(ledger.get({...live, apiVersion: 'networking.istio.io/v1beta1'})).toEqual(live)
  })

  test('is not told news by its own writes, and keeps what they meant', () => {
    const ledger = new Ledger()
    ledger.set({...live, means: 'm'})
    expect(ledger.set({...live, version: 6})).toBe(false)
    expect(ledger.get(live)?.means).toBe('m')
    expect(ledger.set({...live, version: 7, digest: 'other'})).toBe(true)
    expect(ledger.get(live)?.means).toBeUndefined()
  })

  test('takes nothing older than it knows, but another object of the same name', () => {
    const ledger = new Ledger()
    ledger.set(live)
    expect(ledger.set({...live, version: 4, digest: 'old'})).toBe(false)
    expect(ledger.get(live)?.digest).toBe('d')
    expect(ledger.set({...live, uid: 'b', version: 4})).toBe(true)
    expect(ledger.delete(live, 'a')).toBeUndefined()
    expect(ledger.get(live)?.uid).toBe('b')
  })
})
