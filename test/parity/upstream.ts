import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'

/** What an endpoint does with one request. */
export type Answer =
  | number
  /** Takes the request and breaks the connection. */
  | 'reset'
  /** Takes the request and never answers. */
  | 'hang'
  /** Sends the headers at once, and the body so many milliseconds later. */
  | {readonly status: number; readonly bodyAfter: number}
  /** Sends the headers and a part of the body, then breaks the connection. */
  | {readonly status: number; readonly bodyBreaks: true}

/** One endpoint as a case describes it. */
export interface Script {
  /** `a` where absent. */
  readonly service?: string
  readonly version?: string
  /** What it does with its first, second, ... request; absent: nobody listens there. */
  readonly answer?: (count: number) => Answer
}

/** An endpoint that runs. */
export interface Upstream {
  readonly script: Script
  readonly port: number
  /** When each request came, in milliseconds of one clock. */
  readonly hits: readonly number[]
  /** When each request had been answered. */
  readonly answered: readonly number[]
  close(): Promise<void>
}

/** Nobody listens on the port that is called tcpmux. */
const closedPort = 1

/** Starts the endpoint; its answers carry the header `x-version`. */
export async function startUpstream(script: Script): Promise<Upstream> {
  const hits: number[] = []
  const answered: number[] = []
  const {answer, version = ''} = script
  if (answer === undefined) return {script, port: closedPort, hits, answered, close: async () => {}}
  const server = createServer((request, response) => {
    const count = hits.push(performance.now())
    const what = answer(count)
    request.resume()
    const done = () => answered.push(performance.now())
    if (what === 'hang') return
    if (what === 'reset') {
      request.socket.destroy()
      done()
    } else if (typeof what === 'number') {
      response.writeHead(what, {'x-version': version, 'content-length': '2'}).end('ok', done)
    } else {
      response.writeHead(what.status, {'x-version': version, 'content-length': '2'}).write('o')
      if ('bodyBreaks' in what) setImmediate(() => request.socket.destroy())
      else void sleep(what.bodyAfter).then(() => response.end('k', done))
    }
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    script,
    port: (server.address() as AddressInfo).port,
    hits,
    answered,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
