/** Milliseconds for which writes are remembered, and how many there may be in that time. */
const span = 60_000
const most = 10
/** Writes that need not wait for one another, and milliseconds between those that follow: the rest of them fills the minute. */
const atOnce = 3
const apart = Math.ceil(span / (most - atOnce))

/**
 * How often the same thing may be written: ten times a minute, the first three at once, so that what was overwritten once is
 * right again at once, and whoever overwrites it again and again is never left unanswered for longer than nine seconds. Times
 * are monotonic.
 */
export class Pace {
  #writes: readonly number[] = []

  /** Milliseconds to wait before the next write. */
  wait(now: number): number {
    const recent = this.#recent(now)
    const [oldest = now, last = now] = [recent[0], recent.at(-1)]
    const full = recent.length >= most ? oldest + span - now : 0
    return Math.max(full, recent.length >= atOnce ? last + apart - now : 0, 0)
  }

  /** Say it before the write: one that fails counts too, for it is what the API server is asked that has a bound. */
  wrote(now: number): void {
    this.#writes = [...this.#recent(now), now]
  }

  /** Others do not leave alone what was written. */
  isContested(now: number): boolean {
    return this.#recent(now).length >= atOnce
  }

  #recent(now: number): readonly number[] {
    return this.#writes.filter((at) => now - at < span)
  }
}
