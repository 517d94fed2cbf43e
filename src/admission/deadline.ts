import {parseDuration} from '../mesh/go/duration.ts'

/** What a pod may wait for us at most, whatever the API server would grant. */
const internal = 2000

/**
 * Milliseconds from a request's arrival until its answer is of no use: what `?timeout=` (a Go duration, as the API server
 * sends it) grants, at most 2 s. What cannot be read, or is not positive, grants 2 s.
 */
export class Deadlines {
  // The API server sends the same text with every request.
  #text: unknown
  #milliseconds = internal

  of(timeout: unknown): number {
    if (timeout !== this.#text) {
      this.#milliseconds = read(timeout)
      this.#text = timeout
    }
    return this.#milliseconds
  }
}

function read(timeout: unknown): number {
  const nanoseconds = typeof timeout === 'string' && timeout.length <= 32 ? parseDuration(timeout) : undefined
  const milliseconds = Number(nanoseconds ?? 0n) / 1e6
  return milliseconds > 0 ? Math.min(milliseconds, internal) : internal
}
