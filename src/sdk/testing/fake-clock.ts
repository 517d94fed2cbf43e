/** Time that stands until it is told to go on: intervals of reports, quiet times of traces. */
export class FakeClock {
  #now: number
  #timers: {readonly at: number; readonly call: () => void}[] = []

  /** @param now milliseconds since 1970 */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(milliseconds: number, call: () => void): {cancel(): void} {
    const timer = {at: this.#now + Math.max(0, milliseconds), call}
    this.#timers.push(timer)
    return {cancel: () => void (this.#timers = this.#timers.filter((one) => one !== timer))}
  }

  /** Lets time pass. What falls due happens in its order, and what it sets off ends in between. */
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

/** Whatever waits for nothing but promises has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
