import {randomBytes} from 'node:crypto'

/** Hexadecimal digits that are fetched at once: asking for a few of them costs as much as a call of a service. */
const pooled = 16_384

/** Random ids of traces and spans. */
export class Ids {
  #pool = ''
  #next = 0

  /** 32 hexadecimal digits. */
  trace(): string {
    return this.#take(32)
  }

  /** 16 hexadecimal digits. */
  span(): string {
    return this.#take(16)
  }

  #take(digits: number): string {
    if (this.#next + digits > this.#pool.length) {
      this.#pool = randomBytes(pooled / 2).toString('hex')
      this.#next = 0
    }
    const id = this.#pool.slice(this.#next, (this.#next += digits))
    // W3C has no id of nothing but zeros.
    return /[^0]/.test(id) ? id : this.#take(digits)
  }
}
