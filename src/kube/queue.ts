import type {BackoffLimits} from './backoff.ts'
import {systemClock, type Clock, type Timer} from './clock.ts'
import {TooManyRequestsError} from './errors.ts'

export interface QueueOptions {
  /** What is done with a key. Rejecting has it done again after a back-off. */
  readonly work: (key: string) => Promise<void>
  /** Keys in work at once; 1 where absent. */
  readonly workers?: number
  /** Before the second try, doubled with each further one; 200 and 5,000 ms where absent. */
  readonly backoff?: BackoffLimits
  /** Of all keys together; unlimited where absent. */
  readonly rate?: {readonly perSecond: number; readonly burst: number}
  /** A try has failed; the next one begins in `retryIn` milliseconds, unless the key is added before. */
  readonly onFailure?: (key: string, error: unknown, retryIn: number) => void
  readonly clock?: Clock
}

/**
 * Work that is to be done, by key. A key waits at most once, is never worked on twice at the same time, and is worked on
 * once more after what is under way when it is added meanwhile: every `add` is followed by a run that begins after it.
 *
 * Keys are taken in the order of their first `add`. Nothing is done before `start`.
 */
export class WorkQueue {
  readonly #options: QueueOptions & Required<Pick<QueueOptions, 'workers' | 'backoff' | 'clock'>>
  readonly #waiting = new Set<string>()
  readonly #working = new Set<string>()
  /** Added again while they were worked on. */
  readonly #again = new Set<string>()
  readonly #later = new Map<string, Timer>()
  readonly #failures = new Map<string, number>()
  #state: 'idle' | 'running' | 'draining' | 'stopped' = 'idle'
  /** Of the rate. */
  #tokens: number
  #counted: number
  #refill: Timer | undefined
  #quiet: (() => void)[] = []

  constructor(options: QueueOptions) {
    this.#options = {workers: 1, backoff: {shortest: 200, longest: 5_000}, clock: systemClock, ...options}
    this.#tokens = options.rate?.burst ?? Infinity
    this.#counted = this.#options.clock.monotonic()
  }

  /** Keys that wait, those in back-off not counted. */
  get depth(): number {
    return this.#waiting.size + this.#again.size
  }

  /** Keys in work. */
  get working(): number {
    return this.#working.size
  }

  /** Keys whose last try has failed and that wait for the next. */
  get failing(): number {
    return this.#later.size
  }

  /** Now, whatever back-off the key is in. Nothing after `stop`. */
  add(key: string): void {
    if (this.#state === 'draining' || this.#state === 'stopped') return
    this.#later.get(key)?.cancel()
    this.#later.delete(key)
    if (this.#working.has(key)) this.#again.add(key)
    else this.#waiting.add(key)
    this.#next()
  }

  /** After so many milliseconds, unless it is added before. */
  addLater(key: string, milliseconds: number): void {
    if (this.#state === 'draining' || this.#state === 'stopped') return
    this.#later.get(key)?.cancel()
    this.#later.set(
      key,
      this.#options.clock.after(milliseconds, () => this.add(key)),
    )
  }

  /** Neither waits nor counts as failing any more; what is under way goes on. */
  forget(key: string): void {
    this.#waiting.delete(key)
    this.#again.delete(key)
    this.#later.get(key)?.cancel()
    this.#later.delete(key)
    this.#failures.delete(key)
    this.#tellQuiet()
  }

  start(): void {
    if (this.#state !== 'idle') return
    this.#state = 'running'
    this.#next()
  }

  /** Resolves when nothing waits, is in work or in back-off. */
  quiet(): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>()
    this.#quiet.push(resolve)
    this.#tellQuiet()
    return promise
  }

  /**
   * Takes nothing more. Resolves when what is in work is done and, with `drain`, also what waits; failures are not tried
   * again.
   */
  async stop({drain = false}: {drain?: boolean} = {}): Promise<void> {
    const isRunning = this.#state === 'running'
    this.#state = 'draining'
    for (const timer of this.#later.values()) timer.cancel()
    this.#later.clear()
    if (!drain || !isRunning) {
      this.#waiting.clear()
      this.#again.clear()
    }
    await this.quiet()
    this.#state = 'stopped'
    this.#refill?.cancel()
  }

  #next(): void {
    if (this.#state !== 'running' && this.#state !== 'draining') return
    for (const key of this.#waiting) {
      if (this.#working.size >= this.#options.workers || !this.#isAllowed()) return
      this.#waiting.delete(key)
      this.#working.add(key)
      void this.#work(key)
    }
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.work(key)
      this.#failures.delete(key)
    } catch (error) {
      this.#failed(key, error)
    }
    this.#working.delete(key)
    if (this.#again.delete(key)) this.#waiting.add(key)
    this.#next()
    this.#tellQuiet()
  }

  #failed(key: string, error: unknown): void {
    const {backoff, onFailure} = this.#options
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    const delay = Math.min(backoff.longest, backoff.shortest * 2 ** Math.min(failures - 1, 30))
    const retryIn = error instanceof TooManyRequestsError ? Math.max(delay, error.retryAfter) : delay
    // What was added meanwhile comes first, and settles the failure too.
    if (!this.#again.has(key)) this.addLater(key, retryIn)
    onFailure?.(key, error, retryIn)
  }

  /** Takes a token, or sees to it that the work goes on when there is one. */
  #isAllowed(): boolean {
    const {rate, clock} = this.#options
    if (rate === undefined) return true
    const now = clock.monotonic()
    this.#tokens = Math.min(rate.burst, this.#tokens + ((now - this.#counted) / 1_000) * rate.perSecond)
    this.#counted = now
    if (this.#tokens >= 1) {
      this.#tokens--
      return true
    }
    this.#refill ??= clock.after(Math.ceil(((1 - this.#tokens) / rate.perSecond) * 1_000), () => {
      this.#refill = undefined
      this.#next()
    })
    return false
  }

  #tellQuiet(): void {
    if (this.#waiting.size + this.#working.size + this.#again.size + this.#later.size > 0) return
    for (const resolve of this.#quiet.splice(0)) resolve()
  }
}
