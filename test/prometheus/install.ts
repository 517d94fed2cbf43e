import {execFile} from 'node:child_process'
import {access, constants, mkdir, mkdtemp, readdir, rename, rm} from 'node:fs/promises'
import {homedir} from 'node:os'
import {delimiter, join} from 'node:path'
import {promisify} from 'node:util'
import {describe, test} from 'vitest'
import {withLock} from '../cluster/lock.ts'

const run = promisify(execFile)

export interface Programs {
  readonly prometheus: string
  readonly promtool: string
}

type Found = Programs | {readonly missing: string}

/**
 * Prometheus and its promtool: those of the machine, else from Debian's package, kept outside the repository in
 * `$XDG_CACHE_HOME/meshwright/prometheus` (default `~/.cache`). The package is unpacked and not installed, since
 * installing it would start a server on this machine. Tests at once wait for each other.
 *
 * @returns the programs, or the reason why there are none (never with `CI=true`, where that is an error)
 * @throws when the package cannot be had under `CI=true`
 */
export async function installPrometheus(env: NodeJS.ProcessEnv = process.env): Promise<Found> {
  const cache = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'meshwright')
  const unpacked = join(cache, 'prometheus')
  const folders = [...(env['PATH'] ?? '').split(delimiter), join(unpacked, 'usr/bin')].filter((path) => path !== '')
  try {
    const there = await programsIn(folders)
    if (there !== undefined) return there
    await mkdir(cache, {recursive: true})
    await withLock(
      join(cache, 'prometheus.lock'),
      () => undefined,
      async () => {
        if ((await programsIn(folders)) === undefined) await unpack(cache, unpacked)
      },
    )
    const programs = await programsIn(folders)
    if (programs === undefined) throw new Error('the package has no prometheus and no promtool')
    return programs
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().slice(-500) : String(error)
    if (env['CI'] === 'true') throw new Error(`Prometheus cannot be installed: ${reason}`, {cause: error})
    return {missing: `Prometheus is not there and cannot be had from Debian's package: ${reason}`}
  }
}

/** Tests that need it. Without it they are skipped in one line. */
export async function needsPrometheus(name: string, tests: (programs: Programs) => void): Promise<void> {
  const found = await installPrometheus()
  if ('missing' in found) test.skip(`${name}: ${found.missing}`)
  else describe(name, () => tests(found))
}

async function programsIn(folders: readonly string[]): Promise<Programs | undefined> {
  for (const folder of folders) {
    const programs = {prometheus: join(folder, 'prometheus'), promtool: join(folder, 'promtool')}
    if ((await isExecutable(programs.prometheus)) && (await isExecutable(programs.promtool))) return programs
  }
  return undefined
}

/** Made aside and renamed, so that an interrupted download is not taken for a whole one. */
async function unpack(cache: string, target: string): Promise<void> {
  const aside = await mkdtemp(join(cache, 'prometheus.partial-'))
  try {
    const download = () => run('apt-get', ['download', 'prometheus'], {cwd: aside})
    // A machine that has no list of packages, or an old one.
    await download().catch(async () => {
      await run('apt-get', ['update'])
      await download()
    })
    const archive = (await readdir(aside)).find((file) => file.endsWith('.deb'))
    if (archive === undefined) throw new Error('apt-get download brought no package')
    await run('dpkg-deb', ['-x', join(aside, archive), join(aside, 'root')])
    await rm(target, {recursive: true, force: true})
    await rename(join(aside, 'root'), target)
  } finally {
    await rm(aside, {recursive: true, force: true})
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
