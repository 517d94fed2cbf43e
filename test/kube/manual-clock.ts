import type {Clock, Timer} from '../../src/kube/clock.ts'

/** A clock that stands until it is told to go on. */
export class ManualClock implements Clock {
  #now = 0
  #timers: {readonly at: number; readonly call: () => void}[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(milliseconds: number, call: () => void): Timer {
    const timer = {at: this.#now + Math.max(0, milliseconds), call}
    this.#timers.push(timer)
    return {cancel: () => void (this.#timers = this.#timers.filter((one) => one !== timer))}
  }

  /** Milliseconds until the next timer. */
  get next(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({at}) => at)) - this.#now
  }

  /** Lets time pass; timers fire in their order, and what they set off settles in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      const [due] = this.#timers.filter(({at}) => at <= end).toSorted((a, b) => a.at - b.at)
      if (due === undefined) break
      this.#timers = this.#timers.filter((one) => one !== due)
      this.#now = Math.max(this.#now, due.at)
      due.call()
      await settled()
    }
    this.#now = end
    await settled()
  }
}

/** Everything that waits for nothing but promises has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
