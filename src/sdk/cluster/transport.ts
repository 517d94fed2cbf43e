import {Agent, request} from 'undici'
import type {ServiceName} from '../../intent/intent.ts'
import {ended, flat, NoAnswer, type Incoming, type Outgoing, type Transport, type Try} from '../transport.ts'

export interface ClusterTransportOptions {
  /** `http://order-service.shop:8080`; `port` where the caller names one. */
  readonly originOf: (service: ServiceName, port: number | undefined) => string
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  readonly onTry?: (attempt: Try) => void
}

/**
 * Calls services by their names in the cluster. Everything else is the mesh's: a sidecar picks the version, waits, tries
 * again and ejects. Trying here as well would multiply (3 times 3).
 */
export class ClusterTransport implements Transport {
  readonly #options: ClusterTransportOptions
  readonly #agent = new Agent({keepAliveTimeout: 10_000})

  constructor(options: ClusterTransportOptions) {
    this.#options = options
  }

  async send({service, method, path, headers, body, timeout, signal, binary, port}: Outgoing): Promise<Incoming> {
    const {originOf, now, onTry} = this.#options
    const url = `${originOf(service, port)}${path}`
    const limit = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
    const ends = [signal, limit].filter((one) => one !== undefined)
    const started = now()
    let status = 0
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method,
        headers,
        body: body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
        ...(ends.length > 0 && {signal: AbortSignal.any(ends)}),
      })
      const content = binary === true ? {text: '', bytes: await answer.body.bytes()} : {text: await answer.body.text()}
      status = answer.statusCode
      return {status, headers: flat(answer.headers), ...content, url, attempts: 1}
    } catch (cause) {
      signal?.throwIfAborted()
      if (limit?.aborted === true) throw new NoAnswer('timeout', {url, attempts: 1, timeout: timeout ?? 0, cause})
      throw new NoAnswer('connect', {url, attempts: 1, cause})
    } finally {
      // A call that its caller gave up says nothing of the service.
      if (signal?.aborted !== true) onTry?.({service, version: '', url, status, duration: now() - started})
    }
  }

  close(): Promise<void> {
    return ended(this.#agent)
  }
}
