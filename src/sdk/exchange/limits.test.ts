import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {Deadlines} from './deadlines.ts'
import {Limits} from './limits.ts'

const progress = {url: 'http://a/', attempts: 2}
let deadlines: Deadlines
beforeEach(() => {
  vi.useFakeTimers()
  deadlines = new Deadlines()
})
afterEach(() => vi.useRealTimers())

test('without a limit nothing ends a call', () => {
  const limits = new Limits(deadlines, undefined, undefined, undefined)
  expect(vi.getTimerCount()).toBe(0)
  expect(() => limits.throwIfEnded(progress)).not.toThrow()
})

test.each([
  [50, 80, 50, 'rule'],
  [80, 50, 50, 'caller'],
  [undefined, 50, 50, 'caller'],
  [50, undefined, 50, 'rule'],
] as const)('of the limits %s of the rule and %s of the caller the shorter counts', (rule, caller, at, by) => {
  const limits = new Limits(deadlines, rule, caller, undefined)
  vi.advanceTimersByTime(at - 1)
  expect(limits.endedBy).toBeUndefined()
  const told = vi.fn()
  limits.whenEnded(told)
  vi.advanceTimersByTime(1)
  expect(told).toHaveBeenCalledOnce()
  expect(limits.endedBy).toBe(by)
  expect(() => limits.throwIfEnded(progress)).toThrow(expect.objectContaining({reason: 'timeout', timeout: at}))
})

test("the caller's own signal ends it with the caller's reason", () => {
  const controller = new AbortController()
  const limits = new Limits(deadlines, 50, undefined, controller.signal)
  controller.abort(new Error('enough'))
  expect(limits.endedBy).toBe('caller')
  expect(() => limits.throwIfEnded(progress)).toThrow('enough')
})

test('a signal that was aborted before ends it at once', () => {
  expect(new Limits(deadlines, undefined, undefined, AbortSignal.abort()).endedBy).toBe('caller')
})

test('what is over leaves no timer and no listener behind', () => {
  const controller = new AbortController()
  const removed = vi.spyOn(controller.signal, 'removeEventListener')
  const limits = new Limits(deadlines, 50, undefined, controller.signal)
  const own = new Limits(deadlines, 50, 40, undefined)
  limits.dispose()
  own.dispose()
  vi.advanceTimersByTime(50)
  expect(vi.getTimerCount()).toBe(0)
  expect(removed).toHaveBeenCalledOnce()
  controller.abort()
  expect(limits.endedBy).toBeUndefined()
})

test('a wait ends with the call', async () => {
  const limits = new Limits(deadlines, 50, undefined, undefined)
  const waiting = limits.wait(1000)
  vi.advanceTimersByTime(50)
  await waiting
  expect(vi.getTimerCount()).toBe(0)
})
