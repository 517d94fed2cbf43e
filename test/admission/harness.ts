import {type Agent, request as httpsRequest} from 'node:https'
import type {IncomingHttpHeaders} from 'node:http'
import {connect, type ConnectionOptions, type TLSSocket} from 'node:tls'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Admission} from '../../src/admission/answer.ts'
import {AdmissionServer, type ServerOptions} from '../../src/admission/server.ts'
import {issue, makeAuthority} from '../../src/certs/authority.ts'
import {createLog} from '../../src/obs/log.ts'
import {Tally} from '../../src/obs/tally.ts'

const now = new Date()
export const authority = await makeAuthority(now)
export const keyPair = await issue(authority, ['localhost', '127.0.0.1'], now)

/** Echoes the uid and admits; what `work` does happens first. */
export function fakeAdmission(
  work: (body: unknown) => void = () => {},
  failurePolicy: 'Fail' | 'Ignore' = 'Fail',
): Admission {
  return {
    mesh: 'istio',
    failurePolicy: () => failurePolicy,
    review(body) {
      work(body)
      const uid = String(Reflect.get(Object(Reflect.get(Object(body), 'request')), 'uid'))
      return {
        body: JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: {uid, allowed: true},
        }),
        namespace: 'shop',
        owner: 'ReplicaSet/web',
        verdict: {
          decision: 'skipped',
          code: 'MW1110',
          reason: 'a fake',
          mesh: 'istio',
          findings: [],
          before: {},
          object: {},
          sidecars: [],
        },
      }
    },
  }
}

export interface Running {
  readonly server: AdmissionServer
  readonly tally: Tally
  readonly lines: Record<string, unknown>[]
  readonly port: number
  /** Replaces what answers. */
  use(admission: Admission): void
}

export async function start(options: Partial<ServerOptions> & {fake?: Admission} = {}): Promise<Running> {
  const lines: Record<string, unknown>[] = []
  const tally = new Tally()
  let admission = options.fake ?? fakeAdmission()
  const server = new AdmissionServer({
    keyPair,
    admission: () => admission,
    log: createLog('debug', {write: (line) => lines.push(JSON.parse(line))}),
    tally,
    maxInFlight: 512,
    ...options,
  })
  const {port} = await server.listen('127.0.0.1', 0)
  return {server, tally, lines, port, use: (next) => void (admission = next)}
}

export function reviewOf(uid: string, object: unknown = {metadata: {name: 'web'}, spec: {containers: []}}): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: {group: '', version: 'v1', kind: 'Pod'},
      resource: {group: '', version: 'v1', resource: 'pods'},
      namespace: 'shop',
      operation: 'CREATE',
      object,
    },
  })
}

export interface Response {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Milliseconds. */
  readonly took: number
}

export interface Call {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  readonly agent?: Agent | false
  readonly ca?: string
}

export function call(
  port: number,
  {method = 'POST', path = '/mutate', headers, body, agent = false, ca}: Call = {},
): Promise<Response> {
  const {promise, resolve, reject} = Promise.withResolvers<Response>()
  const started = performance.now()
  const sent = httpsRequest(
    {
      host: '127.0.0.1',
      port,
      method,
      path,
      agent,
      servername: 'localhost',
      ca: ca ?? authority.cert,
      headers: headers ?? {'content-type': 'application/json'},
    },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          took: performance.now() - started,
        }),
      )
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}

/** A TLS connection for what no HTTP client would send. */
export class Wire {
  readonly socket: TLSSocket
  text = ''
  closed = false

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
    })
  }

  static async open(port: number, options: ConnectionOptions = {}): Promise<Wire> {
    const socket = connect({host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost', ...options})
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    socket.once('secureConnect', resolve).once('error', reject)
    await promise
    return new Wire(socket)
  }

  write(text: string | Buffer): this {
    this.socket.write(text)
    return this
  }

  /** Waits until `seen` holds of what came in. */
  async until(seen: (text: string) => boolean, milliseconds = 5000): Promise<string> {
    const limit = performance.now() + milliseconds
    while (!seen(this.text)) {
      if (performance.now() > limit) throw new Error(`not seen in ${milliseconds} ms: ${JSON.stringify(this.text)}`)
      await sleep(2)
    }
    return this.text
  }
}

/** The bytes of one POST /mutate. */
export function post(body: string, headers = ''): string {
  const length = Buffer.byteLength(body)
  return `POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}Content-Length: ${length}\r\n\r\n${body}`
}

export function statuses(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status ?? '')
}

export async function eventually(holds: () => boolean | Promise<boolean>, milliseconds = 5000): Promise<void> {
  const limit = performance.now() + milliseconds
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`did not come true within ${milliseconds} ms`)
    await sleep(5)
  }
}
