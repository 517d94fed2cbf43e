import {setTimeout as sleep} from 'node:timers/promises'

/** Thrown by a probe to end the waiting at once: what is waited for cannot come any more. */
export class HopelessError extends Error {
  override name = 'HopelessError'
}

/**
 * Asks `probe` again and again until it answers with something other than undefined or false.
 *
 * A probe that throws is asked again; its last error stands in the message when time is up.
 *
 * @param what ends the sentence "waited 10 s for ..."
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined | false>,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    let last: unknown
    try {
      const answer = await probe()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      if (error instanceof HopelessError) throw error
      last = error
    }
    if (Date.now() >= deadline) {
      const reason = last instanceof Error ? `: ${last.message}` : ''
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}${reason}`, {cause: last})
    }
    await sleep(everyMs)
  }
}
