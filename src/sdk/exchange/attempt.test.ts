import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {Attempt, type Outcome} from './attempt.ts'
import {Deadlines} from './deadlines.ts'
import {Limits} from './limits.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A try that waits for a connection that never comes. */
function waiting({rule, perTryTimeout}: {rule?: number; perTryTimeout?: number}) {
  const deadlines = new Deadlines()
  const limits = new Limits(deadlines, rule, undefined, undefined)
  const outcomes: Outcome<string>[] = []
  const attempt = new Attempt<string>({
    limits,
    deadlines,
    perTryTimeout,
    isRefused: () => false,
    open: () => ({data: () => true, end: () => ''}),
    onOutcome: (outcome) => outcomes.push(outcome),
  })
  return {attempt, limits, outcomes}
}

test.each([
  ['its own time', {perTryTimeout: 50}, 'impatient'],
  ['the time of the call', {rule: 50}, 'failed'],
] as const)('a try that waits for a connection ends with %s, and is not sent later', (_, times, kind) => {
  const {attempt, outcomes} = waiting(times)
  vi.advanceTimersByTime(49)
  expect(outcomes).toEqual([])
  vi.advanceTimersByTime(1)
  expect(outcomes).toMatchObject([{kind}])
  const abort = vi.fn()
  const controller = {aborted: false, paused: false, reason: null, abort, pause() {}, resume() {}}
  attempt.onRequestStart(controller)
  expect(abort).toHaveBeenCalledOnce()
  attempt.onResponseError(controller, new Error('aborted'))
  expect(outcomes).toHaveLength(1)
})
