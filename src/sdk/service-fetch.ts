import type {ServiceName} from '../intent/intent.ts'
import type {Context} from './context.ts'
import {errorOf} from './client.ts'
import type {Failed} from './errors.ts'
import {NoAnswer, type AnswerHeaders, type Transport} from './transport.ts'

export interface ServiceFetchOptions {
  readonly context: Context
  /** Undefined for hosts that are no services: they are fetched as ever. */
  readonly serviceAt: (url: URL) => ServiceName | undefined
  readonly transport: Transport
}

/** As many as fetch itself follows. */
const mostRedirects = 20
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Statuses with which a Response must not have a body. */
const bodiless: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])
/** Of the connection and not of the answer. */
const ofTheWay: ReadonlySet<string> = new Set(['transfer-encoding', 'connection', 'keep-alive'])

/** What is said of a body, and goes with it. */
const ofTheBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']
/** What a caller says of itself to the one whom it asked, and to nobody else. */
const ofTheCaller = ['authorization', 'proxy-authorization', 'cookie', 'host']

interface Sent {
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer> | undefined
  readonly signal: AbortSignal
}

/** `fetch` by the rules. */
export class ServiceFetch {
  readonly #options: ServiceFetchOptions

  constructor(options: ServiceFetchOptions) {
    this.#options = options
  }

  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const service = this.#options.serviceAt(new URL(request.url))
    return service === undefined ? fetch(request) : this.#follow(request, service)
  }

  async #follow(first: Request, service: ServiceName): Promise<Response> {
    const body = first.body === null ? undefined : new Uint8Array(await first.arrayBuffer())
    let [url, method, sent] = [new URL(first.url), first.method, body]
    const headers = new Headers(first.headers)
    let to: ServiceName = service
    for (let hops = 0; ; hops++) {
      const response = await this.#send(to, url, {method, headers, body: sent, signal: first.signal})
      const location = response.headers.get('location')
      if (first.redirect === 'manual' || !redirects.has(response.status) || location === null) return response
      if (first.redirect === 'error' || hops === mostRedirects) throw new TypeError('fetch failed: unexpected redirect')
      url = new URL(location, url)
      const {status} = response
      // https://fetch.spec.whatwg.org/#http-redirect-fetch
      if ((status <= 302 && method === 'POST') || (status === 303 && method !== 'GET' && method !== 'HEAD')) {
        ;[method, sent] = ['GET', undefined]
        for (const name of ofTheBody) headers.delete(name)
      }
      const next = this.#options.serviceAt(url)
      if (next?.name !== to.name || next.namespace !== to.namespace) {
        for (const name of ofTheCaller) headers.delete(name)
      }
      if (next === undefined) return fetch(url, {method, headers, signal: first.signal, body: sent ?? null})
      to = next
    }
  }

  async #send(service: ServiceName, url: URL, {method, headers: given, body, signal}: Sent): Promise<Response> {
    const {context, transport} = this.#options
    const relayed = context.headers()
    const headers: Record<string, string> = {...relayed, ...Object.fromEntries(given)}
    const path = `${url.pathname}${url.search}`
    const port = url.port === '' ? undefined : Number(url.port)
    const failed = (at: string, attempts: number): Failed => ({
      service: service.name,
      operation: `${method} ${url.pathname}`,
      url: at,
      attempts,
      requestId: headers['x-request-id'] ?? '',
      traceId: headers['traceparent']?.slice(3, 35) ?? '',
    })
    try {
      const answer = await transport.send({
        service,
        method,
        path,
        headers,
        body,
        timeout: undefined,
        signal,
        binary: true,
        ...(port !== undefined && {port}),
      })
      const kept = headersOf(answer.headers)
      const content = bodiless.has(answer.status) ? null : new Uint8Array(answer.bytes ?? [])
      return new Response(content, {status: answer.status, headers: kept})
    } catch (error) {
      throw error instanceof NoAnswer ? errorOf(error, failed(error.url, error.attempts)) : error
    }
  }
}

/** One for each value: cookies cannot be joined (RFC 6265, 3). */
function headersOf(answered: AnswerHeaders): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answered)) {
    if (value === undefined || ofTheWay.has(name)) continue
    for (const each of typeof value === 'string' ? [value] : value) headers.append(name, each)
  }
  return headers
}
