import type {Server, Socket} from 'node:net'

interface Peer {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/**
 * Keeps connections to a number that memory holds (a TLS connection takes some 60 KiB): one more pushes out the one that has
 * been open longest without a whole request, so that silent ones do not keep the API server out. If all have sent one, it is the
 * new one that goes.
 */
export class Connections {
  readonly #limit: number
  readonly #open = new Set<Socket>()
  /** Those that have not sent a request yet, the oldest first. */
  readonly #silent = new Map<string, Socket>()
  readonly #heard = new WeakSet<Peer>()
  #emptied: PromiseWithResolvers<void> | undefined

  constructor(server: Server, limit: number) {
    this.#limit = limit
    // The TCP connections: those under TLS are not there before the handshake, and do not tell which TCP connection is theirs.
    server.on('connection', (socket: Socket) => this.#opened(socket))
  }

  /** Says that a request came in over a connection. */
  heard(connection: Peer): void {
    if (this.#heard.has(connection)) return
    this.#heard.add(connection)
    this.#silent.delete(keyOf(connection))
  }

  /** Resolves as soon as none is open. */
  async gone(): Promise<void> {
    if (this.#open.size === 0) return
    this.#emptied ??= Promise.withResolvers()
    await this.#emptied.promise
  }

  #opened(socket: Socket): void {
    const key = keyOf(socket)
    this.#open.add(socket)
    this.#silent.set(key, socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) this.#emptied?.resolve()
      if (this.#silent.get(key) === socket) this.#silent.delete(key)
    })
    const longest = this.#silent.entries().next().value
    if (this.#open.size <= this.#limit || longest === undefined) return
    // Its close event comes later, and the next connection may come before that.
    this.#open.delete(longest[1])
    this.#silent.delete(longest[0])
    longest[1].destroy()
  }
}

/** What TCP and TLS side of a connection have in common. */
function keyOf({remoteAddress, remotePort}: Peer): string {
  return `${remoteAddress} ${remotePort}`
}
