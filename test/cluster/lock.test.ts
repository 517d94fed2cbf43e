import {access, mkdtemp, rm, utimes, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {withLock} from './lock.ts'

let dir: string
let file: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lock-'))
  file = join(dir, 'lock')
})

afterEach(() => rm(dir, {recursive: true}))

test('lets one work at a time, and tells who waits', async () => {
  let working = 0
  let most = 0
  const waiting = vi.fn()
  const work = async () => {
    working++
    most = Math.max(most, working)
    await sleep(50)
    working--
  }
  await Promise.all([withLock(file, waiting, work), withLock(file, waiting, work)])
  expect(most).toBe(1)
  expect(waiting).toHaveBeenCalledTimes(1)
})

test('lets go when the work fails', async () => {
  await expect(withLock(file, vi.fn(), () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(access(file)).rejects.toThrow('ENOENT')
})

test('takes over from a holder that is gone', async () => {
  await writeFile(file, '')
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(file, longAgo, longAgo)
  await expect(withLock(file, vi.fn(), () => Promise.resolve('done'))).resolves.toBe('done')
})
