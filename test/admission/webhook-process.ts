import {spawn, type ChildProcess} from 'node:child_process'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {eventually} from './harness.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** `meshwright webhook` as a user runs it, in a process of its own. */
export class WebhookProcess {
  readonly child: ChildProcess
  /** Log lines. */
  readonly lines: Record<string, unknown>[] = []
  /** All of stderr. */
  text = ''
  readonly exit: Promise<number | null>

  constructor(cwd: string, args: readonly string[], program: readonly string[] = [process.execPath, main]) {
    const [command = '', ...rest] = program
    this.child = spawn(command, [...rest, 'webhook', '--port', '0', ...args], {
      cwd,
      env: {PATH: process.env['PATH']},
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const {promise, resolve} = Promise.withResolvers<number | null>()
    this.child.on('close', resolve)
    this.exit = promise
    if (this.child.stderr === null) return
    createInterface(this.child.stderr).on('line', (line) => {
      // A long run logs a line for each review.
      if (this.lines.length < 10_000) this.#take(line)
    })
  }

  #take(line: string): void {
    this.text += `${line}\n`
    if (line.startsWith('{')) this.lines.push(JSON.parse(line))
  }

  /** The port, once it is served. */
  async ready(): Promise<number> {
    await eventually(() => this.child.exitCode !== null || this.saw('ready'), 30_000)
    if (!this.saw('ready')) throw new Error(this.text)
    return Number(this.lines.find(({msg}) => msg === 'ready')?.['port'])
  }

  saw(message: string): boolean {
    return this.lines.some(({msg}) => String(msg).includes(message))
  }
}
