import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {access, mkdtemp, readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {beforeEach, expect, test} from 'vitest'
import {Supervisor} from './supervisor.ts'
import {until} from './wait.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'supervisor-'))
})

const runs = (pid: number | undefined) => {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

const isGone = (path: string) =>
  access(path).then(
    () => false,
    () => true,
  )

test('ends every process and removes the folder when it is stopped', async () => {
  const supervisor = new Supervisor(dir, dir)
  const daemons = [supervisor.start('a', 'sleep', ['60']), supervisor.start('b', 'sleep', ['60'])]
  expect(daemons.map(({child}) => runs(child.pid))).toEqual([true, true])
  await supervisor.stop()
  expect(daemons.map(({child}) => runs(child.pid))).toEqual([false, false])
  expect(await isGone(dir)).toBe(true)
  await supervisor.stop()
})

test('leaves nothing behind when the process that started it is killed', async () => {
  const script = `
    import {Supervisor} from ${JSON.stringify(new URL('supervisor.ts', import.meta.url).href)}
    const supervisor = new Supervisor(process.argv[1], process.argv[1])
    const ended = supervisor.start('ended', 'sleep', ['60'])
    const left = supervisor.start('left', 'sh', ['-c', 'trap "" INT TERM; sleep 60'])
    await supervisor.end(ended, 'SIGTERM', 5_000)
    console.log(left.child.pid)
    setInterval(() => {}, 1_000)
  `
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, dir])
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(String(line))
  expect(runs(pid)).toBe(true)
  parent.kill('SIGKILL')
  await until('the end of all of it', 10_000, async () => !runs(pid) && isGone(dir))
})

test('kills a process that does not end when it is told to', async () => {
  const supervisor = new Supervisor(dir, dir)
  const daemon = supervisor.start('stubborn', 'sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'])
  await until('its trap', 5_000, async () => (await readFile(daemon.logFile, 'utf8')) !== '')
  await supervisor.end(daemon, 'SIGTERM', 100)
  expect(daemon.end).toBe('signal SIGKILL')
  await supervisor.stop()
})

test('tells of a process that ended by itself, with what it printed last', async () => {
  const supervisor = new Supervisor(dir, dir)
  await supervisor.until('nothing', 0, () => Promise.resolve(true))
  const daemon = supervisor.start('failing', 'sh', ['-c', 'echo the reason >&2; exit 3'])
  await daemon.gone
  await expect(supervisor.until('never', 60_000, () => Promise.resolve(false))).rejects.toThrow(
    /^failing ended by itself \(exit code 3\)[^]*the reason\n$/,
  )
  await supervisor.stop()
})

test('tells of a program that is not there', async () => {
  const supervisor = new Supervisor(dir, dir)
  await supervisor.start('absent', join(dir, 'no-such-program'), []).gone
  await expect(supervisor.until('never', 60_000, () => Promise.resolve(false))).rejects.toThrow(
    /^absent ended by itself \(spawn .* ENOENT\)/,
  )
  await supervisor.stop()
})
