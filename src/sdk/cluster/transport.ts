import {errors} from 'undici'
import type {ServiceName} from '../../intent/intent.ts'
import {Connections} from '../connections.ts'
import {Attempt, type Outcome} from '../exchange/attempt.ts'
import {Deadlines} from '../exchange/deadlines.ts'
import {Limits} from '../exchange/limits.ts'
import {answered} from '../exchange/sink.ts'
import {NoAnswer, type Incoming, type Outgoing, type Transport, type Try} from '../transport.ts'

export interface ClusterTransportOptions {
  /** `http://order-service.shop:8080`; `port` where the caller names one. */
  readonly originOf: (service: ServiceName, port: number | undefined) => string
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  readonly onTry?: (attempt: Try) => void
  /** Milliseconds that calls under way have once this is closed; 5,000 where absent. */
  readonly grace?: number
}

/**
 * Calls services by their names in the cluster. Everything else is the mesh's: a sidecar picks the version, waits, tries
 * again and ejects. Trying here as well would multiply (3 times 3).
 */
export class ClusterTransport implements Transport {
  readonly #options: ClusterTransportOptions
  readonly #connections: Connections
  readonly #deadlines = new Deadlines()

  constructor(options: ClusterTransportOptions) {
    this.#options = options
    this.#connections = new Connections(options.grace === undefined ? {} : {grace: options.grace})
  }

  send(outgoing: Outgoing): Promise<Incoming> {
    const {promise, resolve, reject} = Promise.withResolvers<Incoming>()
    const {originOf, now, onTry} = this.#options
    const {service, method, path, headers, body = null, timeout, signal, port} = outgoing
    const origin = originOf(service, port)
    const from = {url: origin + path, attempts: 1}
    const limits = new Limits(this.#deadlines, undefined, timeout, signal)
    const started = now()
    const settle = (outcome: Outcome<Incoming>): void => {
      limits.dispose()
      const status = outcome.kind === 'taken' ? outcome.value.status : 0
      // A call that its caller gave up says nothing of the service.
      if (signal?.aborted !== true) onTry?.({service, version: '', url: from.url, status, duration: now() - started})
      if (outcome.kind === 'taken') resolve(outcome.value)
      else reject(this.#connections.end ?? reasonOf(outcome, limits, from))
    }
    const attempt = new Attempt<Incoming>({
      limits,
      deadlines: this.#deadlines,
      perTryTimeout: undefined,
      isRefused: () => false,
      open: (head) => answered(outgoing, head, from),
      onOutcome: settle,
    })
    try {
      this.#connections.dispatch({origin, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0}, attempt)
    } catch (error) {
      limits.dispose()
      reject(error)
    }
    return promise
  }

  async close(): Promise<void> {
    await this.#connections.close()
    this.#deadlines.close()
  }
}

/** Why no answer came: the caller's reason, where it was the caller. */
function reasonOf(outcome: Exclude<Outcome<Incoming>, {kind: 'taken'}>, limits: Limits, from: Sent): unknown {
  const cause = outcome.kind === 'refused' ? undefined : outcome.cause
  if (cause instanceof errors.InvalidArgumentError) return cause
  try {
    limits.throwIfEnded(from, cause)
  } catch (reason) {
    return reason
  }
  return new NoAnswer('connect', {...from, cause})
}

interface Sent {
  readonly url: string
  readonly attempts: number
}
