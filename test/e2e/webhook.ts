import {spawn, spawnSync, type ChildProcess} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {parse} from 'yaml'
import type {Cluster} from '../cluster/cluster.ts'
import {freePorts} from '../cluster/ports.ts'

const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'bin', 'meshwright')

export type FailurePolicy = 'Fail' | 'Ignore'

/** The webhook as its users run it: a process of its own, certificates in a folder, registered with the API server. */
export class Webhook {
  readonly port: number
  readonly certs: string
  readonly #cluster: Cluster
  readonly #configFile: string
  readonly #objectsFile: string
  readonly #namespaces: object[] = []
  #child: ChildProcess | undefined
  #log = ''

  private constructor(cluster: Cluster, port: number, folder: string) {
    this.#cluster = cluster
    this.port = port
    this.certs = join(folder, 'certs')
    this.#configFile = join(folder, 'mesh.yaml')
    this.#objectsFile = join(folder, 'objects.yaml')
  }

  /** Makes certificates, starts the process and waits until it is ready. `configuration` is written as JSON, which is YAML. */
  static async start(cluster: Cluster, name: string, configuration: object): Promise<Webhook> {
    const folder = join(cluster.dir, name)
    mkdirSync(folder)
    const [port = 0] = await freePorts(1)
    const webhook = new Webhook(cluster, port, folder)
    writeFileSync(webhook.#configFile, JSON.stringify(configuration))
    webhook.#writeObjects()
    webhook.rotate()
    await webhook.run()
    return webhook
  }

  /** A new certificate from a new CA, or from the CA that is there: what a rotation of the leaf does. */
  rotate(): void {
    const args = ['certs', 'init', '--dir', this.certs, '--host', '127.0.0.1', '--host', 'localhost', '--force']
    const {status, stderr} = spawnSync(program, args, {encoding: 'utf8'})
    if (status !== 0) throw new Error(`certs init: ${stderr}`)
  }

  async run(): Promise<void> {
    const args = ['webhook', '--config', this.#configFile, '--objects', this.#objectsFile, '--cert-dir', this.certs, '--host', '127.0.0.1', '--port', String(this.port)]
    const child = spawn(program, args, {stdio: ['ignore', 'ignore', 'pipe']})
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-20_000)
    })
    this.#child = child
    await this.#cluster.until('the webhook to be ready', 20_000, async () => {
      if (child.exitCode !== null) throw new Error(`the webhook ended: ${this.#log}`)
      return spawnSync('sh', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${this.port}`]).status !== 127 && this.#log.includes('ready')
    })
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null
    const {promise, resolve} = Promise.withResolvers<number | null>()
    child.once('exit', (code) => resolve(code))
    child.kill(signal)
    return promise
  }

  /** Creates a namespace that the webhook knows too: its objects file stands in for a cache of the cluster. */
  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#namespaces.push({apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels: {'kubernetes.io/metadata.name': name, ...labels}}})
    this.#writeObjects()
    await this.#cluster.createNamespace(name, {labels})
  }

  /** Registers manifests/webhook.yaml with this process's address and CA, or changes the registration. */
  async register(failurePolicy: FailurePolicy): Promise<void> {
    const manifest: {webhooks: Record<string, unknown>[]} = parse(readFileSync(join(root, 'manifests/webhook.yaml'), 'utf8'))
    const caBundle = readFileSync(join(this.certs, 'ca.crt')).toString('base64')
    const clientConfig = {url: `https://127.0.0.1:${this.port}/mutate`, caBundle}
    const registered = {...manifest, webhooks: manifest.webhooks.map((webhook) => ({...webhook, failurePolicy, clientConfig}))}
    const {code, stderr} = await this.#cluster.kubectl(['apply', '-f', '-'], {stdin: JSON.stringify(registered)})
    if (code !== 0) throw new Error(stderr)
  }

  get log(): string {
    return this.#log
  }

  #writeObjects(): void {
    writeFileSync(this.#objectsFile, this.#namespaces.map((namespace) => JSON.stringify(namespace)).join('\n---\n'))
  }
}
