import {errors} from 'undici'
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
import {BadInput, requestsOf} from './request.ts'
import {flat, NoAnswer, type Incoming, type Transport} from './transport.ts'

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
    const requestOf = requestsOf(declared)
    return async (input?: unknown, options: CallOptions = {}): Promise<unknown> => {
      options.signal?.throwIfAborted()
      const headers = this.#context.headers()
      const failed = (url: string, attempts: number): Failed => ({
        service: service.name,
        operation,
        url,
        attempts,
        requestId: headers['x-request-id'] ?? '',
        traceId: headers['traceparent']?.slice(3, 35) ?? '',
      })
      try {
        const {method, path, headers: own, body} = requestOf(input)
        headers['accept'] ??= 'application/json'
        const type = own['content-type']
        if (type !== undefined) headers['content-type'] ??= type
        if (options.headers !== undefined) lay(options.headers, headers)
        const answer = await this.#transport.send({
          service,
          method,
          path,
          headers,
          body,
          timeout: options.timeout === undefined ? undefined : millisecondsOf(options.timeout),
          signal: options.signal,
          operation: {name: operation, input},
        })
        return outputOf(answer, failed)
      } catch (error) {
        if (error instanceof NoAnswer) throw errorOf(error, failed(error.url, error.attempts))
        const isBad = error instanceof BadInput || error instanceof errors.InvalidArgumentError
        throw isBad ? new MeshInputError(error.message, failed('', 0)) : error
      }
    }
  }
}

function lay(given: Readonly<Record<string, string>>, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value
}

/** @throws BadInput */
function millisecondsOf(timeout: string): number {
  const milliseconds = Number(parseDuration(timeout) ?? 0n) / 1e6
  if (milliseconds > 0) return milliseconds
  throw new BadInput(`timeout must be a duration such as 5s, found ${JSON.stringify(timeout)}`)
}

/** What an application is told where no answer came. */
export function errorOf(none: NoAnswer, failed: Failed): Error {
  if (none.reason === 'timeout') return new MeshTimeoutError(none.timeout, failed)
  if (none.reason === 'circuit-open') return new MeshCircuitOpenError(failed)
  const {cause} = none
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : 'no connection'
  return new MeshConnectError(reason, failed, cause)
}

const isJson = /^[^;]*\bjson\b/i

function outputOf(
  {status, headers, text, url, attempts}: Incoming,
  failed: (url: string, attempts: number) => Failed,
): unknown {
  const type = headers['content-type']
  const hasJson = typeof type === 'string' && (type === 'application/json' || isJson.test(type))
  if (status >= 200 && status < 300) {
    if (text === '') return undefined
    if (!hasJson) return text
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new MeshDecodeError(failed(url, attempts), error)
    }
  }
  const flattened = flat(headers)
  const body = hasJson ? parsedOrText(text) : text
  throw new MeshHttpError({status, body, headers: flattened}, originOf(flattened), failed(url, attempts))
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
