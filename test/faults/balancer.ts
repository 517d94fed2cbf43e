import {once} from 'node:events'
import {Agent, request} from 'node:https'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {until} from '../cluster/wait.ts'

/** Milliseconds between two looks at a replica's readiness. */
const probeEvery = 250
/** Milliseconds that one look may take. */
const probeTimeout = 1000
/** Milliseconds from a change of readiness until every node goes by it: EndpointSlice, then kube-proxy. */
export const endpointLag = 500

interface Endpoint {
  readonly port: number
  /** Being deleted: never ready again. */
  isTerminating: boolean
  isReady: boolean
  /** Gets new connections. It follows `isReady` after `endpointLag`. */
  isServing: boolean
  isGone: boolean
  /** Times in a row that it was found ready. */
  successes: number
}

/** What a balancer saw go wrong, in connections. */
export interface Losses {
  /** Broken by a replica that had not answered what was asked. */
  readonly cut: number
  /** Sent to a replica that did not listen any more, or not yet. */
  readonly refused: number
  /** Came while no replica was ready. */
  readonly nowhere: number
}

/**
 * Stands for a Service: one address, new connections go to a ready replica by chance, and what has changed counts a
 * moment later. Connections that are open stay where they are, as with kube-proxy.
 */
export class Balancer {
  readonly port: number
  readonly #server: Server
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #sockets = new Set<Socket>()
  // A kubelet does not verify the certificate of what it probes.
  readonly #prober = new Agent({rejectUnauthorized: false})
  readonly #losses = {cut: 0, refused: 0, nowhere: 0}
  #isClosed = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
    server.on('connection', (near) => this.#route(near))
  }

  static async start(): Promise<Balancer> {
    const server = createServer({allowHalfOpen: true, noDelay: true}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the balancer has no port')
    return new Balancer(server, address.port)
  }

  /** A copy; what happened between two of them is the difference. */
  get losses(): Losses {
    return {...this.#losses}
  }

  /** How many replicas new connections may go to. */
  get serving(): number {
    return [...this.#endpoints.values()].filter(({isServing}) => isServing).length
  }

  /** A replica that is asked from now on whether it is ready. */
  add(name: string, port: number): void {
    const endpoint = {port, isTerminating: false, isReady: false, isServing: false, isGone: false, successes: 0}
    this.#endpoints.set(name, endpoint)
    void this.#probe(endpoint)
  }

  /** Resolves when the replica is found ready anew, and new connections go to it. */
  async ready(name: string): Promise<void> {
    const endpoint = this.#endpoints.get(name)
    if (endpoint === undefined) throw new Error(`there is no endpoint ${name}`)
    endpoint.successes = 0
    await until(
      `${name} to be among the endpoints`,
      60_000,
      async () => endpoint.successes > 0 && endpoint.isServing,
      20,
    )
  }

  /** A replica that is being deleted: the endpoint goes at once, and nodes hear of it after the lag. */
  terminate(name: string): void {
    const endpoint = this.#endpoints.get(name)
    if (endpoint === undefined) return
    endpoint.isTerminating = true
    this.#become(endpoint, false)
  }

  /** A replica that is no more. */
  remove(name: string): void {
    const endpoint = this.#endpoints.get(name)
    if (endpoint === undefined) return
    endpoint.isGone = true
    this.#endpoints.delete(name)
  }

  close(): void {
    this.#isClosed = true
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#prober.destroy()
  }

  #route(near: Socket): void {
    const ready = [...this.#endpoints.values()].filter(({isServing}) => isServing)
    const endpoint = ready[Math.floor(Math.random() * ready.length)]
    if (endpoint === undefined) {
      this.#losses.nowhere++
      near.on('error', () => undefined).resetAndDestroy()
      return
    }
    const far = connect({port: endpoint.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true})
    let [isConnected, isAsking, isOver] = [false, false, false]
    far.once('connect', () => {
      isConnected = true
    })
    near.on('data', () => {
      isAsking = true
    })
    far.on('data', () => {
      isAsking = false
    })
    const over = (bySide: Socket): void => {
      if (isOver) return
      isOver = true
      if (bySide === far && !isConnected) this.#losses.refused++
      else if (bySide === far && isAsking) this.#losses.cut++
    }
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {
        over(socket)
        // As a network passes it on: a reset as a reset, and an end after all that was said.
        other.resetAndDestroy()
      })
      socket.on('close', () => {
        this.#sockets.delete(socket)
        over(socket)
        other.destroySoon()
      })
    }
    near.pipe(far)
    far.pipe(near)
  }

  async #probe(endpoint: Endpoint): Promise<void> {
    while (!endpoint.isGone && !this.#isClosed) {
      const isReady = await this.#ask(endpoint.port)
      endpoint.successes = isReady ? endpoint.successes + 1 : 0
      if (!endpoint.isTerminating && isReady !== endpoint.isReady) this.#become(endpoint, isReady)
      await sleep(probeEvery)
    }
  }

  #become(endpoint: Endpoint, isReady: boolean): void {
    endpoint.isReady = isReady
    setTimeout(() => {
      endpoint.isServing = isReady
    }, endpointLag)
  }

  #ask(port: number): Promise<boolean> {
    const {promise, resolve} = Promise.withResolvers<boolean>()
    const options = {host: '127.0.0.1', port, path: '/readyz', agent: this.#prober, timeout: probeTimeout}
    const call = request(options, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    call.on('timeout', () => call.destroy(new Error('no answer')))
    call.on('error', () => resolve(false)).end()
    return promise
  }
}
