import type {Clock} from '../kube/clock.ts'
import type {Context, SpanContext} from './context.ts'
import type {Incoming, Outgoing, Transport} from './transport.ts'

/** What became of a span. */
export interface Ended {
  readonly span: SpanContext
  /** `POST /orders`. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly start: number
  readonly duration: number
  readonly error: boolean
}

export interface TracedOptions {
  readonly context: Context
  readonly clock: Clock
  /** True where the SDK writes the span's id into the call, since no sidecar does. */
  readonly named: boolean
  /** Whether anybody wants to know of spans. */
  readonly isWatched: () => boolean
  /** Told when a span begins that `onSpan` will be told of. */
  readonly onBegin: (span: SpanContext) => void
  readonly onSpan: (ended: Ended) => void
}

/** A transport whose calls are spans: one for each call, with all of its tries. */
export class TracedTransport implements Transport {
  readonly #inner: Transport
  readonly #options: TracedOptions

  constructor(inner: Transport, options: TracedOptions) {
    this.#inner = inner
    this.#options = options
  }

  send(outgoing: Outgoing): Promise<Incoming> {
    const {context, clock, named, isWatched, onBegin, onSpan} = this.#options
    const span = context.call(outgoing.headers, named)
    if (!isWatched()) return this.#inner.send(outgoing)
    onBegin(span)
    const [start, began] = [clock.now(), clock.monotonic()]
    const tell = (status: number): void => {
      const [path = ''] = outgoing.path.split('?', 1)
      const name = `${outgoing.method} ${path}`
      onSpan({span, name, start, duration: clock.monotonic() - began, error: status === 0 || status >= 500})
    }
    return this.#inner.send(outgoing).then(
      (answer) => {
        tell(answer.status)
        return answer
      },
      (error: unknown) => {
        tell(0)
        throw error
      },
    )
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
