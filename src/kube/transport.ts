import {Agent, ProxyAgent, type Dispatcher} from 'undici'
import type {Fence} from './api.ts'
import {pause, type Clock} from './clock.ts'
import type {Access, Credentials} from './credentials.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** With its query, below the server's own path. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  /** Milliseconds until the whole answer must be there; for a stream, until it begins. */
  readonly timeout: number
  readonly fence?: Fence
}

export interface Answer<Body> {
  readonly status: number
  /** Lower-case names. */
  readonly header: (name: string) => string | undefined
  readonly body: Body
}

/** The fence did not hold. */
export class NotSentError extends Error {
  override name = 'NotSentError'
}

/** No answer in time. */
export class TimeoutError extends Error {
  override name = 'TimeoutError'
}

export interface TransportOptions {
  readonly credentials: Credentials
  readonly clock: Clock
  readonly userAgent: string
  /** Milliseconds without a byte while a stream is open after which the API server is asked for a sign of life. */
  readonly idle: number
  /** Milliseconds that it has for that. */
  readonly lifeSign: number
}

/** What is open to the API server: HTTP/2 where it offers it, so one connection for every call and every watch. */
interface Connection {
  readonly key: string
  readonly dispatcher: Dispatcher
  /** When something was last received over it, on the monotonic clock. */
  heard: number
  streams: number
  watched: boolean
}

/** Milliseconds after which a connection that nobody uses is closed. */
const keepAliveTimeout = 90_000

/**
 * Sends requests over one connection that is kept, with fresh credentials on each. A connection that has died without a
 * word (a pulled cable, a NAT that forgot) is noticed within `idle` + `lifeSign` while a stream is open, or when a call
 * times out, and replaced: TCP alone would take a quarter of an hour.
 */
export class Transport {
  readonly #options: TransportOptions
  readonly #origin: string
  readonly #basePath: string
  readonly #closed = new AbortController()
  #connection: Connection | undefined

  constructor(options: TransportOptions) {
    this.#options = options
    const {origin, pathname} = new URL(options.credentials.server)
    this.#origin = origin
    this.#basePath = pathname.replace(/\/+$/, '')
  }

