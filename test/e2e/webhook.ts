import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises'
import {Agent, request} from 'node:https'
import {join} from 'node:path'
import {connect} from 'node:tls'
import type {MeshName} from '../../src/mesh/mesh.ts'
import type {Cluster} from '../cluster/cluster.ts'
import {freePorts} from '../cluster/ports.ts'
import {HopelessError} from '../cluster/wait.ts'
import {meshwright, program, root} from './command.ts'
import {Registration, type FailurePolicy} from './registration.ts'

export type NamespaceMetadata = {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

type Source = {readonly mesh: MeshName} | {readonly kubeconfig: string}

const shopConfiguration = join(root, 'examples/shop/mesh.yaml')

/**
 * The webhook as its users run it: a process of its own, configuration, objects and certificates in files, registered
 * with the API server as manifests/kustomize/base/registration.yaml has it.
 */
export class Webhook {
  /** Where its certificates are, the authority's key among them. */
  readonly certs: string
  readonly #cluster: Cluster
  readonly #source: Source
  readonly #port: number
  readonly #configFile: string
  readonly #objectsFile: string
  readonly #namespaces: object[] = []
  readonly #registration: Registration
  #child: ChildProcess | undefined
  #log = ''

  private constructor(cluster: Cluster, source: Source, port: number, folder: string) {
    this.#cluster = cluster
    this.#source = source
    this.#port = port
    this.#registration = new Registration(cluster, `https://127.0.0.1:${port}/mutate`)
    this.certs = join(folder, 'certs')
    this.#configFile = join(folder, 'mesh.yaml')
    this.#objectsFile = join(folder, 'objects.yaml')
  }

  /** Makes certificates, starts the process and waits until it is ready. `configuration` patches the shop's. */
  static async start(cluster: Cluster, mesh: MeshName, configuration: object): Promise<Webhook> {
    const webhook = await Webhook.#prepare(cluster, {mesh})
    await writeFile(webhook.#configFile, JSON.stringify(configuration))
    await writeFile(webhook.#objectsFile, '')
    await webhook.run()
    return webhook
  }

  /** The same without files: MeshConfigs, Namespaces and all the rest come from the cluster. Ready only when it is. */
  static async startInCluster(cluster: Cluster, kubeconfig: string): Promise<Webhook> {
    const webhook = await Webhook.#prepare(cluster, {kubeconfig})
    await webhook.run(false)
    return webhook
  }

  static async #prepare(cluster: Cluster, source: Source): Promise<Webhook> {
    const [port = 0] = await freePorts(1)
    const folder = join(cluster.dir, `webhook-${port}`)
    await mkdir(folder)
    const webhook = new Webhook(cluster, source, port, folder)
    const hosts = ['--host', '127.0.0.1', '--host', 'localhost']
    await meshwright(['certs', 'init', '--dir', webhook.certs, ...hosts, '--ca-key'])
    return webhook
  }

  /** Starts the process, again where it was ended, and waits until it is ready, or until it listens. */
  async run(ready = true): Promise<void> {
    const source =
      'kubeconfig' in this.#source
        ? ['--kubeconfig', this.#source.kubeconfig]
        : [
            '--config',
            shopConfiguration,
            '--config',
            this.#configFile,
            '--objects',
            this.#objectsFile,
            '--mesh',
            this.#source.mesh,
          ]
    const address = ['--cert-dir', this.certs, '--host', '127.0.0.1', '--port', String(this.#port)]
    const child = spawn(program, ['webhook', ...source, ...address], {stdio: ['ignore', 'ignore', 'pipe']})
    this.#child = child
    this.#log = ''
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString()
    })
    await this.#cluster.until('the webhook to be ready', 20_000, async () => {
      if (child.exitCode !== null) throw new HopelessError(`the webhook ended with ${child.exitCode}:\n${this.#log}`)
      const status = await this.readiness()
      return ready ? status === 200 : status !== undefined
    })
  }

  /** Sends the signal and waits for the process to end. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  /** Stops the process where it is, until it is told to go on: its connections stay, and nothing answers. */
  hang(isHanging: boolean): void {
    this.#child?.kill(isHanging ? 'SIGSTOP' : 'SIGCONT')
  }

  /** Creates a namespace that the webhook knows too: its objects file stands in for a cache of the cluster. */
  async createNamespace(name: string, metadata: NamespaceMetadata = {}): Promise<void> {
    await this.learn(name, metadata)
    await this.#cluster.createNamespace(name, metadata)
  }

  /** Puts a namespace into the webhook's cache and waits until it counts. */
  async learn(name: string, metadata: NamespaceMetadata = {}): Promise<void> {
    this.#namespaces.push({apiVersion: 'v1', kind: 'Namespace', metadata: {...metadata, name}})
    await this.#replace(this.#objectsFile, this.#namespaces.map((object) => JSON.stringify(object)).join('\n---\n'))
  }

  /** Another patch of the shop's configuration, in force when this settles. */
  async configure(configuration: object): Promise<void> {
    await this.#replace(this.#configFile, JSON.stringify(configuration))
  }

  /**
   * Registers manifests/kustomize/base/registration.yaml with this process's address and its authorities, or changes the registration, and waits
   * until the API server goes by it, over new connections.
   *
   * @param bundle in the place of `ca.crt`
   */
  async register(failurePolicy: FailurePolicy, bundle?: string): Promise<void> {
    await this.#registration.apply(failurePolicy, bundle ?? (await this.bundle()))
  }

  unregister(): Promise<void> {
    return this.#registration.delete()
  }

  /** What `ca.crt` holds. */
  bundle(): Promise<string> {
    return readFile(join(this.certs, 'ca.crt'), 'utf8')
  }

  /** The serial number of the certificate that a new connection gets; trusts what `ca.crt` has in it. */
  async servedSerial(): Promise<string> {
    const ca = await this.bundle()
    const socket = connect({host: '127.0.0.1', port: this.#port, ca})
    await once(socket, 'secureConnect')
    const {serialNumber} = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }

  /** Renews a part of the certificates as `certs init --only` does. */
  async renew(part: 'certificate' | 'authority'): Promise<void> {
    await meshwright(['certs', 'init', '--dir', this.certs, '--only', part])
  }

  /** Writes half a certificate, and waits until the webhook has said that it does not take it. */
  async spoilCertificate(): Promise<void> {
    const file = join(this.certs, 'tls.crt')
    const pem = await readFile(file, 'utf8')
    await writeFile(file, pem.slice(0, pem.length / 2))
    await this.#cluster.until('the webhook to complain', 20_000, async () => this.#log.includes('"MW5101"'))
  }

  /** What the process has said since it was started: lines of JSON. */
  get log(): string {
    return this.#log
  }

  /** The status of GET /readyz. */
  async readiness(): Promise<number | undefined> {
    const ca = await this.bundle()
    const {promise, resolve, reject} = Promise.withResolvers<number | undefined>()
    const agent = new Agent({ca})
    const call = request({host: '127.0.0.1', port: this.#port, path: '/readyz', agent, timeout: 2000}, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.on('error', reject)
    call.on('timeout', () => call.destroy(new Error('GET /readyz: no answer in 2 s')))
    call.end()
    return promise.finally(() => agent.destroy())
  }

  /** Files are swapped whole, as an editor or a ConfigMap's mount does; every change that is taken is a generation. */
  async #replace(file: string, text: string): Promise<void> {
    const [refused, generation] = [/not taken/g, /"configuration in force"/g]
    const count = (what: RegExp) => (this.#log.match(what) ?? []).length
    const [refusals, before] = [count(refused), count(generation)]
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
    await this.#cluster.until('the webhook to take its files', 20_000, async () => {
      if (count(refused) > refusals) throw new HopelessError(this.#log)
      return count(generation) > before
    })
  }
}
