import {Agent, errors, request} from 'undici'
import {MeshMetricsError, type MetricsFailure} from '../errors.ts'
import {refusalIn, samplesIn, type Sample} from './answer.ts'

export interface PrometheusClientOptions {
  /** Of the server, or of the prefix under which it stands. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds for one query. */
  readonly timeout: number
}

/** The most bytes of an answer: some ten thousand series, where one service has a few dozen. */
const mostBytes = 4 * 1024 * 1024
/** The most characters of what the server says that are passed on. */
const mostSaid = 200

/** Asks one Prometheus, or what speaks its HTTP API. */
export class PrometheusClient {
  readonly #options: PrometheusClientOptions
  readonly #endpoint: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent = new Agent({keepAliveTimeout: 10_000})

  constructor(options: PrometheusClientOptions) {
    this.#options = options
    const {url, headers, timeout} = options
    this.#endpoint = new URL(`${url.origin}${url.pathname.replace(/\/$/, '')}/api/v1/query`)
    this.#endpoint.searchParams.set('timeout', `${timeout}ms`)
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    this.#headers = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(login !== ':' && {authorization: `Basic ${Buffer.from(login).toString('base64')}`}),
      ...headers,
    }
  }

  /** @throws MeshMetricsError, or `signal.reason` */
  async query(expression: string, signal: AbortSignal): Promise<readonly Sample[]> {
    const timeout = AbortSignal.timeout(this.#options.timeout)
    try {
      const {status, text} = await this.#post(
        new URLSearchParams({query: expression}).toString(),
        AbortSignal.any([signal, timeout]),
      )
      const document = parsed(text)
      if (status !== 200) {
        const said = refusalIn(document)
        throw this.#failure('refused', `answered ${status}${said === undefined ? '' : `: ${shortened(said)}`}`, {
          status,
        })
      }
      const samples = samplesIn(document)
      if (samples !== undefined) return samples
      const said = refusalIn(document)
      if (said !== undefined) throw this.#failure('refused', shortened(said), {status})
      throw this.#failure('unreadable', 'gave an answer that is none of Prometheus', {status})
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof MeshMetricsError) throw error
      const isLate = timeout.aborted || error instanceof errors.ConnectTimeoutError
      if (isLate) throw this.#failure('timeout', `gave no answer within ${this.#options.timeout} ms`, {cause: error})
      throw this.#failure('unreachable', `cannot be reached: ${reasonOf(error)}`, {cause: error})
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  /** By POST, which a query of any length fits into. A redirection is not followed, but an answer like any other. */
  async #post(body: string, signal: AbortSignal): Promise<{status: number; text: string}> {
    const {statusCode: status, body: answer} = await request(this.#endpoint, {
      method: 'POST',
      headers: this.#headers,
      body,
      signal,
      dispatcher: this.#agent,
    })
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of answer) {
      const bytes: Buffer = chunk
      length += bytes.length
      if (length > mostBytes)
        throw this.#failure('unreadable', `gave an answer of more than ${mostBytes} bytes`, {status})
      chunks.push(bytes)
    }
    return {status, text: Buffer.concat(chunks).toString('utf8')}
  }

  #failure(reason: MetricsFailure, message: string, about: {status?: number; cause?: unknown} = {}): MeshMetricsError {
    const {origin, pathname} = this.#options.url
    return new MeshMetricsError(reason, `Prometheus at ${origin}${pathname.replace(/\/$/, '')} ${message}`, about)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a server says goes into logs: one line, and not a long one. */
function shortened(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
  return line.length > mostSaid ? `${line.slice(0, mostSaid)}...` : line
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}
