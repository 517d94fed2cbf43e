import {expect, test} from 'vitest'
import {isFlat, trendOf} from './trend.ts'

const every = 5
/** Twenty minutes of memory that garbage collection lets swing by 25 MiB, as it does here, with a leak in MiB a minute. */
function memory(leak: number): readonly number[] {
  return Array.from({length: 240}, (_, index) => 120 + ((index * 7) % 26) + (leak * index * every) / 60)
}

test('memory that swings and does not grow is flat', () => {
  expect(isFlat(trendOf(memory(0), every))).toBe(true)
})

test('a leak of two MiB a minute is not, though the swings are as large as what it adds', () => {
  const trend = trendOf(memory(2), every)
  expect(trend.perHour).toBeGreaterThan(100)
  expect(isFlat(trend)).toBe(false)
})

test('swings that would hide a leak are not flat', () => {
  const wide = memory(0).map((value, index) => value + (index % 2) * 60)
  expect(isFlat(trendOf(wide, every))).toBe(false)
})

test('nothing is said of memory that was not measured', () => {
  expect(isFlat(trendOf([...memory(0), Number.NaN], every))).toBe(false)
  expect(isFlat(trendOf([], every))).toBe(false)
})
