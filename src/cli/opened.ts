/**
 * What a command has opened and has to close however it ends: a start that fails half-way must end the process, not leave it
 * there with a health port that answers.
 */
export class Opened {
  readonly #closers: (() => unknown)[] = []

  /** @param close may return a promise; it must not reject */
  add(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Closes everything, what was opened last first. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close()
  }
}
