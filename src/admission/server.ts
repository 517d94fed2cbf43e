import {createServer as createHttpsServer, type Server} from 'node:https'
import type {AddressInfo, Socket} from 'node:net'
import {setImmediate as polled, setTimeout as sleep} from 'node:timers/promises'
import {fastify, type FastifyInstance, type FastifyReply} from 'fastify'
import type {Log} from '../obs/log.ts'
import type {Tally} from '../obs/tally.ts'
import {answer, type Admission, type Answer} from './answer.ts'
import {Backlog} from './backlog.ts'
import {Excess, Receiver, type Received} from './body.ts'
import {Budget} from './budget.ts'
import {Connections} from './connections.ts'
import {Deadlines} from './deadline.ts'
import {Fault} from './fault.ts'
import {tlsOptions, type KeyPair} from './tls.ts'

export interface ServerOptions {
  readonly keyPair: KeyPair
  /** Undefined until there is something to answer with; nothing is ready before. */
  readonly admission: () => Admission | undefined
  readonly log: Log
  readonly tally: Tally
  /** Reviews that may wait for their turn; one more is shed. */
  readonly maxInFlight: number
  /**
   * Connections that may be open: 640 unless told, or enough for what may be in flight. An API server has at most 200 creates
   * under way unless it is told otherwise (kube-apiserver's --max-mutating-requests-inflight), so that is three of them.
   */
  readonly maxConnections?: number
  /** Milliseconds of a clock that only goes forward; for tests. */
  readonly now?: () => number
}

/**
 * Bytes of bodies beyond 64 KiB that may be in flight. Those of 1.5 MiB are the largest that are worked on (`size.ts`): each
 * takes up to 50 ms in which nobody else is answered, so five of them make others wait for a quarter of a second.
 */
const largeBodies = 8 * 1024 * 1024
/** Milliseconds. */
const timeouts = {
  handshakeTimeout: 5000,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 90_000,
  connectionsCheckingInterval: 500,
}
/** Milliseconds after which a connection on which nothing moves is closed; somebody may never read an answer. */
const silence = 120_000
/** Milliseconds between an answer that the connection ends with and its end: sooner, the client may not get to read it. */
const linger = 1000
/** Milliseconds between two log lines about shedding. */
const shedNotice = 10_000

const methods: ReadonlyMap<string, string> = new Map([
  ['/mutate', 'POST'],
  ['/readyz', 'GET, HEAD'],
  ['/livez', 'GET, HEAD'],
])
const json = 'application/json; charset=utf-8'
const faults = {
  internal: new Fault('MW5001'),
  tooBusy: new Fault('MW5003'),
  contentType: new Fault('MW5006'),
  empty: new Fault('MW5007'),
  method: new Fault('MW5009'),
  path: new Fault('MW5010'),
  malformed: new Fault('MW5012'),
  timeout: new Fault('MW5013'),
  headers: new Fault('MW5014'),
  stopping: new Fault('MW5015'),
  unready: new Fault('MW5016'),
}

/** The HTTPS side of admission: what comes in is limited, timed and queued here, and answered elsewhere. */
export class AdmissionServer {
  readonly #options: ServerOptions
  readonly #app: FastifyInstance<Server>
  readonly #now: () => number
  readonly #backlog: Backlog
  readonly #budget = new Budget(largeBodies)
  readonly #receiver: Receiver
  readonly #connections: Connections
  readonly #deadlines = new Deadlines()
  #draining = false
  #shedNoticed = -shedNotice

