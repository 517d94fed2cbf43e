import {AsyncLocalStorage} from 'node:async_hooks'
import {randomUUID} from 'node:crypto'
import {Ids} from './ids.ts'

/** Headers as Node, Fastify and Express have them. */
export type InboundHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Which headers go on from a request that came in to the calls that its handling makes. */
export interface Propagation {
  /** Relay Zipkin's B3 headers as well; W3C's are always relayed. */
  readonly b3?: boolean
  /** Further headers to hand on, such as `x-tenant`. `cookie` and `authorization` only where they are named here. */
  readonly headers?: readonly string[]
}

/** What an inbound request says of the trace that it is part of. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits: the span that calls. */
  readonly spanId: string
  readonly sampled: boolean
}

interface Relay {
  readonly headers: Readonly<Record<string, string>>
  readonly trace: TraceContext
  /** The span that outbound calls are children of; '' where nobody began one. */
  readonly span: string
}

/** A piece of work that somebody may want to see in a trace. */
export interface SpanContext {
  readonly traceId: string
  readonly id: string
  /** '' where it is the first one. */
  readonly parent: string
  readonly sampled: boolean
}

/** A request that came in. */
export interface InboundContext {
  readonly span: SpanContext
  /** Runs `work`, and whatever it starts, as part of the request. */
  run<T>(work: () => T): T
}

/** What `@opentelemetry/api` has of it; taken as it is, so that it need not be installed. */
export interface OpenTelemetry {
  readonly trace: {getActiveSpan(): {spanContext(): {traceId: string; spanId: string; traceFlags: number}} | undefined}
  readonly context: {active(): unknown}
  readonly propagation: {inject(context: unknown, carrier: unknown): void}
}

const requestId = 'x-request-id'
const w3c = ['traceparent', 'tracestate'] as const
const zipkin = [
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  // What Envoy understands beside B3's own.
  'x-ot-span-context',
] as const
const traceHeaders: readonly string[] = [...w3c, ...zipkin]
/** https://www.w3.org/TR/trace-context/: version 00, and what later versions keep of it. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/**
 * Joins what comes in to what goes out: sidecars emit spans, but only the application knows which outbound call belongs to
 * which inbound request.
 */
export class Context {
  readonly #storage = new AsyncLocalStorage<Relay>()
  readonly #ids = new Ids()
  readonly #relayed: readonly string[]
  readonly #b3: boolean
  readonly #openTelemetry: OpenTelemetry | undefined
  /** What was written or read last: it is asked for again at once. */
  #latest: {readonly header: string; readonly trace: TraceContext} | undefined

