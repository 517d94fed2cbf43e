/** What is known of a call that failed. */
export interface Failed {
  readonly service: string
  readonly operation: string
  readonly url: string
  /** How often it was tried; 0 where nothing was sent. */
  readonly attempts: number
  readonly requestId: string
  /** Of the trace that the call was part of. */
  readonly traceId: string
}

/** What an error is about, for programs: it stays the same where messages change. */
export type MeshErrorCode =
  | 'MESH_INPUT'
  | 'MESH_CONNECT'
  | 'MESH_TIMEOUT'
  | 'MESH_HTTP'
  | 'MESH_DECODE'
  | 'MESH_CIRCUIT_OPEN'
  | 'MESH_PERMISSION'
  | 'MESH_RULE'
  | 'MESH_CONFIG'
  | 'MESH_UNAVAILABLE'
  | 'MESH_METRICS'
  | 'MESH_CLOSED'

/** Where an answer that is not good came from: a sidecar, the application behind it, or nobody can tell. */
export type ErrorOrigin = 'proxy' | 'app' | 'sdk' | 'unknown'

/** The root of everything that the SDK throws; `code` is stable, the message is for people. */
export class MeshError extends Error {
  readonly code: MeshErrorCode
  readonly origin: ErrorOrigin
  /** True where the same call may succeed later. */
  readonly retryable: boolean

  constructor(
    code: MeshErrorCode,
    message: string,
    {cause, origin = 'sdk', retryable = false}: {cause?: unknown; origin?: ErrorOrigin; retryable?: boolean} = {},
  ) {
    super(message, cause === undefined ? undefined : {cause})
    this.name = new.target.name
    this.code = code
    this.origin = origin
    this.retryable = retryable
  }
}

/** A call of another service that did not give what was asked for. */
export class MeshCallError extends MeshError implements Failed {
  readonly service: string
  readonly operation: string
  readonly url: string
  readonly attempts: number
  readonly requestId: string
  readonly traceId: string

  constructor(
    code: MeshErrorCode,
    message: string,
    failed: Failed,
    about: {cause?: unknown; origin?: ErrorOrigin; retryable?: boolean} = {},
  ) {
    super(code, `${failed.service}.${failed.operation}: ${message}`, about)
    this.service = failed.service
    this.operation = failed.operation
    this.url = failed.url
    this.attempts = failed.attempts
    this.requestId = failed.requestId
    this.traceId = failed.traceId
  }
}

/** What was passed cannot make a request: a field that the path names is missing. Nothing was sent. */
export class MeshInputError extends MeshCallError {
  constructor(message: string, failed: Failed) {
    super('MESH_INPUT', message, failed)
  }
}

/** No connection, or one that broke before an answer came. */
export class MeshConnectError extends MeshCallError {
  constructor(message: string, failed: Failed, cause: unknown) {
    super('MESH_CONNECT', message, failed, {cause, origin: 'unknown', retryable: true})
  }
}

/** No answer in the time that the rule or the caller allows. */
export class MeshTimeoutError extends MeshCallError {
  /** Milliseconds. */
  readonly timeout: number

  constructor(timeout: number, failed: Failed) {
    super('MESH_TIMEOUT', `no answer within ${timeout} ms`, failed, {retryable: true})
    this.timeout = timeout
  }
}

/** Local mode: every endpoint is ejected by its circuit breaker. */
export class MeshCircuitOpenError extends MeshCallError {
  constructor(failed: Failed) {
    super('MESH_CIRCUIT_OPEN', 'the circuit breaker has ejected every endpoint', failed, {retryable: true})
  }
}

/** An answer whose status is not 2xx. A handler that lets it pass answers with the same status, in Fastify and in Express. */
export class MeshHttpError extends MeshCallError {
  readonly status: number
  /** Parsed where it was JSON, else its text. */
  readonly body: unknown
  /** Not a plain object: Fastify and Express would send those of an error to their own client. */
  readonly headers: Headers

  constructor(
    answer: {status: number; body: unknown; headers: Readonly<Record<string, string>>},
    origin: ErrorOrigin,
    failed: Failed,
  ) {
    super('MESH_HTTP', `answered ${answer.status}`, failed, {origin, retryable: answer.status >= 500})
    this.status = answer.status
    this.body = answer.body
    this.headers = new Headers(answer.headers)
  }
}

/** A good answer that is not the JSON it says it is. */
export class MeshDecodeError extends MeshCallError {
  constructor(failed: Failed, cause: unknown) {
    super('MESH_DECODE', 'the answer is not valid JSON', failed, {cause, origin: 'app'})
  }
}

/** The cluster does not let this service write the rule; the message names the permission that is missing. */
export class MeshPermissionError extends MeshError {
  constructor(message: string, cause?: unknown) {
    super('MESH_PERMISSION', message, {cause})
  }
}

/** A rule that makes no sense, or that the mesh cannot follow. */
export class MeshRuleError extends MeshError {
  constructor(message: string, cause?: unknown) {
    super('MESH_RULE', message, {cause})
  }
}

/** The options, the environment or the configuration cannot be used; the message names the place and the fix. */
export class MeshConfigError extends MeshError {
  constructor(message: string, cause?: unknown) {
    super('MESH_CONFIG', message, {cause})
  }
}

/** The API server does not answer, or has too much to do. Rules are written as soon as it does. */
export class MeshUnavailableError extends MeshError {
  constructor(message: string, cause: unknown) {
    super('MESH_UNAVAILABLE', message, {cause, retryable: true})
  }
}

/**
 * Why there are no metrics: nobody answers, not in time, the query or the caller is refused (`status`), or the answer is
 * none of Prometheus.
 */
export type MetricsFailure = 'unreachable' | 'timeout' | 'refused' | 'unreadable'

/** Prometheus gave no numbers. The report goes on, and asks again after its interval. */
export class MeshMetricsError extends MeshError {
  readonly reason: MetricsFailure
  /** Of the answer, where one came. */
  readonly status: number | undefined

  constructor(reason: MetricsFailure, message: string, {status, cause}: {status?: number; cause?: unknown} = {}) {
    const isPassing = reason !== 'refused' || status === undefined || status === 429 || status >= 500
    super('MESH_METRICS', message, {cause, retryable: isPassing, origin: 'unknown'})
    this.reason = reason
    this.status = status
  }
}

/** The mesh has been closed. */
export class MeshClosedError extends MeshError {
  constructor() {
    super('MESH_CLOSED', 'the mesh is closed: nothing can be called or registered any more')
  }
}
