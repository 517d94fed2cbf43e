import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {Worker} from 'node:worker_threads'
import {textBodies, type TextTarget} from './text-bodies.ts'
import type {TextReport, TextRun} from './text-worker.ts'

/** Seconds without a text done after which the one at hand counts as one that never ends. */
const patience = 60

/**
 * Gives `count` texts to a target in a thread of its own, so that one that never ends, or eats all memory, is a finding
 * like the others.
 */
export async function fuzzTexts(target: TextTarget, count: number, seed: number): Promise<TextReport> {
  const done = new Int32Array(new SharedArrayBuffer(4))
  const workerData: TextRun = {target, count, seed, done}
  const worker = new Worker(join(import.meta.dirname, 'text-worker.ts'), {
    workerData,
    resourceLimits: {maxOldGenerationSizeMb: 1024},
  })
  const {promise, resolve} = Promise.withResolvers<TextReport>()
  worker.on('message', resolve)
  worker.on('error', (error: Error) =>
    resolve(lost(`ended the thread (${error.message})`, textAt(target, seed, done[0] ?? 0))),
  )
  const watched = new AbortController()
  try {
    return await Promise.race([promise, watch(target, seed, done, watched.signal)])
  } finally {
    watched.abort()
    await worker.terminate()
  }
}

async function watch(target: TextTarget, seed: number, done: Int32Array, signal: AbortSignal): Promise<TextReport> {
  let seen = -1
  while (seen !== Atomics.load(done, 0)) {
    seen = Atomics.load(done, 0)
    await sleep(patience * 1000, undefined, {signal}).catch(() => {})
    if (signal.aborted) break
  }
  return lost(`not done after ${patience} s`, textAt(target, seed, seen))
}

function lost(what: string, body: Buffer): TextReport {
  return {taken: 0, refused: 0, slowest: Infinity, hangs: [], problems: [`${what}: ${body.toString().slice(0, 3000)}`]}
}

/** The text of that number, drawn again. */
function textAt(target: TextTarget, seed: number, index: number): Buffer {
  let at = 0
  for (const body of textBodies(target, seed)) if (at++ === index) return body
  return Buffer.from('')
}
