import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, openSync} from 'node:fs'
import {open} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {HopelessError, until} from './wait.ts'

/** A long-running process of a cluster. */
export type Daemon = {
  readonly name: string
  /** Everything it printed, over all its starts. */
  readonly logFile: string
  readonly child: ChildProcess
  /** Settles when the process is gone. */
  readonly gone: Promise<void>
  /** How it ended (`exit code 1`, `signal SIGKILL`); undefined while it runs. */
  end: string | undefined
  /** False once it was told to end. */
  wanted: boolean
}

/**
 * Starts a cluster's processes and guarantees their end.
 *
 * A watchdog process kills them and removes the cluster's folder when `stop` is called, or when this process is gone
 * for any reason, SIGKILL included. They run in process groups of their own, so that Ctrl-C reaches only this process.
 */
export class Supervisor {
  readonly #logDir: string
  readonly #watchdog: ChildProcess
  readonly #daemons = new Map<string, Daemon>()

  /** @param dir removed at the end; @param logDir where `NAME.log` is written */
  constructor(dir: string, logDir: string) {
    this.#logDir = logDir
    this.#watchdog = spawn('sh', [join(import.meta.dirname, 'watchdog.sh'), dir], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
  }

  /** Starts a program; its output goes to `NAME.log`, after that of an earlier start under the same name. */
  start(name: string, file: string, args: readonly string[]): Daemon {
    const logFile = this.logFile(name)
    const log = openSync(logFile, 'a')
    const child = spawn(file, args, {detached: true, stdio: ['ignore', log, log]})
    closeSync(log)
    this.#tell('start', child)
    const {promise: gone, resolve} = Promise.withResolvers<void>()
    const daemon: Daemon = {name, logFile, child, gone, end: undefined, wanted: true}
    const over = (end: string) => {
      daemon.end = end
      this.#tell('end', child)
      resolve()
    }
    child.once('error', ({message}) => over(message))
    child.once('exit', (code, signal) => over(signal === null ? `exit code ${code}` : `signal ${signal}`))
    this.#daemons.set(name, daemon)
    return daemon
  }

  /** Ends one process and waits until it is gone; after `graceMs` it is killed. */
  async end(daemon: Daemon, signal: 'SIGTERM' | 'SIGKILL', graceMs: number): Promise<void> {
    daemon.wanted = false
    daemon.child.kill(signal)
    const giveUp = new AbortController()
    const kill = sleep(graceMs, undefined, {signal: giveUp.signal}).then(
      () => daemon.child.kill('SIGKILL'),
      () => undefined,
    )
    await daemon.gone
    giveUp.abort()
    await kill
  }

  /**
   * Waits as `until` of wait.ts does, but fails at once, with the end of its log, when a process has ended that nobody
   * told to: waiting on would be in vain.
   */
  until<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined | false>): Promise<T> {
    return until(what, timeoutMs, async () => {
      for (const {name, wanted, end, logFile} of this.#daemons.values()) {
        if (!wanted || end === undefined) continue
        throw new HopelessError(`${name} ended by itself (${end}); the end of its log:\n${await tail(logFile)}`)
      }
      return probe()
    })
  }

  logFile(name: string): string {
    return join(this.#logDir, `${name}.log`)
  }

  /** Ends everything at once and removes the cluster's folder. There is no state worth a graceful end. */
  async stop(): Promise<void> {
    for (const daemon of this.#daemons.values()) daemon.wanted = false
    if (this.#watchdog.exitCode === null) {
      const gone = once(this.#watchdog, 'exit')
      this.#watchdog.stdin?.end()
      await gone
    }
    await Promise.all([...this.#daemons.values()].map(({gone}) => gone))
  }

  #tell(verb: 'start' | 'end', child: ChildProcess): void {
    const {stdin} = this.#watchdog
    if (child.pid !== undefined && stdin?.writable) stdin.write(`${verb} ${child.pid}\n`)
  }
}

/** The last 6 KB of a log file, from the start of a line. */
async function tail(file: string): Promise<string> {
  const handle = await open(file)
  try {
    const {size} = await handle.stat()
    const start = Math.max(0, size - 6_144)
    const {buffer, bytesRead} = await handle.read({position: start, buffer: Buffer.alloc(size - start)})
    const text = buffer.toString('utf8', 0, bytesRead)
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1)
  } finally {
    await handle.close()
  }
}