  async call(request: Request): Promise<Answer<string>> {
    return this.#within(request, async (ended) => {
      const {connection, response} = await this.#send(request, ended)
      const chunks: Buffer[] = []
      for await (const chunk of response.body) {
        this.#hear(connection)
        if (Buffer.isBuffer(chunk)) chunks.push(chunk)
      }
      return answerOf(response, Buffer.concat(chunks).toString('utf8'))
    })
  }

  /** Resolves when the answer begins. The signal and `close` end the body; so does a reader that stops reading. */
  async stream(request: Request): Promise<Answer<AsyncIterable<Buffer>>> {
    const {connection, response} = await this.#within(request, async (ended) => {
      const sent = await this.#send(request, ended)
      // Nobody waits for it any more.
      if (ended.aborted) sent.response.body.on('error', () => {}).destroy()
      return sent
    })
    return answerOf(response, this.#read(connection, response, request.signal))
  }

  /** The credentials are not accepted: others next time. */
  renewCredentials(): void {
    this.#options.credentials.renew()
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the connection was closed'))
    const connection = this.#connection
    this.#connection = undefined
    await connection?.dispatcher.destroy()
  }

  async *#read(
    connection: Connection,
    {body}: Dispatcher.ResponseData,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer> {
    const unbind = bind([this.#closed.signal, signal], (reason) => {
      body.destroy(reason instanceof Error ? reason : new Error('aborted'))
    })
    connection.streams++
    void this.#watchOver(connection)
    try {
      for await (const chunk of body) {
        this.#hear(connection)
        if (Buffer.isBuffer(chunk)) yield chunk
      }
    } finally {
      connection.streams--
      unbind()
    }
  }

  async #send(
    {method, path, headers, body, fence}: Request,
    ended: AbortSignal,
  ): Promise<{connection: Connection; response: Dispatcher.ResponseData}> {
    const {userAgent, credentials} = this.#options
    const access = await credentials.access()
    ended.throwIfAborted()
    const connection = this.#connect(access)
    const objection = (): Error | undefined => {
      if (ended.aborted) return new NotSentError('nobody waits for an answer')
      return fence?.holds() === false ? new NotSentError('the fence did not hold') : undefined
    }
    const response = await connection.dispatcher.compose(unless(objection)).request({
      origin: this.#origin,
      path: `${this.#basePath}${path}`,
      method,
      headers: {...access.headers, 'user-agent': userAgent, ...headers},
      ...(body === undefined ? {} : {body}),
    })
    this.#hear(connection)
    return {connection, response}
  }

  /**
   * Runs until the request's own signal, `close` or its time ends it. What has been sent is not aborted then, only its
   * answer not waited for: Node makes a stream of its own out of an answer to an HTTP/2 stream that was destroyed, nobody
   * listens to that one's errors, and the end of the connection would end the process (Node 26, undici 8.12).
   */
  async #within<T>({signal, timeout, method, path}: Request, run: (ended: AbortSignal) => Promise<T>): Promise<T> {
    this.#closed.signal.throwIfAborted()
    signal?.throwIfAborted()
    const {clock} = this.#options
    const ended = new AbortController()
    const {promise: over, reject} = Promise.withResolvers<never>()
    const end = (reason: unknown): void => {
      ended.abort(reason)
      reject(reason)
    }
    const unbind = bind([this.#closed.signal, signal], end)
    const started = clock.monotonic()
    const timer = clock.after(timeout, () => {
      end(new TimeoutError(`no answer to ${method} ${path.replace(/\?.*/, '')} in ${timeout / 1000} s`))
      const connection = this.#connection
      // Others may be answered over it: then only this call was slow.
      if (connection !== undefined && connection.heard < started) this.#drop(connection)
    })
    try {
      return await Promise.race([run(ended.signal), over])
    } finally {
      timer.cancel()
      unbind()
    }
  }

  #hear(connection: Connection): void {
    connection.heard = this.#options.clock.monotonic()
  }

  #connect({tls, proxy, connectionKey}: Access): Connection {
    if (this.#connection?.key === connectionKey) return this.#connection
    // Other certificates: calls and streams under way end over the old ones.
    void this.#connection?.dispatcher.close()
    const common = {keepAliveTimeout, headersTimeout: 0, bodyTimeout: 0}
    const dispatcher =
      proxy === undefined
        ? new Agent({...common, connect: {...tls, keepAlive: true, keepAliveInitialDelay: 30_000}})
        : new ProxyAgent({...common, uri: proxy, requestTls: tls})
    this.#connection = {key: connectionKey, dispatcher, heard: -Infinity, streams: 0, watched: false}
    return this.#connection
  }

  /** Calls and streams over it fail, and the next one connects anew. */
  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined
    void connection.dispatcher.destroy(new Error('the connection has died without a word'))
  }

  async #watchOver(connection: Connection): Promise<void> {
    if (connection.watched) return
    connection.watched = true
    const {clock, idle, lifeSign} = this.#options
    while (connection.streams > 0 && !this.#closed.signal.aborted) {
      const quiet = clock.monotonic() - connection.heard
      if (quiet < idle) await pause(clock, idle - quiet, this.#closed.signal)
      else if (this.#connection !== connection) break
      // Any answer will do, a refusal too. What fails by time drops the connection.
      else
        await this.call({method: 'GET', path: '/version', timeout: lifeSign}).catch(() =>
          pause(clock, lifeSign, this.#closed.signal),
        )
    }
    connection.watched = false
  }
}

function answerOf<Body>({statusCode, headers}: Dispatcher.ResponseData, body: Body): Answer<Body> {
  return {
    status: statusCode,
    header: (name) => {
      const value = headers[name]
      return typeof value === 'string' ? value : value?.[0]
    },
    body,
  }
}

/** Asks when the request is about to be written: it may have waited for a connection until then. */
function unless(objection: () => Error | undefined): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        const error = objection()
        if (error === undefined) handler.onRequestStart?.(controller, context)
        else controller.abort(error)
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    })
}

/** Calls back when one of them is aborted, or is already; what is returned ends that. */
function bind(signals: readonly (AbortSignal | undefined)[], call: (reason: unknown) => void): () => void {
  const given = signals.filter((signal) => signal !== undefined)
  const listener = (): void => call(given.find(({aborted}) => aborted)?.reason)
  for (const signal of given) signal.addEventListener('abort', listener, {once: true})
  if (given.some(({aborted}) => aborted)) listener()
  return () => {
    for (const signal of given) signal.removeEventListener('abort', listener)
  }
}
