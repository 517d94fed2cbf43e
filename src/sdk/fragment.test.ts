import {describe, expect, test} from 'vitest'
import {isAnotherVersion, managerFor, trafficFragment, type Call} from './fragment.ts'

const service = {name: 'stock', namespace: 'shop'}
const of = (name: string, version: string, call: Exclude<Call, 'register'>) =>
  trafficFragment({name, version}, call, service, {versions: [{name: 'v1'}]})

describe('the manager of a canary, as whoever split calls it,', () => {
  test.each([
    ['stock', 'v1'],
    ['stock', ''],
    // The name of a call may be in a service's name, and in a version.
    ['split-pricing', 'v1'],
    ['canary', 'split'],
    ['a'.repeat(63), 'v'.repeat(63)],
  ])('is the one that a canary of %s %s has', (name, version) => {
    const canary = of(name, version, 'canary')
    expect(managerFor(of(name, version, 'split'), 'canary')).toBe(canary.manager)
    expect(canary.manager.length).toBeLessThanOrEqual(128)
  })
})

test('another version is one of the same name and the same call, and nobody else', () => {
  const own = of('stock', 'v1', 'split')
  const others = [
    of('stock', 'v2', 'split'),
    of('stock', '', 'split'),
    of('stock', 'v1', 'canary'),
    of('stock-room', 'v2', 'split'),
    own,
  ]
  expect(others.map(({manager}) => isAnotherVersion(manager, own))).toEqual([true, true, false, false, false])
})
