import {open, rm, stat, utimes} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'

const TOUCH_MS = 2_000
const STALE_MS = 10_000

/**
 * Runs `work` while holding the lock file, waiting for another holder first (`waiting` is then called once).
 *
 * The holder touches the file; one that was not touched for 10 s belongs to a process that is gone and is taken over.
 * Two that take it over in the same instant would both work: what they do must bear that, and only waste time.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  let told = false
  while (!(await acquire(file))) {
    if (!told) waiting()
    told = true
    await sleep(500)
  }
  const touch = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => undefined)
  }, TOUCH_MS)
  try {
    return await work()
  } finally {
    clearInterval(touch)
    await rm(file, {force: true})
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx')).close()
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const age = await stat(file).then(
    ({mtimeMs}) => Date.now() - mtimeMs,
    () => 0,
  )
  if (age > STALE_MS) await rm(file, {force: true})
  return false
}
