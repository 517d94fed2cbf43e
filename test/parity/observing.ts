import {setTimeout as sleep} from 'node:timers/promises'
import type {Seen, Sent, Stage} from './stage.ts'

/** A number from `least` to `most`, for expectations. */
export function within(least: number, most: number) {
  return {
    asymmetricMatch: (value: unknown) => typeof value === 'number' && value >= least && value <= most,
    toString: () => `within ${least} to ${most}`,
  }
}

/** Sends one request after the other, with a pause of so many milliseconds. */
export async function inTurn(stage: Stage, requests: readonly Sent[], pause = 0): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  for (const request of requests) {
    seen.push(await stage.send(request))
    if (pause > 0) await sleep(pause)
  }
  return seen
}

export function times(count: number, sent: Sent = {}): readonly Sent[] {
  return Array.from({length: count}, () => sent)
}

/** Sends `count` requests, so many at a time, and counts the answers by version. */
export async function shares(stage: Stage, count: number, width = 40): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  let left = count
  async function work(): Promise<void> {
    while (left > 0) {
      left--
      const {version, status} = await stage.send()
      const key = status === 200 ? version : String(status)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({length: width}, work))
  return counts
}

/** Sends a request every few milliseconds for so long. */
export async function keepAsking(stage: Stage, milliseconds: number): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  const end = performance.now() + milliseconds
  while (performance.now() < end) {
    seen.push(await stage.send())
    await sleep(10)
  }
  return seen
}

/** Sends requests until one is answered well; how long that took, in milliseconds. */
export async function untilWell(stage: Stage, most = 5000): Promise<number> {
  const started = performance.now()
  while (performance.now() - started < most) {
    const {status} = await stage.send()
    if (status === 200) return performance.now() - started
    await sleep(10)
  }
  return Infinity
}
