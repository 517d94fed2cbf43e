/** Milliseconds that tasks go on before others get their turn: health checks, new requests, shedding. */
const shortestSlice = 3
/** Of the time that others took. The more of it and the longer a slice, the longer whoever is turned away waits under an overload. */
const share = 2 / 3

/**
 * Tasks of requests that were received, in order. Without it every request would be worked on the moment it is read, the
 * queue would stand in the kernel where nobody can see it, and no request could be shed.
 */
export class Backlog {
  readonly #limit: number
  readonly #run = () => this.#slice()
  #tasks: (() => void)[] = []
  #next = 0
  #scheduled = false
  /** When others got their turn. */
  #yielded = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Tasks that wait. */
  get size(): number {
    return this.#tasks.length - this.#next
  }

  get full(): boolean {
    return this.size >= this.#limit
  }

  /** `task` must not throw. */
  push(task: () => void): void {
    this.#tasks.push(task)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#yielded = performance.now()
    setImmediate(this.#run)
  }

  #slice(): void {
    const started = performance.now()
    // Turning requests away takes time too; tasks get a share of it, or under load nothing would ever be answered.
    const until = started + Math.max(shortestSlice, (started - this.#yielded) * share)
    while (this.#next < this.#tasks.length) {
      this.#tasks[this.#next++]?.()
      if (performance.now() > until && this.size > 0) {
        this.#tasks = this.#tasks.slice(this.#next)
        this.#next = 0
        this.#yielded = performance.now()
        setImmediate(this.#run)
        return
      }
    }
    this.#tasks = []
    this.#next = 0
    this.#scheduled = false
  }
}
