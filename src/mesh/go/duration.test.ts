import {expect, test} from 'vitest'
import {parseDuration} from './duration.ts'

const second = 1_000_000_000n

test.each([
  ['0', 0n],
  ['+0', 0n],
  ['5s', 5n * second],
  ['1h30m', 5400n * second],
  ['1001ms', 1_001_000_000n],
  ['1.5s', 1_500_000_000n],
  ['.5s', 500_000_000n],
  ['5.s', 5n * second],
  ['1500us', 1_500_000n],
  ['1µs', 1000n],
  ['-5s', -5n * second],
  ['0.3333333333333333333h', 1_200_000_000_000n],
  ['9223372036854775807ns', 9_223_372_036_854_775_807n],
  ['-9223372036854775808ns', -9_223_372_036_854_775_808n],
  ['0.9223372036854775808h', 3_320_413_933_267n],
])('%s is a duration', (text, nanoseconds) => {
  expect(parseDuration(text)).toBe(nanoseconds)
})

test.each(['', '5', '-', '.', 's', '.s', '5 s', 'fast', '1h30', '5S', '9223372036854775808ns', '3000000h', '1.2.3s'])(
  '%j is none',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

test('megabytes of digits are answered at once', () => {
  expect(parseDuration('9'.repeat(2_000_000) + 's')).toBeUndefined()
})
