import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {Deadlines} from './deadlines.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('each is called once, when its time has come, whatever others there are', () => {
  const deadlines = new Deadlines()
  const called: string[] = []
  deadlines.set(50, () => called.push('a at 50'))
  deadlines.set(20, () => called.push('b at 20'))
  vi.advanceTimersByTime(19)
  expect(called).toEqual([])
  vi.advanceTimersByTime(1)
  deadlines.set(50, () => called.push('c at 70'))
  vi.advanceTimersByTime(30)
  expect(called).toEqual(['b at 20', 'a at 50'])
  vi.advanceTimersByTime(19)
  expect(called).toHaveLength(2)
  vi.advanceTimersByTime(1)
  expect(called).toEqual(['b at 20', 'a at 50', 'c at 70'])
  expect(vi.getTimerCount()).toBe(0)
})

test('what was called off is not called, wherever it stood, and the others are', () => {
  const deadlines = new Deadlines()
  const called: number[] = []
  const set = [0, 1, 2, 3, 4].map((index) => deadlines.set(50, () => called.push(index)))
  for (const index of [0, 2, 4, 2]) set[index]?.cancel()
  vi.advanceTimersByTime(50)
  expect(called).toEqual([1, 3])
})

test('a thousand of one length have one timer', () => {
  const deadlines = new Deadlines()
  const set = Array.from({length: 1000}, () => deadlines.set(50, () => {}))
  expect(vi.getTimerCount()).toBe(1)
  for (const deadline of set) deadline.cancel()
  vi.advanceTimersByTime(50)
  expect(vi.getTimerCount()).toBe(0)
})

test('one that calls another off while both are due spares it', () => {
  const deadlines = new Deadlines()
  const spared = vi.fn()
  deadlines.set(50, () => other.cancel())
  const other = deadlines.set(50, spared)
  vi.advanceTimersByTime(100)
  expect(spared).not.toHaveBeenCalled()
})

test('after the end nothing is called and no timer is left', () => {
  const deadlines = new Deadlines()
  const called = vi.fn()
  deadlines.set(50, called)
  deadlines.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(100)
  expect(called).not.toHaveBeenCalled()
})
