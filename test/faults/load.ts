import {setTimeout as sleep} from 'node:timers/promises'
import {Counter, type Count, type Fate} from './count.ts'
import type {Span} from './span.ts'

/**
 * A client that sends at a constant rate, whatever becomes of what it sent before: a server that stalls is met by as many
 * requests as one that does not, and its stalling shows in the latencies.
 */
export class Load {
  readonly #send: (index: number) => Promise<Fate>
  readonly #counter = new Counter()
  readonly #failed: Span[] = []
  readonly #underWay = new Set<Promise<void>>()
  readonly #over = new AbortController()
  readonly #done: Promise<void>

  constructor(perSecond: number, send: (index: number) => Promise<Fate>) {
    this.#send = send
    this.#done = this.#run(1000 / perSecond)
  }

  /** Requests that are not answered yet. */
  get inFlight(): number {
    return this.#underWay.size
  }

  /** What was counted so far. */
  get count(): Count {
    return this.#counter.count
  }

  /** When those were under way that were not answered with a sidecar. */
  get failed(): readonly Span[] {
    return this.#failed
  }

  /** Sends no more, waits for the last answer, and says what became of everything. */
  async stop(): Promise<Count> {
    this.#over.abort()
    await this.#done
    await Promise.all(this.#underWay)
    return this.#counter.count
  }

  async #run(interval: number): Promise<void> {
    const begun = performance.now()
    for (let index = 0; !this.#over.signal.aborted; index++) {
      const due = begun + index * interval
      const wait = due - performance.now()
      if (wait > 0) await sleep(wait, undefined, {signal: this.#over.signal}).catch(() => undefined)
      if (this.#over.signal.aborted) return
      const call = this.#call(index, due)
      this.#underWay.add(call)
      void call.finally(() => this.#underWay.delete(call))
    }
  }

  async #call(index: number, due: number): Promise<void> {
    const from = performance.now()
    const fate = await this.#send(index).catch((error: unknown): Fate => ({
      kind: 'lost',
      why: error instanceof Error ? error.message : String(error),
    }))
    const to = performance.now()
    this.#counter.add(fate, to - due)
    if (fate.kind !== 'injected') this.#failed.push({from, to})
  }
}

/** Loads while something is done, and what became of each; they end also where it fails. */
export async function during<const L extends readonly Load[]>(
  loads: L,
  work: () => Promise<void>,
): Promise<{[K in keyof L]: Count}> {
  try {
    await work()
  } finally {
    await Promise.all(loads.map((load) => load.stop()))
  }
  return loads.map(({count}) => count) as {[K in keyof L]: Count}
}