  /** Throws where the key pair cannot be used. */
  constructor(options: ServerOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#backlog = new Backlog(options.maxInFlight)
    this.#receiver = new Receiver(this.#budget, this.#now)
    this.#app = fastify<Server>({
      // Fastify would open second servers for localhost, which know nothing of a new certificate.
      serverFactory: (handler) =>
        createHttpsServer({...timeouts, ...tlsOptions(options.keyPair), allowHalfOpen: true}, handler),
      return503OnClosing: false,
      clientErrorHandler: (error, socket) => this.#clientError(error.code, socket),
      frameworkErrors: (_error, _request, reply) => this.#fail(reply, faults.malformed),
    })
    this.#app.server.setTimeout(silence)
    // The HTTP side of allowHalfOpen, which has no type: a client that has said all it has to say still hears the answer.
    Object.assign(this.#app.server, {httpAllowHalfOpen: true})
    const {maxConnections = Math.max(640, options.maxInFlight + 128)} = options
    this.#connections = new Connections(this.#app.server, maxConnections)
    this.#routes()
  }

  /** Requests that have come in and are not answered yet. */
  get inFlight(): number {
    return this.#receiver.receiving + this.#backlog.size
  }

  /** `port` 0 takes any that is free. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await this.#app.listen({host, port})
    const address = this.#app.server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    return address
  }

  /** For connections from now on; those that are open keep what they have. Throws where the pair cannot be used. */
  useKeyPair(keyPair: KeyPair): void {
    this.#app.server.setSecureContext(tlsOptions(keyPair))
  }

  /** Lame duck: not ready any more, everything is still answered, and each answer asks the client to connect elsewhere. */
  drain(): void {
    this.#draining = true
  }

  /**
   * Takes no new connections, waits for the answers under way, and cuts off what is left after `grace` milliseconds.
   *
   * @param unused milliseconds before that in which connections without a request stay open: what the API server sends
   *   on one while it is being closed is lost, and each that it uses ends with its answer
   */
  async stop(grace: number, unused = 0): Promise<void> {
    this.#draining = true
    const used = new AbortController()
    await Promise.race([
      this.#connections.gone().then(() => used.abort()),
      sleep(unused, undefined, {signal: used.signal}).catch(() => {}),
    ])
    // Connections that look idle are closed now, and what has come in over them meanwhile would be lost: it is read first.
    await polled()
    const cut = new AbortController()
    const closed = this.#app.close().then(() => cut.abort())
    await Promise.race([closed, sleep(grace, undefined, {signal: cut.signal}).catch(() => {})])
    this.#app.server.closeAllConnections()
  }

  #routes(): void {
    const app = this.#app
    app.removeAllContentTypeParsers()
    app.setErrorHandler((error, _request, reply) => this.#unexpected(error, reply))
    app.setNotFoundHandler((request, reply) => {
      const allow = methods.get(request.url.split('?', 1)[0] ?? '')
      if (allow !== undefined) reply.header('allow', allow)
      this.#fail(reply, allow === undefined ? faults.path : faults.method)
    })
    app.get('/livez', (_request, reply) => this.#send(reply, 200, 'text/plain', 'ok'))
    app.get('/readyz', (_request, reply) => {
      const unready = this.#draining ? faults.stopping : this.#options.admission() ? undefined : faults.unready
      return unready === undefined ? this.#send(reply, 200, 'text/plain', 'ok') : this.#fail(reply, unready)
    })
    // A scope of its own: a request for any other path gets its 404 without a look at its body.
    app.register((scope, _options, done) => {
      scope.addContentTypeParser('application/json', (_request, message, parsed) =>
        this.#backlog.full
          ? parsed(null, faults.tooBusy)
          : this.#receiver.receive(message, (outcome) => parsed(null, outcome)),
      )
      scope.post<{Body: Received | Excess | Fault | undefined; Querystring: {timeout?: unknown}}>(
        '/mutate',
        (request, reply) => this.#admit(request.body, request.query.timeout, reply),
      )
      done()
    })
  }

  #admit(received: Received | Excess | Fault | undefined, timeout: unknown, reply: FastifyReply): void {
    if (received === undefined) return this.#fail(reply, faults.empty)
    if (received instanceof Fault) return this.#fail(reply, received)
    if (received instanceof Excess) return this.#cutOff(reply, received.fault)
    this.#connections.heard(reply.request.socket)
    const deadline = received.arrived + this.#deadlines.of(timeout)
    if (this.#backlog.full) {
      this.#budget.giveBack(received.reserved)
      return this.#fail(reply, faults.tooBusy)
    }
    this.#backlog.push(() => this.#answer(received, deadline, reply))
  }

  #answer({text, arrived, reserved}: Received, deadline: number, reply: FastifyReply): void {
    try {
      // The client has gone.
      if (reply.raw.destroyed) return
      const admission = this.#options.admission()
      const outcome = admission === undefined ? faults.unready : answer(text, this.#now() > deadline, admission)
      if (outcome instanceof Fault) {
        this.#fail(reply, outcome)
        return
      }
      this.#send(reply, 200, json, outcome.body)
      this.#record(outcome, this.#now() - arrived)
    } catch (error) {
      this.#options.log.error({at: placesOf(error)}, 'an answer could not be sent')
      reply.raw.destroy()
    } finally {
      this.#budget.giveBack(reserved)
    }
  }

  #record({mesh, decision, code, namespace, owner, error}: Answer, milliseconds: number): void {
    const {log, tally} = this.#options
    tally.decided(mesh, decision, code, milliseconds / 1000)
    const line = {
      namespace: plain(namespace),
      owner: plain(owner),
      mesh,
      decision,
      code,
      ms: Math.round(milliseconds * 1000) / 1000,
    }
    if (decision !== 'failed') log.info(line, 'reviewed')
    else log.error({...line, ...(error !== undefined && {at: placesOf(error)})}, 'could not review')
  }

  #fail(reply: FastifyReply, fault: Fault): void {
    if (fault.code === 'MW5003') {
      this.#shed()
      reply.header('retry-after', '1')
    }
    this.#send(reply, fault.status, json, fault.body)
  }

  /** Answers, reads nothing more, and ends the connection. */
  #cutOff(reply: FastifyReply, fault: Fault): void {
    const {socket} = reply.raw
    // Answers before it are not through yet: it has to wait for its turn.
    if (socket === null) {
      reply.header('connection', 'close')
      return this.#fail(reply, fault)
    }
    reply.hijack()
    if (fault.code === 'MW5003') this.#shed()
    socket.end(lastAnswer(fault))
    setTimeout(() => socket.destroy(), linger).unref()
  }

  #send(reply: FastifyReply, status: number, type: string, body: string): void {
    if (this.#draining) reply.header('connection', 'close')
    reply.code(status).header('content-type', type).send(body)
  }

  #shed(): void {
    const {log, tally} = this.#options
    tally.sheds++
    if (this.#now() - this.#shedNoticed < shedNotice) return
    this.#shedNoticed = this.#now()
    log.warn({code: 'MW5003', inFlight: this.inFlight, sheds: tally.sheds}, 'turning requests away')
  }

  #unexpected(error: unknown, reply: FastifyReply): void {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return this.#fail(reply, faults.contentType)
    this.#options.log.error({code: 'MW5001', at: placesOf(error)}, 'a request failed')
    this.#fail(reply, faults.internal)
  }

  /** What is no HTTP, or comes too slowly, gets an answer too, behind those that its connection still waits for. */
  #clientError(code: string | undefined, socket: Socket): void {
    // The API server opens connections that it needs later, or never: with a 408 it would take that for its next answer.
    // `Connections` keeps them to a number, and `silence` to a time; from its first byte a request is timed.
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) return
    const fault =
      code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? faults.timeout
        : code === 'HPE_HEADER_OVERFLOW'
          ? faults.headers
          : code?.startsWith('HPE_') === true
            ? faults.malformed
            : undefined
    // The rest is about TLS or a connection that broke.
    if (fault === undefined) {
      socket.destroy()
      return
    }
    // A request that came whole before the malformed one enters the backlog after this event.
    setImmediate(() =>
      this.#backlog.push(() => {
        if (!socket.writable) return
        socket.end(lastAnswer(fault), () => socket.destroy())
      }),
    )
  }
}

/** The bytes of an answer after which the connection ends. */
function lastAnswer({status, code, body}: Fault): string {
  const retry = code === 'MW5003' ? 'retry-after: 1\r\n' : ''
  const head = `HTTP/1.1 ${status} ${code}\r\ncontent-type: ${json}\r\ncontent-length: ${body.length}\r\n${retry}`
  return `${head}connection: close\r\n\r\n${body}`
}

/** A name for the log: of names that Kubernetes takes it is all, and of whatever else a tenant sends it breaks no line. */
function plain(name: string): string {
  const short = name.length > 253 ? name.slice(0, 253) : name
  return /^[ -~]*$/.test(short) ? short : short.replaceAll(/[^ -~]/g, '?')
}

/** Where an error came from. Its message stays out of the log, for it may quote what a tenant wrote. */
function placesOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const places = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return [error.name, ...places.map((line) => line.trim())].join(' ')
}
