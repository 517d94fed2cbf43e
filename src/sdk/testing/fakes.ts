/** A call that the code under test made. */
export interface RecordedCall {
  readonly service: string
  readonly namespace: string
  /** The name of the operation; of a `fetch`, method and path. */
  readonly operation: string
  /** What was passed; of a `fetch`, its body. */
  readonly input: unknown
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** A rule as it would have been written. */
export interface RecordedRule {
  readonly kind: 'MeshService' | 'TrafficPolicy'
  readonly service: string
  readonly namespace: string
  /** The field manager. */
  readonly manager: string
  readonly spec: Readonly<Record<string, unknown>>
}

/** Answers a call: what it returns, or resolves to, is what the caller gets, by way of JSON. */
export type FakeOperation = (input: never, call: RecordedCall) => unknown
/** By the names of operations; of a `fetch`, method and path: `GET /orders`. */
export type FakeOperations = Readonly<Record<string, FakeOperation>>

/** An answer with a status of its own. */
export class FakeAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>>) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** The end of a call without an answer. */
export class FakeFailure {
  readonly reason: 'connect' | 'timeout' | 'circuit-open'

  constructor(reason: FakeFailure['reason']) {
    this.reason = reason
  }
}

/** What a fake returns to answer with another status than 200: `answer(503, {reason: 'busy'})`. */
export function answer(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): FakeAnswer {
  return new FakeAnswer(status, body, headers)
}

/** What a fake returns to give no answer: the caller gets the MeshError that it would get. */
export function noAnswer(reason: FakeFailure['reason']): FakeFailure {
  return new FakeFailure(reason)
}
