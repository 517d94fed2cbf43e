import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {connect} from 'node:tls'
import {freePorts} from '../cluster/ports.ts'
import {Supervisor, type Daemon} from '../cluster/supervisor.ts'
import {residentMiB} from '../../bench/process.ts'
import {program} from '../e2e/command.ts'
import type {Balancer} from './balancer.ts'
import type {Mounts} from './mounts.ts'

/** How long a replica goes on serving once it is told to stop: four times the endpoint lag. */
const drain = '2s'
/** Milliseconds that a replica gets to end. */
const grace = 20_000

/** Variables that a process is started with. */
export type Environment = Readonly<Record<string, string>>

interface Replica {
  readonly daemon: Daemon
  readonly port: number
  readonly metricsPort: number
  readonly environment: Environment
}

/** The webhook's pods: processes behind a balancer, each with the Secret mounted and its own ports. */
export class Replicas {
  readonly #supervisor: Supervisor
  readonly #balancer: Balancer
  readonly #mounts: Mounts
  readonly #args: readonly string[]
  readonly #running = new Map<string, Replica>()
  #started = 0
  /** Replicas that ended though nobody had told them to. */
  #exits = 0

  /** @param dir removed with everything in it at the end, also when this process is killed */
  constructor(dir: string, balancer: Balancer, mounts: Mounts, args: readonly string[]) {
    this.#supervisor = new Supervisor(dir, dir)
    this.#balancer = balancer
    this.#mounts = mounts
    this.#args = args
  }

  get names(): readonly string[] {
    return [...this.#running.keys()]
  }

  get exits(): number {
    return this.#exits
  }

  /** Starts one more, and resolves with its name when the balancer sends to it. */
  async add(environment: Environment = {}): Promise<string> {
    const name = `webhook-${++this.#started}`
    const [port = 0, metricsPort = 0] = await freePorts(2)
    await this.#run(name, port, metricsPort, environment)
    this.#balancer.add(name, port)
    await this.#ready(name)
    return name
  }

  /** Deletes the pod as Kubernetes does: the endpoint goes and SIGTERM comes at the same time. Resolves with how it ended. */
  async retire(name: string): Promise<string> {
    const {daemon} = this.#of(name)
    this.#balancer.terminate(name)
    await this.#supervisor.end(daemon, 'SIGTERM', grace)
    this.#running.delete(name)
    this.#balancer.remove(name)
    await this.#mounts.unmount(name)
    return daemon.end ?? ''
  }

  /** Kills the process, and leaves it to the balancer's probes to notice. */
  async kill(name: string): Promise<void> {
    await this.#supervisor.end(this.#of(name).daemon, 'SIGKILL', 0)
  }

  /** Starts a killed one again, as its kubelet would: the pod with its name, its ports and its mounts stays. */
  async revive(name: string): Promise<void> {
    const {port, metricsPort, environment} = this.#of(name)
    await this.#run(name, port, metricsPort, environment)
    await this.#ready(name)
  }

  /** Starts or retires until there are as many as asked for. */
  async scale(count: number): Promise<void> {
    while (this.#running.size < count) await this.add()
    const surplus = this.names.slice(count)
    await Promise.all(surplus.map((name) => this.retire(name)))
  }

  portOf(name: string): number {
    return this.#of(name).port
  }

  pidOf(name: string): number {
    return this.#of(name).daemon.child.pid ?? 0
  }

  /** The serial number of the certificate that a new connection to it gets. */
  async servedSerial(name: string): Promise<string> {
    const socket = connect({host: '127.0.0.1', port: this.portOf(name), rejectUnauthorized: false})
    await once(socket, 'secureConnect')
    const {serialNumber} = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }

  /** The sum of a metric over the label sets that match; NaN where nobody answers. */
  async metric(name: string, metric: string, labels = /^/): Promise<number> {
    const {metricsPort} = this.#of(name)
    const url = `http://127.0.0.1:${metricsPort}/metrics`
    const ask = async () => (await fetch(url)).text()
    // Once more, for a connection that was kept may be closed from the other side at that very moment.
    const text = await ask().catch(() => ask().catch(() => ''))
    const values = text
      .split('\n')
      .map((line) => /^(\w+)(\{.*\})? (\S+)$/.exec(line))
      .filter((match) => match?.[1] === metric && labels.test(match[2] ?? ''))
      .map((match) => Number(match?.[3]))
    return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0)
  }

  /** MiB that the process has resident. */
  residentMiB(name: string): number {
    return residentMiB(this.pidOf(name))
  }

  /** What the process has said of importance. */
  log(name: string): Promise<string> {
    return readFile(this.#supervisor.logFile(name), 'utf8')
  }

  async stop(): Promise<void> {
    for (const name of this.names) this.#balancer.remove(name)
    await this.#supervisor.stop()
  }

  #of(name: string): Replica {
    const found = this.#running.get(name)
    if (found === undefined) throw new Error(`there is no replica ${name}`)
    return found
  }

  async #run(name: string, port: number, metricsPort: number, environment: Environment): Promise<void> {
    const ports = ['--port', String(port), '--metrics-port', String(metricsPort)]
    const address = ['--host', '127.0.0.1', '--cert-dir', await this.#mounts.mount(name)]
    const args = ['webhook', ...this.#args, ...address, ...ports, '--drain', drain, '--log-level', 'warn']
    const variables = Object.entries(environment).map(([key, value]) => `${key}=${value}`)
    const daemon = this.#supervisor.start(name, 'env', [...variables, program, ...args])
    daemon.child.once('exit', () => {
      if (daemon.wanted) this.#exits++
    })
    this.#running.set(name, {daemon, port, metricsPort, environment})
  }

  async #ready(name: string): Promise<void> {
    try {
      await this.#balancer.ready(name)
    } catch (error) {
      throw new Error(`${name} said:\n${(await this.log(name)).slice(-4000)}`, {cause: error})
    }
  }
}
