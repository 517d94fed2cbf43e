import {expect, it} from 'vitest'
import {Deadlines} from './deadline.ts'

it('grants what the API server grants, at most 2 s', () => {
  const deadlines = new Deadlines()
  expect(['500ms', '10s', '1s', '1.5s', '0.001s', '2m'].map((text) => deadlines.of(text))).toEqual([
    500, 2000, 1000, 1500, 1, 2000,
  ])
})

it('grants 2 s where there is no timeout or none that can be read', () => {
  const deadlines = new Deadlines()
  const odd = [undefined, '', '0s', '-1s', '10', 'soon', ['1s', '2s'], '9'.repeat(1000), {}]
  expect(odd.map((timeout) => deadlines.of(timeout))).toEqual(odd.map(() => 2000))
  expect(deadlines.of('1s')).toBe(1000)
  expect(deadlines.of(undefined)).toBe(2000)
})
