import {readFileSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import type {IncomingMessage, ServerResponse} from 'node:http'
import {Agent, createServer, request, type Server} from 'node:https'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {generate} from 'selfsigned'
import type {Cluster} from '../cluster/cluster.ts'

/** A call that the API server has answered. */
export interface Call {
  readonly method: string
  /** With its query. */
  readonly url: string
  readonly status: number
}

/**
 * Stands between a client and the API server and sees every call. What the client is told of an answer waits for
 * `onAnswer`: a client that is killed there has written, and does not know.
 */
export class Proxy {
  /** PEM of the authority that signed its certificate. */
  readonly caFile: string
  readonly url: string
  readonly calls: Call[] = []
  /** Called when the API server has answered, and before the client is. */
  onAnswer: (call: Call) => Promise<void> | void = () => undefined
  readonly #server: Server
  readonly #agent: Agent

  private constructor(server: Server, agent: Agent, caFile: string) {
    this.#server = server
    this.#agent = agent
    this.caFile = caFile
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(cluster: Cluster): Promise<Proxy> {
    const extensions = [{name: 'subjectAltName' as const, altNames: [{type: 7 as const, ip: '127.0.0.1'}]}]
    const pair = await generate([{name: 'commonName', value: '127.0.0.1'}], {keyType: 'ec', extensions})
    const caFile = join(cluster.dir, `proxy-${process.hrtime.bigint()}.crt`)
    await writeFile(caFile, pair.cert)
    const agent = new Agent({ca: readFileSync(cluster.caFile), keepAlive: true})
    const server = createServer({key: pair.private, cert: pair.cert}, (incoming, outgoing) => {
      proxy.#forward(cluster.url, incoming, outgoing)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const proxy = new Proxy(server, agent, caFile)
    return proxy
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
    this.#agent.destroy()
  }

  #forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const {method = 'GET', url = '/'} = incoming
    const call = request(`${target}${url}`, {method, headers: incoming.headers, agent: this.#agent}, (answer) => {
      const seen = {method, url, status: answer.statusCode ?? 0}
      this.calls.push(seen)
      void this.#tell(seen, answer, outgoing)
    })
    call.on('error', () => outgoing.destroy())
    outgoing.on('close', () => call.destroy())
    incoming.pipe(call)
  }

  async #tell(seen: Call, answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    await this.onAnswer(seen)
    outgoing.writeHead(seen.status, answer.headers)
    // A watch answers long before there is anything to tell.
    outgoing.flushHeaders()
    // Where the API server breaks off, so does this.
    answer.on('error', () => outgoing.destroy())
    answer.pipe(outgoing)
  }
}
