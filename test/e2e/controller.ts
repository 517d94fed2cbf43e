import {spawn, type ChildProcess} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'
import {HopelessError} from '../cluster/wait.ts'
import {program, root} from './command.ts'
import {crdsIn, installCrds} from './crds.ts'

export const ownNamespace = 'meshwright-system'
const account = 'meshwright-controller'

/** What an administrator applies before the controller: our CRDs, its namespace, its rights. */
export async function installController(cluster: Cluster): Promise<void> {
  await installCrds(cluster, await crdsIn(join(root, 'manifests/crd')))
  await cluster.createNamespace(ownNamespace)
  const {code, stderr} = await cluster.kubectl(['apply', '-f', join(root, 'manifests/rbac/controller.yaml')])
  if (code !== 0) throw new Error(stderr)
}

/** Where to call, and whom to trust: the cluster itself, or a proxy before it. */
export interface Endpoint {
  readonly url: string
  readonly caFile: string
}

/** A kubeconfig with a token of the controller's own ServiceAccount: no right beyond its manifest's. */
export async function controllerKubeconfig(cluster: Cluster, {url, caFile}: Endpoint = cluster): Promise<string> {
  const {code, stdout, stderr} = await cluster.kubectl(['create', 'token', account, '-n', ownNamespace])
  if (code !== 0) throw new Error(stderr)
  const file = join(cluster.dir, `controller-${randomUUID()}.json`)
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'controller',
    clusters: [{name: 'test', cluster: {server: url, 'certificate-authority': caFile}}],
    users: [{name: 'controller', user: {token: stdout.trim()}}],
    contexts: [{name: 'controller', context: {cluster: 'test', user: 'controller'}}],
  }
  await writeFile(file, JSON.stringify(kubeconfig), {mode: 0o600})
  return file
}

const LINE = z.looseObject({
  msg: z.string(),
  healthPort: z.number().optional(),
  metricsPort: z.number().optional(),
  identity: z.string().optional(),
})

/** The controller as its users run it: a process of its own, under its own ServiceAccount. */
export class ControllerProcess {
  readonly #cluster: Cluster
  readonly #child: ChildProcess
  #log = ''

  private constructor(cluster: Cluster, child: ChildProcess) {
    this.#cluster = cluster
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString()
    })
  }

  static start(cluster: Cluster, kubeconfig: string, args: readonly string[] = []): ControllerProcess {
    const ports = ['--health-port', '0', '--metrics-port', '0']
    const lease = ['--lease-duration', '1s', '--namespace-for-lease', ownNamespace]
    const child = spawn(program, ['controller', '--kubeconfig', kubeconfig, ...lease, ...ports, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return new ControllerProcess(cluster, child)
  }

  /** What the process has said: lines of JSON. */
  get log(): string {
    return this.#log
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  says(message: string): boolean {
    return this.#lines().some(({msg}) => msg === message)
  }

  leads(): Promise<boolean> {
    return this.#until('the controller to lead', () => this.says('leading'))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends the signal, and waits for the end. Returns the exit code; null where the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.isRunning) {
      this.#child.kill(signal)
      await once(this.#child, 'exit')
    }
    return this.#child.exitCode
  }

  /** The answer of `/livez`, `/readyz` or `/metrics`. */
  async ask(path: string): Promise<{status: number; text: string}> {
    const started = await this.#until('the controller to listen', () =>
      this.#lines().find(({msg}) => msg === 'started'),
    )
    const port = path === '/metrics' ? started.metricsPort : started.healthPort
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return {status: response.status, text: await response.text()}
  }

  /** The value of a metric without labels, or with these. */
  async metric(name: string): Promise<number> {
    const {text} = await this.ask('/metrics')
    const line = text.split('\n').find((each) => each.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1) ?? Number.NaN)
  }

  #lines(): z.infer<typeof LINE>[] {
    return this.#log
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => LINE.parse(JSON.parse(line)))
  }

  #until<T>(what: string, probe: () => T | undefined | false): Promise<T> {
    return this.#cluster.until(what, 30_000, async () => {
      const answer = probe()
      if (answer !== undefined && answer !== false) return answer
      if (!this.isRunning) throw new HopelessError(`the controller ended:\n${this.#log}`)
      return undefined
    })
  }
}
