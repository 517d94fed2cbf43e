/** The end that is set to something, unless it is called off. */
export class Deadline {
  /** Milliseconds as `performance.now()` has them. */
  readonly at: number
  readonly call: () => void
  before: Deadline | undefined
  after: Deadline | undefined
  readonly #queue: Queue

  constructor(queue: Queue, at: number, call: () => void) {
    this.#queue = queue
    this.at = at
    this.call = call
  }

  /** May be called again. */
  cancel(): void {
    this.#queue.remove(this)
  }
}

/** Deadlines of one length: the next to come is the one that was set first. */
class Queue {
  #first: Deadline | undefined
  #last: Deadline | undefined

  get first(): Deadline | undefined {
    return this.#first
  }

  add(deadline: Deadline): void {
    deadline.before = this.#last
    if (this.#last === undefined) this.#first = deadline
    else this.#last.after = deadline
    this.#last = deadline
  }

  remove(deadline: Deadline): void {
    const {before, after} = deadline
    if (before === undefined && this.#first !== deadline) return
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    deadline.before = deadline.after = undefined
  }
}

/**
 * The ends of many calls by few timers: one for each length, which stays when a call ends in time. A timer for each call
 * would cost as much as everything else that a rule asks for. They keep no process alive: the connection of a call does.
 */
export class Deadlines {
  readonly #queues = new Map<number, Queue>()
  readonly #timers = new Map<Queue, NodeJS.Timeout>()

  /** Calls back once, `milliseconds` from now. */
  set(milliseconds: number, call: () => void): Deadline {
    const known = this.#queues.get(milliseconds)
    const queue = known ?? new Queue()
    if (known === undefined) {
      this.#queues.set(milliseconds, queue)
      this.#arm(queue, milliseconds, milliseconds)
    }
    const deadline = new Deadline(queue, performance.now() + milliseconds, call)
    queue.add(deadline)
    return deadline
  }

  /** Nothing will be called back any more. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#queues.clear()
  }

  #arm(queue: Queue, length: number, wait: number): void {
    this.#timers.set(queue, setTimeout(() => this.#look(queue, length), wait).unref())
  }

  #look(queue: Queue, length: number): void {
    // Timers count whole milliseconds.
    const now = performance.now() + 0.5
    for (let next = queue.first; next !== undefined && next.at <= now; next = queue.first) {
      queue.remove(next)
      next.call()
    }
    const {first} = queue
    if (first !== undefined) {
      this.#arm(queue, length, Math.max(1, Math.ceil(first.at - now)))
      return
    }
    this.#timers.delete(queue)
    this.#queues.delete(length)
  }
}
