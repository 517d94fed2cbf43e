import type {IncomingHttpHeaders} from 'node:http'
import type {Dispatcher} from 'undici'
import type {Deadline, Deadlines} from './deadlines.ts'
import type {Limits} from './limits.ts'

/** The first line and the headers of an answer. */
export interface Head {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** Takes the body of an answer in, and makes something of it. */
export interface Sink<T> {
  /** False: no more until `resume` is called. */
  data(chunk: Buffer): boolean
  /** @throws where the body is not what its headers say */
  end(): T
}

/** Makes the sink of an answer; called once at most for each try. `resume` is for a sink that could take no more. */
export type Open<T> = (head: Head, resume: () => void) => Sink<T>

export type Outcome<T> =
  | {readonly kind: 'taken'; readonly value: T}
  /** Its status is one that is tried again; nobody reads its body. */
  | {readonly kind: 'refused'}
  | Failed

/** No answer. `begun`: the headers had come. `impatient`: its own time was over. */
export type Failed =
  | {readonly kind: 'failed'; readonly begun: boolean; readonly cause: Error}
  | {readonly kind: 'impatient'; readonly cause: Error}

export interface AttemptOptions<T> {
  readonly limits: Limits
  readonly deadlines: Deadlines
  /** Milliseconds until the headers. */
  readonly perTryTimeout: number | undefined
  /** Told of the status as soon as it is there. Answers whether it is worth another try. */
  readonly isRefused: (status: number) => boolean
  readonly open: Open<T>
  /** Called once, with what became of it. */
  readonly onOutcome: (outcome: Outcome<T>) => void
}

/** Bytes, and milliseconds, that are waited for what nobody reads, so that its connection can be used again. */
const [dumpedBytes, dumpedTime] = [65_536, 1000]

/** One request to one endpoint, by undici's own callbacks: no stream and no signal is made for it. */
export class Attempt<T> implements Dispatcher.DispatchHandler {
  readonly #options: AttemptOptions<T>
  #deadline: Deadline | undefined
  #dumpTimer: NodeJS.Timeout | undefined
  #controller: Dispatcher.DispatchController | undefined
  #sink: Sink<T> | undefined
  #dumped = 0
  #isRefused = false
  #isSettled = false

  constructor(options: AttemptOptions<T>) {
    this.#options = options
    const {limits, perTryTimeout, deadlines} = options
    limits.whenEnded(() => this.#end({kind: 'failed', begun: this.#sink !== undefined, cause: ended()}))
    if (perTryTimeout === undefined) return
    this.#deadline = deadlines.set(perTryTimeout, () => this.#end({kind: 'impatient', cause: ended()}))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It waited for a connection until it was too late: nothing is sent.
    if (this.#isSettled) controller.abort(ended())
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    // What has begun to answer is waited for, as long as the call may take.
    this.#deadline?.cancel()
    const {isRefused, open, limits} = this.#options
    this.#isRefused = isRefused(status)
    if (!this.#isRefused) {
      this.#sink = open({status, headers}, () => controller.resume())
      return
    }
    limits.whenEnded(undefined)
    this.#dumpTimer = setTimeout(() => controller.abort(ended()), dumpedTime).unref()
    this.#settle({kind: 'refused'})
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink?.data(chunk) === false) controller.pause()
    if (!this.#isRefused) return
    this.#dumped += chunk.length
    if (this.#dumped > dumpedBytes) controller.abort(ended())
  }

  onResponseEnd(): void {
    clearTimeout(this.#dumpTimer)
    if (this.#sink === undefined) return
    try {
      this.#settle({kind: 'taken', value: this.#sink.end()})
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      this.#settle({kind: 'failed', begun: true, cause})
    }
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    clearTimeout(this.#dumpTimer)
    this.#settle({kind: 'failed', begun: this.#sink !== undefined, cause})
  }

  #end(outcome: Failed): void {
    this.#settle(outcome)
    this.#controller?.abort(outcome.cause)
  }

  #settle(outcome: Outcome<T>): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#deadline?.cancel()
    this.#options.onOutcome(outcome)
  }
}

function ended(): Error {
  return new Error('the call was ended')
}
