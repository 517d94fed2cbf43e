import fc from 'fast-check'
import {expect, test} from 'vitest'
import {parseDuration} from '../../go/duration.ts'
import {goDuration} from './durations.ts'

test.each([
  [0, '0s'],
  [250, '250ms'],
  [1000, '1s'],
  [1500, '1.5s'],
  [60_000, '1m0s'],
  [90_500, '1m30.5s'],
  [3_600_000, '1h0m0s'],
])('%i milliseconds are %s', (milliseconds, text) => {
  expect(goDuration(milliseconds)).toBe(text)
})

test('Go reads back what was written', () => {
  fc.assert(
    fc.property(fc.integer({min: 0, max: 86_400_000}), (milliseconds) => {
      expect(parseDuration(goDuration(milliseconds))).toBe(BigInt(milliseconds) * 1_000_000n)
    }),
  )
})
