/** Something that will happen, unless it is cancelled first. */
export interface Timer {
  cancel(): void
}

/** Time, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970: for what is shown and stored. May jump. */
  now(): number
  /** Milliseconds since some moment: for measuring. Never goes back. */
  monotonic(): number
  /** Calls back once, after `milliseconds`. */
  after(milliseconds: number, call: () => void): Timer
}

/** The machine's own. Its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds)
    return {cancel: () => clearTimeout(timer)}
  },
}

/** Settles after `milliseconds`, or as soon as `signal` is aborted; never rejects. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>()
  if (signal.aborted || milliseconds <= 0) return Promise.resolve()
  const done = (): void => {
    timer.cancel()
    signal.removeEventListener('abort', done)
    resolve()
  }
  const timer = clock.after(milliseconds, done)
  signal.addEventListener('abort', done, {once: true})
  return promise
}
