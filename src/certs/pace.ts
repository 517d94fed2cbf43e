/** Milliseconds for which writes are remembered, and how many there may be in that time. */
const span = 60_000
const most = 10
/**
 * Milliseconds from one write to the next, by how many are remembered: the first three need not wait for one another, two
 * more come within five seconds, and the rest fills the minute.
 */
const apart: readonly number[] = [0, 0, 0, 4000, 4000, 6000, 8000, 10_000, 12_000, 14_000]
/** So many are more than somebody's mistake. */
const contested = 3

/**
 * How often the same thing may be written: ten times a minute, so that what was overwritten once is right again at once, and
 * whoever overwrites it again and again is never left unanswered for longer than 14 s. Times are monotonic.
 */
export class Pace {
  #writes: readonly number[] = []

  /** Milliseconds to wait before the next write. */
  wait(now: number): number {
    const recent = this.#recent(now)
    const [oldest = now, last = now] = [recent[0], recent.at(-1)]
    const next = recent.length >= most ? oldest + span : last + (apart[recent.length] ?? 0)
    return Math.max(next - now, 0)
  }

  /** Say it before the write: one that fails counts too, for it is what the API server is asked that has a bound. */
  wrote(now: number): void {
    this.#writes = [...this.#recent(now), now]
  }

  /** Others do not leave alone what was written. */
  isContested(now: number): boolean {
    return this.#recent(now).length >= contested
  }

  #recent(now: number): readonly number[] {
    return this.#writes.filter((at) => now - at < span)
  }
}
