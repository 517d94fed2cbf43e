import {expect, test} from 'vitest'
import type {Breaker} from '../../intent/intent.ts'
import {Ejections} from './ejection.ts'

const origin = {source: {kind: 'TrafficPolicy', namespace: 'shop', name: 'a'}, path: '', place: ''} as const
const breaker: Breaker = {threshold: 3, timeout: 1000, recovery: 2500, origin}

function make() {
  let now = 10_000
  const ejections = new Ejections(() => now)
  const fail = (times: number, endpoint = 'a') => {
    for (let i = 0; i < times; i++) ejections.record('g', endpoint, false, breaker)
  }
  return {
    ejections,
    fail,
    pass: (milliseconds: number) => void (now += milliseconds),
    out: (endpoint = 'a') => ejections.available('g', [endpoint]).length === 0,
  }
}

test('consecutive failures eject, for the first timeout', () => {
  const {fail, out, pass} = make()
  fail(2)
  expect(out()).toBe(false)
  fail(1)
  expect(out()).toBe(true)
  pass(999)
  expect(out()).toBe(true)
  pass(1)
  expect(out()).toBe(false)
})

test('one good answer begins the count anew', () => {
  const {ejections, fail, out} = make()
  fail(2)
  ejections.record('g', 'a', true, breaker)
  fail(2)
  expect(out()).toBe(false)
})

test('each further ejection lasts longer, up to recovery', () => {
  const {fail, out, pass} = make()
  for (const duration of [1000, 2000, 2500]) {
    fail(3)
    pass(duration - 1)
    expect(out()).toBe(true)
    pass(1)
    expect(out()).toBe(false)
  }
})

test('an endpoint that came back needs as many failures as before', () => {
  const {fail, out, pass} = make()
  fail(3)
  pass(1000)
  fail(2)
  expect(out()).toBe(false)
})

test('endpoints are judged apart, and all of them may be out', () => {
  const {ejections, fail} = make()
  fail(3, 'a')
  expect(ejections.available('g', ['a', 'b'])).toEqual(['b'])
  fail(3, 'b')
  expect(ejections.available('g', ['a', 'b'])).toEqual([])
})

test('each sweep in which it stays well makes the next ejection shorter, down to the first', () => {
  const {fail, out, pass} = make()
  fail(3)
  pass(1000)
  fail(3)
  pass(2000)
  // One sweep, which is as long as the first ejection: the third is the second one again.
  pass(1000)
  fail(3)
  pass(1999)
  expect(out()).toBe(true)
  pass(1)
  expect(out()).toBe(false)
  pass(60_000)
  fail(3)
  pass(1000)
  expect(out()).toBe(false)
})

test('groups are judged apart, and forgotten when there is no breaker any more', () => {
  const {ejections, fail} = make()
  fail(3, 'a')
  expect(ejections.available('other', ['a'])).toEqual(['a'])
  ejections.forget('g')
  expect(ejections.available('g', ['a'])).toEqual(['a'])
})
