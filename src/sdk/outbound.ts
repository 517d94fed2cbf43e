import type {ServiceName} from '../intent/intent.ts'
import {MeshClosedError} from './errors.ts'
import {callerHeader, callerOf} from './names.ts'
import type {Incoming, Outgoing, Transport} from './transport.ts'

export interface OutboundOptions {
  /** Rules that are on their way to be in force; undefined where none are. */
  readonly rulesUnderWay: () => Promise<unknown> | undefined
  /** Who calls, where no mesh says so. */
  readonly caller: () => ServiceName
}

/** Calls of local mode: by the rules that were registered before, and with the caller's name. */
export class LocalOutbound implements Transport {
  readonly #inner: Transport
  readonly #options: OutboundOptions

  constructor(inner: Transport, options: OutboundOptions) {
    this.#inner = inner
    this.#options = options
  }

  send(outgoing: Outgoing): Promise<Incoming> {
    const {rulesUnderWay, caller} = this.#options
    outgoing.headers[callerHeader] = callerOf(caller())
    const underWay = rulesUnderWay()
    return underWay === undefined ? this.#inner.send(outgoing) : underWay.then(() => this.#inner.send(outgoing))
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

/** Refuses calls after the end. */
export class ClosableTransport implements Transport {
  readonly #inner: Transport
  #isClosed = false

  constructor(inner: Transport) {
    this.#inner = inner
  }

  send(outgoing: Outgoing): Promise<Incoming> {
    return this.#isClosed ? Promise.reject(new MeshClosedError()) : this.#inner.send(outgoing)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#inner.close()
  }
}
