import type {Clock} from '../kube/clock.ts'

/** The machine's own. Its timers do not keep the process alive: an application ends when its own work has ended. */
export const systemClock: Clock = {
  // Finer than Date.now(): spans of one millisecond have an order.
  now: () => performance.timeOrigin + performance.now(),
  monotonic: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds).unref()
    return {cancel: () => clearTimeout(timer)}
  },
}

/** Calls `work` every `milliseconds` until it is stopped; a call waits until the one before it has ended. */
export function every(clock: Clock, milliseconds: number, work: () => Promise<void>): {stop(): void} {
  let stopped = false
  const next = () => clock.after(milliseconds, () => void tick())
  let timer = next()
  async function tick(): Promise<void> {
    await work()
    if (!stopped) timer = next()
  }
  return {
    stop() {
      stopped = true
      timer.cancel()
    },
  }
}
