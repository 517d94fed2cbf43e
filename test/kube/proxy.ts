import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'

/** A TCP proxy before an API server, that can do what networks do. */
export class Proxy {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string
  /** Connections taken so far. */
  connections = 0
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #stalled = false
  #refusing = false

  private constructor(server: Server, url: string, target: URL) {
    this.#server = server
    this.url = url
    server.on('connection', (near) => {
      this.connections++
      if (this.#refusing) {
        near.resetAndDestroy()
        return
      }
      const far = connect({port: Number(target.port), host: target.hostname, noDelay: true})
      const pair = [near, far] as const
      this.#pairs.add(pair)
      const end = (): void => {
        this.#pairs.delete(pair)
        near.destroy()
        far.destroy()
      }
      for (const socket of pair) socket.on('error', end).on('close', end)
      if (this.#stalled) return
      near.pipe(far)
      far.pipe(near)
    })
  }

  static async before(server: string): Promise<Proxy> {
    const listener = createServer({noDelay: true}).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return new Proxy(listener, `https://127.0.0.1:${address.port}`, new URL(server))
  }

  /** What is open now. */
  get open(): number {
    return this.#pairs.size
  }

  /** Nothing passes any more, and nobody is told: connections stay open, new ones are taken and never answered. */
  stall(): void {
    this.#stalled = true
    for (const [near, far] of this.#pairs) {
      near.unpipe(far).resume()
      far.unpipe(near).resume()
    }
  }

  /** New connections pass; those that were stalled stay so. */
  unstall(): void {
    this.#stalled = false
  }

  /** Ends every connection with a reset. */
  reset(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }

  refuse(refusing: boolean): void {
    this.#refusing = refusing
    if (refusing) this.reset()
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }
}