  constructor({b3 = false, headers = []}: Propagation = {}, openTelemetry?: OpenTelemetry) {
    this.#b3 = b3
    this.#openTelemetry = openTelemetry
    this.#relayed = [
      ...new Set([requestId, ...w3c, ...(b3 ? zipkin : []), ...headers.map((name) => name.toLowerCase())]),
    ]
  }

  /** Runs `work`, and whatever it starts, as part of the request that came with these headers. */
  run<T>(inbound: InboundHeaders, work: () => T): T {
    return this.#storage.run(this.#relayOf(inbound), work)
  }

  /** The same for a request whose handling is a span of its own. */
  open(inbound: InboundHeaders): InboundContext {
    const relay = this.#relayOf(inbound)
    const {traceId, sampled} = relay.trace
    const id = this.#ids.span()
    const storage = this.#storage
    return {
      span: {traceId, id, parent: relay.span, sampled},
      run: (work) => storage.run({...relay, span: id}, work),
    }
  }

  /**
   * A span for an outbound call that carries these headers, which `headers` gave. With `named` its id is written into them,
   * as a sidecar would. Where a sidecar writes spans of its own, or OpenTelemetry does, they stay as they are: a name that
   * nobody reports would break their trace.
   */
  call(headers: Record<string, string>, named: boolean): SpanContext {
    const relay = this.#storage.getStore()
    const trace = this.#read(headers['traceparent']) ?? relay?.trace ?? this.#begun()
    const isForeign = this.#openTelemetry?.trace.getActiveSpan() !== undefined
    const {traceId, sampled} = trace
    const span = {traceId, id: this.#ids.span(), parent: isForeign ? trace.spanId : (relay?.span ?? ''), sampled}
    if (named && !isForeign) rename(headers, span)
    return span
  }

  /**
   * The headers that an outbound call must carry. An active OpenTelemetry span wins: relayed trace headers that it does
   * not write are dropped, since they would name another span.
   */
  headers(): Record<string, string> {
    const relay = this.#storage.getStore()
    const headers: Record<string, string> = relay === undefined ? this.#fresh() : {...relay.headers}
    const api = this.#openTelemetry
    const span = api?.trace.getActiveSpan()
    if (api === undefined || span === undefined) return headers
    const written: Record<string, string> = {}
    api.propagation.inject(api.context.active(), written)
    if (Object.keys(written).length === 0) return headers
    for (const name of traceHeaders) delete headers[name]
    return {...headers, ...written}
  }

  #begun(): TraceContext {
    return {traceId: this.#ids.trace(), spanId: this.#ids.span(), sampled: true}
  }

  /** Of a call that no request came before. */
  #fresh(): Record<string, string> {
    return {[requestId]: randomUUID(), traceparent: this.#written(this.#begun())}
  }

  #written(trace: TraceContext): string {
    const header = traceparentOf(trace)
    this.#latest = {header, trace}
    return header
  }

  #read(header: string | undefined): TraceContext | undefined {
    if (header === undefined) return undefined
    if (header === this.#latest?.header) return this.#latest.trace
    const trace = parsed(header)
    if (trace !== undefined) this.#latest = {header, trace}
    return trace
  }

  #relayOf(inbound: InboundHeaders): Relay {
    const headers: Record<string, string> = {}
    for (const name of this.#relayed) {
      const value = inbound[name]
      if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(',')
    }
    headers[requestId] ??= randomUUID()
    const known = this.#read(headers['traceparent'])
    if (known === undefined) {
      // A tracestate without its parent means nothing.
      delete headers['tracestate']
      delete headers['traceparent']
    }
    const b3 = this.#b3 ? fromB3(headers) : undefined
    const joined = known ?? b3
    const trace = joined ?? this.#begun()
    headers['traceparent'] ??= this.#written(trace)
    return {headers, trace, span: joined?.spanId ?? ''}
  }
}

/** Names another span in the trace headers that are there. */
function rename(headers: Record<string, string>, {traceId, id, parent, sampled}: SpanContext): void {
  headers['traceparent'] = traceparentOf({traceId, spanId: id, sampled})
  if (headers['b3'] !== undefined) {
    headers['b3'] = [traceId, id, sampled ? '1' : '0', parent].filter((part) => part !== '').join('-')
  }
  if (headers['x-b3-spanid'] === undefined) return
  headers['x-b3-spanid'] = id
  if (parent !== '') headers['x-b3-parentspanid'] = parent
}

export function traceparentOf({traceId, spanId, sampled}: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

function parsed(header: string): TraceContext | undefined {
  const [, traceId, spanId, flags = '0'] = traceparent.exec(header) ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return {traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1}
}

/** Of a caller that speaks B3 only; 64-bit trace ids are filled up with zeros. */
function fromB3(headers: Readonly<Record<string, string>>): TraceContext | undefined {
  const [single = '', spanInSingle = '', sampledInSingle = ''] = (headers['b3'] ?? '').split('-')
  const traceId = (headers['x-b3-traceid'] ?? single).toLowerCase().padStart(32, '0')
  const spanId = (headers['x-b3-spanid'] ?? spanInSingle).toLowerCase()
  if (!/^(?!0{32})[0-9a-f]{32}$/.test(traceId) || !/^(?!0{16})[0-9a-f]{16}$/.test(spanId)) return undefined
  const sampled = headers['x-b3-sampled'] ?? sampledInSingle
  return {traceId, spanId, sampled: sampled !== '0' && sampled !== 'false'}
}
