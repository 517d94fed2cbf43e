/** Keys that wait or are in work: what is known of them may be out of date. */
export class Pending {
  readonly #open = new Set<string>()
  readonly #working = new Set<string>()
  /** Came again while they were in work. */
  readonly #again = new Set<string>()

  get keys(): ReadonlySet<string> {
    return this.#open
  }

  add(key: string): void {
    this.#open.add(key)
    if (this.#working.has(key)) this.#again.add(key)
  }

  begin(key: string): void {
    this.#open.add(key)
    this.#working.add(key)
  }

  /** @param isSettled false where nothing came of the work, so that it is still to be done */
  end(key: string, isSettled: boolean): void {
    this.#working.delete(key)
    if (!this.#again.delete(key) && isSettled) this.#open.delete(key)
  }

  clear(): void {
    for (const keys of [this.#open, this.#working, this.#again]) keys.clear()
  }
}
