import {errors} from 'undici'
import type {ServiceName} from '../intent/intent.ts'

/** A request on its way to another service. */
export interface Outgoing {
  readonly service: ServiceName
  readonly method: string
  readonly path: string
  /** Lower-case names. The call's own: whoever it passes may add to them. */
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array | undefined
  /** Milliseconds for the whole call, where the caller said so. */
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
  /** What the caller calls it, and what it passed. Absent for a `fetch`. */
  readonly operation?: {readonly name: string; readonly input: unknown}
  /** Where the caller names one; of a cluster, since on one machine every process has its own. */
  readonly port?: number
  /** The answer is wanted byte by byte, in `bytes`. */
  readonly binary?: true
}

/** Lower-case names, as Node has them. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

export interface Incoming {
  readonly status: number
  readonly headers: AnswerHeaders
  /** '' where bytes were asked for. */
  readonly text: string
  readonly bytes?: Uint8Array
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

/** One request to one endpoint. */
export interface Try {
  readonly service: ServiceName
  /** As its rule calls it; '' where no rule has versions. */
  readonly version: string
  readonly url: string
  /** 0 where no answer came. */
  readonly status: number
  /** Milliseconds. */
  readonly duration: number
}

/** How requests reach services: through the sidecar in a cluster, by the rules in process without one. */
export interface Transport {
  /** @throws NoAnswer, or `signal.reason` where the caller gave up */
  send(request: Outgoing): Promise<Incoming>
  close(): Promise<void>
}

/** Whether nothing was sent, since there was nobody to send it to. */
export function isConnectFailure(error: unknown): boolean {
  if (error instanceof errors.ConnectTimeoutError) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'].includes(code)
}

/** Headers as one text each; several values are joined by a comma. */
export function flat(headers: AnswerHeaders): Readonly<Record<string, string>> {
  const flattened: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flattened[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return flattened
}
