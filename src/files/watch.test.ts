import {mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {watchFiles, type Watch, type WatchOptions} from './watch.ts'

let folder: string
let watch: Watch | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'))
})
afterEach(async () => {
  watch?.close()
  await rm(folder, {recursive: true, force: true})
})

/** What `file` holds at each change; no polling, so that events alone are tried. */
function seenBy(file: string, options: WatchOptions = {}): string[] {
  const seen: string[] = []
  watch = watchFiles([file], async () => seen.push(await readFile(file, 'utf8').catch(() => 'gone')), {
    settle: 20,
    poll: 3_600_000,
    ...options,
  })
  return seen
}

const until = (seen: readonly string[], last: string) =>
  vi.waitFor(() => expect(seen.at(-1)).toBe(last), {timeout: 5000, interval: 10})

describe('watching files', () => {
  test('sees a write', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const seen = seenBy(file)
    await writeFile(file, 'two')
    await until(seen, 'two')
  })

  test('sees an atomic rename, and the next one too', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const seen = seenBy(file)
    for (const text of ['two', 'six']) {
      await writeFile(`${file}.new`, text)
      await rename(`${file}.new`, file)
      await until(seen, text)
    }
  })

  test('sees the swap of ..data by which the kubelet renews a ConfigMap, again and again', async () => {
    const version = async (name: string, text: string) => {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'mesh.yaml'), text)
      await symlink(name, join(folder, '..data_tmp'))
      await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    await version('..2026_01', 'one')
    await symlink(join('..data', 'mesh.yaml'), join(folder, 'mesh.yaml'))
    const seen = seenBy(join(folder, 'mesh.yaml'))
    for (const [name, text, old] of [
      ['..2026_02', 'two', '..2026_01'],
      ['..2026_03', 'six', '..2026_02'],
    ] as const) {
      await version(name, text)
      await rm(join(folder, old), {recursive: true})
      await until(seen, text)
    }
  })

  test('sees a file vanish and come back', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const seen = seenBy(file)
    await rm(file)
    await until(seen, 'gone')
    await writeFile(file, 'two')
    await until(seen, 'two')
  })

  test('by polling sees what sends no event: a link to elsewhere, a folder that comes later', async () => {
    await mkdir(join(folder, 'elsewhere'))
    await writeFile(join(folder, 'elsewhere', 'real.yaml'), 'one')
    await mkdir(join(folder, 'mount'))
    await symlink(join(folder, 'elsewhere', 'real.yaml'), join(folder, 'mount', 'mesh.yaml'))
    const seen = seenBy(join(folder, 'mount', 'mesh.yaml'), {poll: 20})
    await writeFile(join(folder, 'elsewhere', 'real.yaml'), 'two')
    await until(seen, 'two')
    watch?.close()

    const later = seenBy(join(folder, 'later', 'mesh.yaml'), {poll: 20})
    await mkdir(join(folder, 'later'))
    await writeFile(join(folder, 'later', 'mesh.yaml'), 'three')
    await until(later, 'three')
  })

  test('tells nothing of other files in the folder, nor of a folder that is merely looked at', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const seen = seenBy(file, {poll: 20})
    await writeFile(join(folder, 'other.yaml'), 'x')
    await utimes(join(folder, 'other.yaml'), 1, 1)
    await readFile(file)
    await sleep(150)
    expect(seen).toEqual([])
  })

  test('tells one change at a time, and of what changed meanwhile afterwards', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const seen: string[] = []
    let running = 0
    watch = watchFiles(
      [file],
      async () => {
        running += 1
        expect(running).toBe(1)
        seen.push(await readFile(file, 'utf8'))
        await sleep(100)
        running -= 1
      },
      {settle: 5, poll: 3_600_000},
    )
    await writeFile(file, 'two')
    await until(seen, 'two')
    await writeFile(file, 'three')
    await until(seen, 'three')
    expect(seen).toEqual(['two', 'three'])
  })

  test('goes on after a change that its listener failed on', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const failures: string[] = []
    watch = watchFiles(
      [file],
      async () => {
        throw new Error(await readFile(file, 'utf8'))
      },
      {settle: 20, onError: (error) => failures.push(String(error))},
    )
    await writeFile(file, 'two')
    await until(failures, 'Error: two')
    await writeFile(file, 'six')
    await until(failures, 'Error: six')
  })

  test('says nothing once it is closed', async () => {
    const file = join(folder, 'mesh.yaml')
    await writeFile(file, 'one')
    const seen = seenBy(file, {poll: 20})
    await writeFile(file, 'two')
    watch?.close()
    await sleep(150)
    expect(seen).toEqual([])
  })
})
