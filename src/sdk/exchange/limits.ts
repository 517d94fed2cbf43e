import {NoAnswer} from '../transport.ts'
import type {Deadline, Deadlines} from './deadlines.ts'

/** Who may end a call before it has been answered. */
export type Ender = 'rule' | 'caller'

/** The ends that are set to one call with all of its tries. No AbortSignal is made: that would cost more than all else. */
export class Limits {
  readonly #timeout: number
  readonly #given: AbortSignal | undefined
  readonly #deadline: Deadline | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onAbort: (() => void) | undefined
  #endedBy: Ender | undefined
  #onEnd: (() => void) | undefined

  /**
   * @param rule milliseconds that the rule gives it; `caller`: those that its caller gives it, with a signal of its own
   * @param deadlines those of calls by the same rules; what a caller says may be of any length, and has a timer of its own
   */
  constructor(
    deadlines: Deadlines,
    rule: number | undefined,
    caller: number | undefined,
    given: AbortSignal | undefined,
  ) {
    this.#timeout = Math.min(rule ?? Infinity, caller ?? Infinity)
    this.#given = given
    if (this.#timeout === caller) this.#timer = setTimeout(() => this.#end('caller'), caller)
    else if (this.#timeout === rule) this.#deadline = deadlines.set(rule, () => this.#end('rule'))
    if (given === undefined) return
    this.#onAbort = () => this.#end('caller')
    if (given.aborted) this.#end('caller')
    else given.addEventListener('abort', this.#onAbort, {once: true})
  }

  /** Undefined while the call goes on. */
  get endedBy(): Ender | undefined {
    return this.#endedBy
  }

  /** What is to be called when the call must end: one at a time, and at once where it must have ended already. */
  whenEnded(call: (() => void) | undefined): void {
    this.#onEnd = call
    if (this.#endedBy !== undefined) call?.()
  }

  /** Throws why the call had to end; nothing where it need not. */
  throwIfEnded(progress: {readonly url: string; readonly attempts: number}, cause?: unknown): void {
    if (this.#endedBy === undefined) return
    this.#given?.throwIfAborted()
    throw new NoAnswer('timeout', {...progress, timeout: this.#timeout, cause})
  }

  /** Resolves after so many milliseconds, or when the call must end. */
  wait(milliseconds: number): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, milliseconds)
    this.whenEnded(() => {
      clearTimeout(timer)
      resolve()
    })
    return promise
  }

  /** To be called when the call is over: nothing is left behind. */
  dispose(): void {
    this.#deadline?.cancel()
    clearTimeout(this.#timer)
    this.#onEnd = undefined
    if (this.#onAbort !== undefined) this.#given?.removeEventListener('abort', this.#onAbort)
  }

  #end(by: Ender): void {
    if (this.#endedBy !== undefined) return
    this.#endedBy = by
    this.#onEnd?.()
  }
}
