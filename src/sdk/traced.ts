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

  async send(outgoing: Outgoing): Promise<Incoming> {
    const {context, clock, named, onSpan} = this.#options
    const {span, headers} = context.call(outgoing.headers, named)
    const [start, began] = [clock.now(), clock.monotonic()]
    let status = 0
    try {
      const answer = await this.#inner.send({...outgoing, headers})
      status = answer.status
      return answer
    } finally {
      const [path = ''] = outgoing.path.split('?', 1)
      const name = `${outgoing.method} ${path}`
      onSpan({span, name, start, duration: clock.monotonic() - began, error: status === 0 || status >= 500})
    }
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
