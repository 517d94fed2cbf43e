import type {ServiceName} from '../intent/intent.ts'
import {parseDuration} from '../mesh/go/duration.ts'
import type {Context} from './context.ts'
import {
  MeshCircuitOpenError,
  MeshConnectError,
  MeshDecodeError,
  MeshHttpError,
  MeshInputError,
  MeshTimeoutError,
  type ErrorOrigin,
  type Failed,
} from './errors.ts'
import {op, type CallOptions, type Client, type Operation, type Operations, type UntypedClient} from './operation.ts'
import {BadInput, requestOf, type PlainRequest} from './request.ts'
import {NoAnswer, type Incoming, type Transport} from './transport.ts'

/** Names that promises, printers and test runners ask any object for: a client must not take them for operations. */
const notOperations: ReadonlySet<string> = new Set([
  'then',
  'catch',
  'finally',
  'toJSON',
  'toString',
  'valueOf',
  'constructor',
  'inspect',
  'nodeType',
  'tagName',
  'asymmetricMatch',
  '$$typeof',
  'prototype',
  '__proto__',
])

/** Makes clients of other services. */
export class Clients {
  readonly #transport: Transport
  readonly #context: Context

  constructor(transport: Transport, context: Context) {
    this.#transport = transport
    this.#context = context
  }

  /** A frozen plain object with a function for each operation. */
  typed<O extends Operations>(service: ServiceName, operations: O): Client<O>
  typed(service: ServiceName, operations: Operations): object {
    const calls = Object.entries(operations).map(([name, operation]) => [name, this.#call(service, name, operation)])
    return Object.freeze(Object.fromEntries(calls))
  }

  /** Every name is an operation `POST /NAME`. */
  untyped(service: ServiceName): UntypedClient {
    const calls = new Map<string, UntypedClient[string]>()
    return new Proxy<UntypedClient>(Object.freeze({}), {
      get: (_target, name) => {
        if (typeof name !== 'string' || notOperations.has(name)) return undefined
        const known = calls.get(name) ?? this.#call(service, name, op(`POST /${encodeURIComponent(name)}`))
        calls.set(name, known)
        return known
      },
    })
  }

  #call(service: ServiceName, operation: string, declared: Operation<never, unknown>) {
    return async (input?: unknown, options: CallOptions = {}): Promise<unknown> => {
      options.signal?.throwIfAborted()
      const headers = this.#context.headers()
      const failed = (url: string, attempts: number): Failed => ({
        service: service.name,
        operation,
        url,
        attempts,
        requestId: headers['x-request-id'] ?? '',
        traceId: this.#context.trace?.traceId ?? headers['traceparent']?.slice(3, 35) ?? '',
      })
      const [request, timeout] = read(declared, input, options, (message) => new MeshInputError(message, failed('', 0)))
      const given = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
      try {
        const answer = await this.#transport.send({
          service,
          ...request,
          headers: {accept: 'application/json', ...request.headers, ...headers, ...Object.fromEntries(given)},
          timeout,
          signal: options.signal,
          operation: {name: operation, input},
        })
        return outputOf(answer, failed(answer.url, answer.attempts))
      } catch (error) {
        throw error instanceof NoAnswer ? errorOf(error, failed(error.url, error.attempts)) : error
      }
    }
  }
}

function read(
  operation: Operation<never, unknown>,
  input: unknown,
  {timeout}: CallOptions,
  refuse: (message: string) => MeshInputError,
): readonly [PlainRequest, number | undefined] {
  try {
    const request = requestOf(operation, input)
    if (timeout === undefined) return [request, undefined]
    const milliseconds = Number(parseDuration(timeout) ?? 0n) / 1e6
    if (milliseconds <= 0) throw new BadInput(`timeout must be a duration such as 5s, found ${JSON.stringify(timeout)}`)
    return [request, milliseconds]
  } catch (error) {
    throw error instanceof BadInput ? refuse(error.message) : error
  }
}

/** What an application is told where no answer came. */
export function errorOf(none: NoAnswer, failed: Failed): Error {
  if (none.reason === 'timeout') return new MeshTimeoutError(none.timeout, failed)
  if (none.reason === 'circuit-open') return new MeshCircuitOpenError(failed)
  const {cause} = none
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : 'no connection'
  return new MeshConnectError(reason, failed, cause)
}

function outputOf({status, headers, text}: Incoming, failed: Failed): unknown {
  const isJson = /^[^;]*\bjson\b/i.test(headers['content-type'] ?? '')
  if (status >= 200 && status < 300) {
    if (text === '') return undefined
    if (!isJson) return text
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new MeshDecodeError(failed, error)
    }
  }
  throw new MeshHttpError({status, body: isJson ? parsedOrText(text) : text, headers}, originOf(headers), failed)
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Headers that only a sidecar writes: Linkerd's proxy on its own errors, Envoy when it is overloaded or turns a call away. */
function originOf(headers: Readonly<Record<string, string>>): ErrorOrigin {
  if (headers['l5d-proxy-error'] !== undefined || headers['x-envoy-overloaded'] !== undefined) return 'proxy'
  if (headers['x-meshwright-error'] !== undefined) return 'proxy'
  // Envoy names the time that the application took, so it was asked.
  return headers['x-envoy-upstream-service-time'] === undefined ? 'unknown' : 'app'
}
