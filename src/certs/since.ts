import type {Clock} from '../kube/clock.ts'

/** For how long things have been as they are, by the monotonic clock; what was before this process is not known. */
export class Since {
  readonly #clock: Clock
  readonly #seen = new Map<string, {readonly state: string; readonly at: number}>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds for which this matter has been in this state at every look; 0 at the first. */
  milliseconds(matter: string, state: string): number {
    const now = this.#clock.monotonic()
    const seen = this.#seen.get(matter)
    if (seen?.state === state) return now - seen.at
    this.#seen.set(matter, {state, at: now})
    return 0
  }
}
