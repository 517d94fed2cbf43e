import {NoAnswer} from '../transport.ts'

/** Who may end a call before it has been answered. */
export type Ender = 'rule' | 'caller'

/** The ends that are set to one call with all of its tries. */
export class Limits {
  /** Aborted when the call must end; undefined where nobody sets it an end. */
  readonly signal: AbortSignal | undefined
  readonly #timeout: number
  readonly #given: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onAbort: (() => void) | undefined
  #endedBy: Ender | undefined

  /** @param rule milliseconds that the rule gives it; `caller`: those that its caller gives it, with a signal of its own */
  constructor(rule: number | undefined, caller: number | undefined, given: AbortSignal | undefined) {
    this.#timeout = Math.min(rule ?? Infinity, caller ?? Infinity)
    this.#given = given
    if (this.#timeout === Infinity && given === undefined) return
    const controller = new AbortController()
    this.signal = controller.signal
    const end = (by: Ender): void => {
      this.#endedBy ??= by
      controller.abort()
    }
    if (this.#timeout !== Infinity) {
      this.#timer = setTimeout(end, this.#timeout, caller === this.#timeout ? 'caller' : 'rule')
    }
    if (given === undefined) return
    this.#onAbort = () => end('caller')
    if (given.aborted) end('caller')
    else given.addEventListener('abort', this.#onAbort, {once: true})
  }

  /** Undefined while the call goes on. */
  get endedBy(): Ender | undefined {
    return this.#endedBy
  }

  /** Throws why the call had to end; nothing where it need not. */
  throwIfEnded(progress: {readonly url: string; readonly attempts: number}, cause?: unknown): void {
    if (this.#endedBy === undefined) return
    this.#given?.throwIfAborted()
    throw new NoAnswer('timeout', {...progress, timeout: this.#timeout, cause})
  }

  /** To be called when the call is over: nothing is left behind. */
  dispose(): void {
    clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) this.#given?.removeEventListener('abort', this.#onAbort)
  }
}
