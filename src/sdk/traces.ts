import type {Clock, Timer} from '../kube/clock.ts'
import type {Span, Trace} from './events.ts'

interface Open {
  readonly spans: Span[]
  timer: Timer | undefined
}

/** Milliseconds without a new span after which a trace counts as whole. */
const quiet = 2000
/** A service that is called without end must not fill the memory of whoever listens. */
const [mostTraces, mostSpans] = [1000, 1000]

/** Gathers spans into traces and tells each trace once. */
export class Traces {
  readonly #open = new Map<string, Open>()
  readonly #tell: (trace: Trace) => void
  readonly #clock: Clock

  constructor(tell: (trace: Trace) => void, clock: Clock) {
    this.#tell = tell
    this.#clock = clock
  }

  add(traceId: string, span: Span): void {
    const open: Open = this.#open.get(traceId) ?? {spans: [], timer: undefined}
    if (!this.#open.has(traceId)) {
      const [oldest] = this.#open.keys()
      if (this.#open.size >= mostTraces && oldest !== undefined) this.#close(oldest)
      this.#open.set(traceId, open)
    }
    if (open.spans.length < mostSpans) open.spans.push(span)
    open.timer?.cancel()
    open.timer = this.#clock.after(quiet, () => this.#close(traceId))
  }

  /** Tells what is open. */
  flush(): void {
    for (const id of this.#open.keys()) this.#close(id)
  }

  #close(id: string): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    open.timer?.cancel()
    const spans = open.spans.toSorted((a, b) => a.start - b.start)
    const ids = new Set(spans.map((span) => span.id))
    const root = spans.find(({parent}) => !ids.has(parent)) ?? spans[0]
    if (root === undefined) return
    const end = Math.max(...spans.map(({start, duration}) => start + duration))
    this.#tell({
      id,
      duration: end - Math.min(...spans.map(({start}) => start)),
      rootService: root.service,
      spans,
      error: spans.some(({error}) => error),
    })
  }
}
