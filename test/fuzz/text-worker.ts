/** The worker of `fuzzTexts`: gives texts to their target, and counts in shared memory, where its watchdog looks. */
import {parentPort, workerData} from 'node:worker_threads'
import {textBodies, type TextTarget} from './text-bodies.ts'
import {targets} from './text-targets.ts'

export interface TextRun {
  readonly target: TextTarget
  readonly count: number
  readonly seed: number
  /** One number: how many texts are done. */
  readonly done: Int32Array
}

export interface TextReport {
  taken: number
  refused: number
  /** Milliseconds of the slowest text. */
  slowest: number
  /** Texts that took more than the limit each time. */
  readonly hangs: string[]
  readonly problems: string[]
}

const hang = 250
const {target, count, seed, done} = workerData as TextRun
const report: TextReport = {taken: 0, refused: 0, slowest: 0, hangs: [], problems: []}
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype]
const ownKeys = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).length).join()
const untouched = ownKeys()

for (const body of textBodies(target, seed)) {
  const turn = done[0] ?? 0
  if (turn >= count) break
  const took = await once(body, turn)
  report.slowest = Math.max(report.slowest, took)
  if (took > hang) {
    const again = [await timed(body, turn), await timed(body, turn), await timed(body, turn)]
    if (Math.min(...again) > hang) note(report.hangs, `${Math.min(...again).toFixed(0)} ms: ${excerpt(body)}`)
  }
  if (ownKeys() !== untouched) {
    note(report.problems, `a prototype has changed: ${excerpt(body)}`)
    break
  }
  Atomics.add(done, 0, 1)
}
if (parentPort === null) throw new Error('this is for a worker thread')
// A port of this kind goes to one place, and takes no origin.
parentPort.postMessage(report, [])

async function once(body: Buffer, turn: number): Promise<number> {
  const started = performance.now()
  try {
    const outcome = await targets[target](body, turn)
    if (outcome === 'taken') report.taken++
    else if (outcome === 'refused') report.refused++
    else note(report.problems, `${outcome.problem}: ${excerpt(body)}`)
  } catch (error) {
    note(report.problems, `threw ${error instanceof Error ? error.stack : String(error)}: ${excerpt(body)}`)
  }
  return performance.now() - started
}

/** By what the thread has computed, so that a machine with other work is not taken for a slow text. */
async function timed(body: Buffer, turn: number): Promise<number> {
  const before = process.threadCpuUsage()
  await targets[target](body, turn).catch(() => {})
  const {user, system} = process.threadCpuUsage(before)
  return (user + system) / 1000
}

function note(list: string[], line: string): void {
  if (list.length < 20) list.push(line)
}

function excerpt(body: Buffer): string {
  return JSON.stringify(body.toString().slice(0, 3000))
}
