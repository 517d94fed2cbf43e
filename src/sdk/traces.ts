import type {Clock, Timer} from '../kube/clock.ts'
import type {Span, Trace} from './events.ts'

interface Open {
  readonly spans: Span[]
  /** Spans that have begun in this process and not ended. */
  underWay: number
  timer: Timer | undefined
}

/** Milliseconds without a new span after which a trace counts as whole: where none is under way, and where one never ends. */
const [quiet, patience] = [2000, 300_000]
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

  /** A span has begun: the trace is not told before `add` has been called for it, slow as it may be. */
  begin(traceId: string): void {
    const open = this.#of(traceId)
    open.underWay++
    this.#wait(traceId, open)
  }

  add(traceId: string, span: Span): void {
    const open = this.#of(traceId)
    open.underWay = Math.max(0, open.underWay - 1)
    if (open.spans.length < mostSpans) open.spans.push(span)
    this.#wait(traceId, open)
  }

  /** Whether there is a trace to which something has begun or been added, and that is not told. */
  isOpen(traceId: string): boolean {
    return this.#open.has(traceId)
  }

  /** Tells what is open. */
  flush(): void {
    for (const id of this.#open.keys()) this.#close(id)
  }

  #of(traceId: string): Open {
    const known = this.#open.get(traceId)
    if (known !== undefined) return known
    const [oldest] = this.#open.keys()
    if (this.#open.size >= mostTraces && oldest !== undefined) this.#close(oldest)
    const open: Open = {spans: [], underWay: 0, timer: undefined}
    this.#open.set(traceId, open)
    return open
  }

  #wait(traceId: string, open: Open): void {
    open.timer?.cancel()
    open.timer = this.#clock.after(open.underWay > 0 ? patience : quiet, () => this.#close(traceId))
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
