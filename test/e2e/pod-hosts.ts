import {execFile} from 'node:child_process'
import {randomBytes, randomInt} from 'node:crypto'
import {connect, createServer, type Server} from 'node:net'
import {promisify} from 'node:util'

const run = promisify(execFile)

/** Whether this machine lets us make network namespaces: it takes root and iproute2. */
export async function canMakeHosts(): Promise<boolean> {
  const name = `mw-try-${process.pid}`
  try {
    await run('ip', ['netns', 'add', name])
    await run('ip', ['netns', 'del', name])
    return true
  } catch {
    return false
  }
}

/**
 * Network namespaces with the addresses of a cluster's pods, so that the API server reaches a process as it reaches a pod,
 * and the process reaches the API server by the address of its Service. The addresses are of 198.18.0.0/15, which no network
 * routes (RFC 2544).
 */
export class PodHosts {
  readonly serviceCidr: string
  readonly podCidr: string
  /** The address of the Service `kubernetes`: the first one of the range. */
  readonly apiServer: string
  readonly #prefix: string
  readonly #made = new Set<string>()
  #count = 0
  #server: Server | undefined

  constructor() {
    const part = randomInt(250)
    this.serviceCidr = `198.18.${part}.0/24`
    this.podCidr = `198.19.${part}.0/24`
    this.apiServer = `198.18.${part}.1`
    // The devices of hosts that have just gone may still be there.
    this.#prefix = `mw${randomBytes(3).toString('hex')}`
  }

  /** A host with a pod's address. The name is for `ip netns exec`. */
  async add(address: string): Promise<string> {
    const name = `${this.#prefix}-${++this.#count}`
    const outer = `${this.#prefix}h${this.#count}`
    const inside = (...args: string[]) => run('ip', ['-n', name, ...args])
    await run('ip', ['netns', 'add', name])
    this.#made.add(name)
    await run('ip', ['link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
    await run('ip', ['link', 'set', outer, 'up'])
    await inside('link', 'set', 'lo', 'up')
    await inside('address', 'add', `${address}/32`, 'dev', 'eth0')
    await inside('link', 'set', 'eth0', 'up')
    await inside('route', 'add', `${this.apiServer}/32`, 'dev', 'eth0', 'scope', 'link')
    await inside('route', 'add', 'default', 'via', this.apiServer)
    await run('ip', ['route', 'replace', `${address}/32`, 'dev', outer, 'src', this.apiServer])
    return name
  }

  /** Ends the host; the pair of devices goes with it. */
  async remove(name: string): Promise<void> {
    if (this.#made.delete(name)) await run('ip', ['netns', 'del', name])
  }

  /** Lets hosts reach the API server on port 443 of its Service; it listens on loopback, where no other host comes. */
  async forward(port: number): Promise<void> {
    await run('ip', ['address', 'add', `${this.apiServer}/32`, 'dev', 'lo'])
    const server = createServer((incoming) => {
      const outgoing = connect(port, '127.0.0.1')
      incoming.pipe(outgoing).pipe(incoming)
      for (const [one, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        one.on('error', () => other.destroy())
        one.on('close', () => other.destroy())
      }
    })
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    server.once('error', reject).listen(443, this.apiServer, resolve)
    this.#server = server
    await promise
  }

  async stop(): Promise<void> {
    if (this.#server === undefined) return
    this.#server.close()
    await run('ip', ['address', 'del', `${this.apiServer}/32`, 'dev', 'lo'])
    for (const name of this.#made) await this.remove(name)
  }
}
