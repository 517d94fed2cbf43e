import {expect, test} from 'vitest'
import {longestGap, mostWithin, outside} from './span.ts'

test('what failed outside of every window is told from what failed in one', () => {
  const windows = [
    {from: 100, to: 200},
    {from: 500, to: 600},
  ]
  const inside = [
    {from: 90, to: 100},
    {from: 200, to: 300},
    {from: 550, to: 560},
    {from: 0, to: 1000},
  ]
  const lost = {from: 201, to: 499}
  expect(outside([...inside, lost], windows)).toEqual([lost])
  expect(outside([lost], [])).toEqual([lost])
})

test('eleven patches in some minute are eleven, though the average of two minutes is below', () => {
  const burst = Array.from({length: 11}, (_, index) => 50_000 + index * 1000)
  expect(mostWithin(60_000, burst)).toBe(11)
  expect(mostWithin(60_000, [0, 60_000, 120_000])).toBe(1)
  expect(mostWithin(60_000, [])).toBe(0)
})

test('the longest wait is between two moments', () => {
  expect(longestGap([0, 10, 50, 55])).toBe(40)
  expect(longestGap([7])).toBe(0)
})
