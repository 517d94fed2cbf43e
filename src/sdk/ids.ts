import {randomFillSync} from 'node:crypto'

/** Bytes that are fetched at once: asking for a few of them costs as much as a call of a service. */
const pooled = 8192

/** Random ids of traces and spans. */
export class Ids {
  readonly #pool = Buffer.alloc(pooled)
  #next = pooled

  /** 32 hexadecimal digits. */
  trace(): string {
    return this.#take(16)
  }

  /** 16 hexadecimal digits. */
  span(): string {
    return this.#take(8)
  }

  #take(bytes: number): string {
    if (this.#next + bytes > pooled) {
      randomFillSync(this.#pool)
      this.#next = 0
    }
    this.#next += bytes
    const id = this.#pool.toString('hex', this.#next - bytes, this.#next)
    // W3C has no id of nothing but zeros.
    return /^0+$/.test(id) ? this.#take(bytes) : id
  }
}
