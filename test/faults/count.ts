/** What became of one request. */
export type Fate =
  | {readonly kind: 'injected'}
  /** Answered, and nothing was injected. */
  | {readonly kind: 'bare'; readonly why: string}
  /** Answered with a no. */
  | {readonly kind: 'refused'; readonly why: string}
  /** Not answered. */
  | {readonly kind: 'lost'; readonly why: string}

/** What became of the requests of a load; latencies in milliseconds, from the moment a request was due. */
export interface Count {
  readonly attempted: number
  readonly injected: number
  readonly bare: number
  readonly refused: number
  readonly lost: number
  readonly p50: number
  readonly p99: number
  readonly worst: number
  /** Of what was not injected why, each reason once, with how often. */
  readonly reasons: ReadonlyMap<string, number>
}

/** All that was not injected: none of it is what somebody who created a pod had asked for. */
export function failures({attempted, injected}: Count): number {
  return attempted - injected
}

export class Counter {
  readonly #latencies: number[] = []
  readonly #fates = {injected: 0, bare: 0, refused: 0, lost: 0}
  readonly #reasons = new Map<string, number>()

  add(fate: Fate, latency: number): void {
    this.#fates[fate.kind]++
    this.#latencies.push(latency)
    if (fate.kind === 'injected') return
    // Names and ports would make each reason its own.
    const reason = `${fate.kind}: ${fate.why.replaceAll(/\d{4,}|"[a-z]+-[a-z0-9-]+"/g, '...').slice(0, 300)}`
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
  }

  get count(): Count {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
    return {
      attempted: sorted.length,
      ...this.#fates,
      p50: at(0.5),
      p99: at(0.99),
      worst: at(1),
      reasons: new Map(this.#reasons),
    }
  }
}
