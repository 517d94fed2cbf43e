import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'

export const root = join(import.meta.dirname, '..', '..')
/** What users run. */
export const program = join(root, 'bin/meshwright')

const run = promisify(execFile)

/** Runs `bin/meshwright` and answers with what it printed; rejects, with its words, where it exits with anything but 0. */
export async function meshwright(args: readonly string[]): Promise<string> {
  const {stdout} = await run(program, args, {cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024})
  return stdout
}
