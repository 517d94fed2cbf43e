import {fork, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {createServer} from 'node:net'
import {join} from 'node:path'
import type {Metric, Trace} from '../../../src/sdk/index.ts'

/** A service that is to run on this machine. */
export interface Job {
  readonly name: string
  readonly version: string
}

export type Report =
  | {readonly kind: 'ready' | 'done'}
  | {readonly kind: 'trace'; readonly trace: Trace}
  | {readonly kind: 'metric'; readonly metric: Metric}

/** The shop's services as processes of this machine, and what they report. */
export class Staff {
  readonly #children: {readonly job: Job; readonly child: ChildProcess}[] = []
  /** Where each of them listens, as MESHWRIGHT_SERVICES says it. */
  readonly addresses: string

  private constructor(addresses: string) {
    this.addresses = addresses
  }

  /**
   * Starts them all. `env` is what they share.
   *
   * @throws where one of them ends before it listens
   */
  static async start(
    jobs: readonly Job[],
    env: Readonly<Record<string, string>>,
    onReport: (job: Job, report: Report) => void,
  ): Promise<Staff> {
    const ports = await freePorts(jobs.length)
    const address = ({name, version}: Job, index: number) => `${name}@${version}=http://127.0.0.1:${ports[index]}`
    const staff = new Staff(jobs.map(address).join(','))
    try {
      await Promise.all(jobs.map((job, index) => staff.#hire(job, ports[index] ?? 0, env, onReport)))
    } catch (error) {
      await staff.dismiss()
      throw error
    }
    return staff
  }

  /** Tells one of them something, and waits until it has heard. */
  async tell(name: string, message: object): Promise<void> {
    const child = this.#children.find(({job}) => job.name === name)?.child
    if (child === undefined) throw new Error(`${name} does not run`)
    const heard = new Promise<void>((resolve) => {
      const listen = ({kind}: Report): void => {
        if (kind !== 'done') return
        child.off('message', listen)
        resolve()
      }
      child.on('message', listen)
    })
    child.send(message)
    await heard
  }

  /** Ends them all. */
  async dismiss(): Promise<void> {
    const running = this.#children.filter(({child}) => child.exitCode === null && child.signalCode === null)
    await Promise.all(
      running.map(async ({child}) => {
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        await ended
      }),
    )
  }

  async #hire(
    job: Job,
    port: number,
    env: Readonly<Record<string, string>>,
    onReport: (job: Job, report: Report) => void,
  ): Promise<void> {
    const child = fork(join(import.meta.dirname, 'main.ts'), [job.name], {
      env: {
        ...process.env,
        ...env,
        MESHWRIGHT_SERVICES: this.addresses,
        PORT: String(port),
        HOST: '127.0.0.1',
        VERSION: job.version,
      },
    })
    this.#children.push({job, child})
    await new Promise<void>((ready, failed) => {
      child.on('message', (report: Report) => {
        if (report.kind === 'ready') ready()
        else onReport(job, report)
      })
      child.once('error', failed)
      child.once('exit', (code) => failed(new Error(`${job.name} ended with code ${code} before it was ready`)))
    })
  }
}

/** Ports that nobody listens on: held until all are known, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({length: count}, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(
    servers.map((server) => {
      const closed = once(server, 'close')
      server.close()
      return closed
    }),
  )
  return ports
}
