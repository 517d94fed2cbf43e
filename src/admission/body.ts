import type {IncomingMessage} from 'node:http'
import type {Budget} from './budget.ts'
import {Fault} from './fault.ts'
import {largestReview} from './size.ts'

/**
 * Bytes of one body: what controller-runtime takes, for the API server's own limit is 3 MiB an object, old and new. How much of
 * it is worked on says `size.ts`; what comes after that is counted and forgotten.
 */
const bodyLimit = 7 * 1024 * 1024
/** Bodies beyond this share a budget; pods have a few KiB, so a flood of giants does not starve them. */
const largeBody = 64 * 1024

/** A body and when its request came. */
export interface Received {
  /** All of it, or the beginning of one that is too large to be worked on, itself too large for that. */
  readonly text: Buffer
  /** Milliseconds, of the same clock as `performance.now()`. */
  readonly arrived: number
  /** Bytes taken from the budget, to be given back when the text is of no more use. */
  readonly reserved: number
}

/** Why a body is not taken of which much more may come: nothing of that is read, for dropping a GiB keeps everybody waiting. */
export class Excess {
  readonly fault: Fault

  constructor(fault: Fault) {
    this.fault = fault
  }
}

const [tooLarge, tooBusy, empty] = [
  new Excess(new Fault('MW5004')),
  new Excess(new Fault('MW5003')),
  new Fault('MW5007'),
]

/** Bodies on their way in. */
export class Receiver {
  readonly #budget: Budget
  readonly #now: () => number
  /** Requests whose body has not fully arrived. */
  receiving = 0

  constructor(budget: Budget, now: () => number) {
    this.#budget = budget
    this.#now = now
  }

  /** Calls `done` once, or never where the client goes away. */
  receive(message: IncomingMessage, done: (outcome: Received | Excess | Fault) => void): void {
    const arrived = this.#now()
    if (Number(message.headers['content-length']) > bodyLimit) {
      done(tooLarge)
      return
    }
    this.receiving++
    const chunks: Buffer[] = []
    let [length, kept] = [0, 0]
    let reserved = 0
    let open = true
    const finish = () => {
      open = false
      this.receiving--
    }
    const drop = () => {
      finish()
      this.#budget.giveBack(reserved)
    }
    message.on('data', (chunk: Buffer) => {
      if (!open) return
      length += chunk.length
      const excess =
        length > bodyLimit
          ? tooLarge
          : length > largeBody && !this.#budget.take(length - reserved)
            ? tooBusy
            : undefined
      if (excess !== undefined) {
        drop()
        message.pause()
        done(excess)
        return
      }
      if (length > largeBody) reserved = length
      if (kept > largestReview) return
      kept += chunk.length
      chunks.push(chunk)
    })
    message.on('end', () => {
      if (!open) return
      finish()
      const [first] = chunks
      if (first === undefined) done(empty)
      else done({text: chunks.length === 1 ? first : Buffer.concat(chunks, kept), arrived, reserved})
    })
    message.on('close', () => {
      if (open) drop()
    })
  }
}
