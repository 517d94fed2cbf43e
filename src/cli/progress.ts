import type {Io} from './io.ts'

/** Milliseconds before work counts as long, and between two tellings. */
const patience = 1000

/** Tells on stderr how far long work has come: on one line of a terminal, and once in a while elsewhere. */
export class Progress {
  readonly #io: Io
  readonly #every: number
  #told = performance.now()
  #shown = ''

  constructor(io: Io) {
    this.#io = io
    this.#every = io.stderr.isTTY === true ? patience / 5 : patience * 10
    // The first one is not told before the work has been long.
    this.#told += Math.max(0, patience - this.#every)
  }

  tell(text: string): void {
    const now = performance.now()
    if (now - this.#told < this.#every) return
    this.#told = now
    if (this.#io.stderr.isTTY === true) this.#io.stderr.write(`\r${text.padEnd(this.#shown.length)}`)
    else this.#io.stderr.write(`${text}\n`)
    this.#shown = text
  }

  /** Leaves a terminal's line as it was. */
  end(): void {
    if (this.#io.stderr.isTTY === true && this.#shown !== '')
      this.#io.stderr.write(`\r${' '.repeat(this.#shown.length)}\r`)
    this.#shown = ''
  }
}
