import type {ServiceName} from '../intent/intent.ts'

/** A request on its way to another service. */
export interface Outgoing {
  readonly service: ServiceName
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Milliseconds for the whole call, where the caller said so. */
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface Incoming {
  readonly status: number
  /** Lower-case names; several values are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly url: string
  readonly attempts: number
}

/** Why no answer came; what was sent, and how often, is said with it. */
export class NoAnswer extends Error {
  readonly reason: 'connect' | 'timeout' | 'circuit-open'
  readonly url: string
  readonly attempts: number
  /** Milliseconds; of a timeout. */
  readonly timeout: number

  constructor(
    reason: 'connect' | 'timeout' | 'circuit-open',
    {url, attempts, timeout = 0, cause}: {url: string; attempts: number; timeout?: number; cause?: unknown},
  ) {
    super(reason, cause === undefined ? undefined : {cause})
    this.reason = reason
    this.url = url
    this.attempts = attempts
    this.timeout = timeout
  }
}

/** How requests reach services: through the sidecar in a cluster, by the rules in process without one. */
export interface Transport {
  /** @throws NoAnswer, or `signal.reason` where the caller gave up */
  send(request: Outgoing): Promise<Incoming>
  close(): Promise<void>
}
