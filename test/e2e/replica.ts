import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, readdir, writeFile} from 'node:fs/promises'
import {networkInterfaces} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {connect} from 'node:tls'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'
import {freePorts} from '../cluster/ports.ts'
import {HopelessError} from '../cluster/wait.ts'
import {MountedFolder, type Access} from '../mounted-folder.ts'
import {program, root} from './command.ts'

const SECRET = z.object({
  metadata: z.looseObject({resourceVersion: z.string()}),
  data: z.record(z.string(), z.string()).default({}),
})

/** An address of this machine that an EndpointSlice may have: loopback may not stand there. */
export function outerAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({family, internal}) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Error('this machine has no IPv4 address but loopback')
  return found.address
}

/** Keeps a Secret mounted in a folder. `delay` says how many milliseconds the next version takes to arrive. */
export class Mount {
  delay = 0
  readonly #folder: MountedFolder
  readonly #cluster: Cluster
  readonly #path: string
  #version = ''
  #closed = false
  readonly #running: Promise<void>

  constructor(cluster: Cluster, dir: string, namespace: string, secret: string, access?: Access) {
    this.#cluster = cluster
    this.#folder = new MountedFolder(dir, access)
    this.#path = `/api/v1/namespaces/${namespace}/secrets/${secret}`
    this.#running = this.#run()
  }

  get dir(): string {
    return this.#folder.dir
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const {status, body} = await this.#cluster.api
        .request('GET', this.#path)
        .catch(() => ({status: 0, body: undefined}))
      // A kubelet keeps what it has mounted when the Secret is deleted.
      if (status === 200) await this.#update(SECRET.parse(body))
      await sleep(50)
    }
  }

  async #update({metadata, data}: z.infer<typeof SECRET>): Promise<void> {
    if (metadata.resourceVersion === this.#version) return
    await sleep(this.#version === '' ? 0 : this.delay)
    const files = Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64')] as const)
    await this.#folder.write(Object.fromEntries(files))
    this.#version = metadata.resourceVersion
  }
}

/** One replica of the webhook: a process whose certificates are mounted from a Secret. */
export class Replica {
  readonly host: string
  readonly port: number
  readonly mount: Mount
  readonly #cluster: Cluster
  readonly #child: ChildProcess
  #log = ''

  private constructor(cluster: Cluster, host: string, port: number, mount: Mount, child: ChildProcess) {
    this.#cluster = cluster
    this.host = host
    this.port = port
    this.mount = mount
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString()
    })
  }

  /** Starts when the Secret is mounted, and settles when it serves. It injects Istio's sidecar in these namespaces. */
  static async start(
    cluster: Cluster,
    secret: {readonly namespace: string; readonly name: string},
    namespaces: readonly string[],
  ): Promise<Replica> {
    const [port = 0] = await freePorts(1)
    const folder = join(cluster.dir, `replica-${port}`)
    await mkdir(folder)
    const objects = namespaces.map((name) => JSON.stringify({apiVersion: 'v1', kind: 'Namespace', metadata: {name}}))
    await writeFile(join(folder, 'objects.yaml'), objects.join('\n---\n'))
    await writeFile(join(folder, 'mesh.yaml'), JSON.stringify({mesh: {injectionNamespace: null}}))
    const mount = new Mount(cluster, join(folder, 'tls'), secret.namespace, secret.name)
    const files = ['--config', join(root, 'examples/shop/mesh.yaml'), '--config', join(folder, 'mesh.yaml')]
    const host = outerAddress()
    const address = ['--cert-dir', mount.dir, '--host', host, '--port', String(port)]
    await cluster.until('the Secret to be mounted', 120_000, () => mounted(mount.dir))
    const args = ['webhook', ...files, '--objects', join(folder, 'objects.yaml'), '--mesh', 'istio', ...address]
    const child = spawn(program, args, {stdio: ['ignore', 'ignore', 'pipe']})
    const replica = new Replica(cluster, host, port, mount, child)
    await replica.until('the replica to be ready', (log) => log.includes('"msg":"ready"'))
    return replica
  }

  get log(): string {
    return this.#log
  }

  async until(what: string, probe: (log: string) => boolean): Promise<void> {
    await this.#cluster.until(what, 60_000, async () => {
      if (this.#child.exitCode !== null) throw new HopelessError(`the replica ended:\n${this.#log}`)
      return probe(this.#log)
    })
  }

  /** The serial number of what it serves to somebody who trusts this bundle. @throws where the two do not fit */
  async servedTo(ca: string, servername: string): Promise<string> {
    const socket = connect({host: this.host, port: this.port, ca, servername})
    try {
      await once(socket, 'secureConnect')
      return socket.getPeerCertificate().serialNumber
    } finally {
      socket.destroy()
    }
  }

  async end(): Promise<void> {
    await this.mount.close()
    if (this.#child.exitCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}

async function mounted(dir: string): Promise<boolean> {
  const names = await readdir(dir).catch((): string[] => [])
  return names.includes('tls.crt')
}
