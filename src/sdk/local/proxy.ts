import {createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {serviceOfHost} from '../../intent/host.ts'
import type {Access, ServiceName} from '../../intent/intent.ts'
import {callerFrom, callerHeader, callerOf} from '../names.ts'
import {NoAnswer, type Outgoing} from '../transport.ts'
import {isAllowed} from './access.ts'
import type {LocalTransport} from './transport.ts'

export interface ProxyOptions {
  readonly transport: LocalTransport
  /** The namespace of hosts that name none. */
  readonly namespace: string
  /** Services that processes are known of, as they were written. */
  readonly services: readonly string[]
  readonly isService: (service: ServiceName) => boolean
  /** Who calls; requests carry it, whatever they said before. */
  readonly caller: ServiceName | undefined
}

/** Bytes of a request's body, which is kept for further tries. */
const mostBytes = 64 * 1024 * 1024

/**
 * An HTTP proxy on this machine for processes whose language has no SDK: requests for `http://SERVICE/` or
 * `http://SERVICE.NAMESPACE/` go by the rules of local mode, all others are refused.
 */
export function outboundProxy({transport, namespace, services, isService, caller}: ProxyOptions): Server {
  const known = services.length === 0 ? 'none is known' : `known are ${services.join(', ')}`
  const server = createServer((request, response) => {
    const url = targetOf(request)
    const service = url === undefined ? undefined : serviceOfHost(url.hostname, namespace)
    if (url === undefined || service === undefined || !isService(service)) {
      const host = url?.host ?? request.headers.host ?? 'a request without a host'
      refuse(response, 403, `${host} is no service with a process on this machine (${known}); name it in --services`)
      return
    }
    const headers = {...passedOn(request.headers), ...(caller !== undefined && {[callerHeader]: callerOf(caller)})}
    void forward(transport, {service, path: `${url.pathname}${url.search}`, headers}, request, response)
  })
  server.on('connect', (request: IncomingMessage, socket) => {
    const text = sentence(`${request.url ?? ''}: HTTPS and tunnels cannot follow rules; call the service with http://`)
    socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${text}`)
    socket.on('error', () => {})
  })
  return server
}

export interface InboundOptions {
  readonly transport: LocalTransport
  /** Whose requests come in here; the transport knows where its process listens. */
  readonly service: ServiceName
  readonly accessOf: (service: ServiceName) => Access | undefined
}

/** What stands before a process of a service: it turns away whom the AccessPolicies do, by the name that callers give. */
export function inboundProxy({transport, service, accessOf}: InboundOptions): Server {
  return createServer((request, response) => {
    const {method = 'GET', url = '/', headers} = request
    const access = accessOf(service)
    const [path = ''] = url.split('?', 1)
    const caller = callerFrom(headers[callerHeader], service.namespace)
    if (access !== undefined && !isAllowed(access, {caller, method, path})) {
      const who = caller === undefined ? 'a caller that does not say who it is' : `${caller.namespace}/${caller.name}`
      refuse(response, 403, `${who} may not ${method} ${path} of ${service.namespace}/${service.name}`)
      return
    }
    void forward(transport, {service, path: url, headers: passedOn(headers)}, request, response)
  })
}

/** Of the absolute form that clients send to a proxy, or of the path with the Host header; the path without dot segments. */
function targetOf({url = '/', headers}: IncomingMessage): URL | undefined {
  const absolute = url.startsWith('/') ? `http://${headers.host ?? ''}${url}` : url
  const parsed = URL.parse(absolute)
  return parsed?.protocol === 'http:' && parsed.hostname !== '' ? parsed : undefined
}

async function forward(
  transport: LocalTransport,
  {service, path, headers}: Pick<Outgoing, 'service' | 'path' | 'headers'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) left.abort()
  })
  try {
    const body = await bodyOf(request)
    if (body === undefined) {
      refuse(response, 413, `a body of more than ${mostBytes} bytes cannot be kept for another try`)
      return
    }
    const {method = 'GET'} = request
    const sent = {service, method, path, headers, timeout: undefined, signal: left.signal}
    await transport.exchange({...sent, body: body.length === 0 ? undefined : body}, (head, resume) => {
      response.writeHead(head.status, Object.fromEntries(ofTheMessage(head.headers))).on('drain', resume)
      return {data: (chunk) => response.write(chunk), end: () => response.end()}
    })
  } catch (error) {
    if (left.signal.aborted) return
    if (response.headersSent) response.destroy()
    else if (error instanceof NoAnswer) refuse(response, instead[error.reason], reasonOf(error, service))
    else refuse(response, 400, error instanceof Error ? error.message : String(error))
  }
}

/** What a sidecar answers in the place of a service. */
const instead = {connect: 503, timeout: 504, 'circuit-open': 503} as const

function reasonOf({reason, timeout, attempts, cause}: NoAnswer, {namespace, name}: ServiceName): string {
  const who = `${namespace}/${name}`
  if (reason === 'circuit-open') return `every process of ${who} is out: its circuit breaker is open`
  const tries = attempts === 1 ? '' : ` in ${attempts} tries`
  if (reason === 'timeout') return `${who} gave no answer within ${timeout} ms${tries}`
  return `${who} could not be reached${tries}${cause instanceof Error ? `: ${cause.message}` : ''}`
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {'content-type': 'text/plain; charset=utf-8', 'x-meshwright-error': String(status)})
  response.end(sentence(text))
}

function sentence(text: string): string {
  return `meshwright dev: ${text}\n`
}

/** Undefined where it is too large. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue
    size += chunk.length
    if (size > mostBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Headers that are about one connection (RFC 9110, 7.6.1), and what this proxy says itself. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of ofTheMessage(headers)) kept[name] = typeof value === 'string' ? value : value.join(', ')
  return kept
}

/** As they are: what is several headers stays so, for cookies cannot be joined (RFC 6265, 3). */
function ofTheMessage(headers: IncomingHttpHeaders): readonly (readonly [string, string | string[]])[] {
  const named = new Set(
    (headers.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || hopByHop.has(name) || named.has(name) ? [] : [[name, value] as const],
  )
}
