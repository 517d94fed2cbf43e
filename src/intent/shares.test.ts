import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {sharesOf} from './shares.ts'

describe('shares', () => {
  test.for<[readonly number[], readonly number[]]>([
    [
      [80, 20],
      [80, 20],
    ],
    [
      [1, 1, 1],
      [33, 33, 34],
    ],
    [
      [2, 1],
      [67, 33],
    ],
    [
      [1, 1, 1, 0],
      [33, 33, 34, 0],
    ],
    [
      [0, 5],
      [0, 100],
    ],
    [
      [1, 99],
      [1, 99],
    ],
  ])('of %j are %j', ([weights, percents]) => {
    expect(sharesOf(weights)).toEqual({ok: true, percents})
  })

  test.for<[readonly number[], string]>([
    [[0, 0], 'all weights are 0'],
    [[], 'all weights are 0'],
    [[1, 1000], '1 of 1001 is less than one percent'],
    [[-1, 2], 'a weight is a number from 0'],
    [[Number.NaN], 'a weight is a number from 0'],
  ])('of %j cannot be said', ([weights, message]) => {
    const shares = sharesOf(weights)
    expect(shares.ok ? '' : shares.message).toContain(message)
  })

  test('sum to 100, are whole, and are less than one percent off', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({max: 1_000_000}), {minLength: 1, maxLength: 40}), (weights) => {
        const shares = sharesOf(weights)
        if (!shares.ok) return
        const whole = weights.reduce((sum, weight) => sum + weight, 0)
        expect(shares.percents.reduce((sum, percent) => sum + percent, 0)).toBe(100)
        for (const [index, percent] of shares.percents.entries()) {
          const exact = ((weights[index] ?? 0) / whole) * 100
          expect(Number.isInteger(percent)).toBe(true)
          expect(Math.abs(percent - exact)).toBeLessThan(1)
          expect(percent === 0).toBe(weights[index] === 0)
        }
      }),
    )
  })
})
