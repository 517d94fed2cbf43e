import {createServer, type IncomingMessage, type RequestListener} from 'node:http'
import {once} from 'node:events'
import express, {type Express} from 'express'
import Fastify, {type FastifyInstance} from 'fastify'
import {meshwright as forExpress} from '../../src/sdk/express.ts'
import {meshwright as forFastify} from '../../src/sdk/fastify.ts'
import type {Mesh} from '../../src/sdk/mesh.ts'

export const frameworks = ['fastify', 'express'] as const
export type Framework = (typeof frameworks)[number]

/** An application into which code has been pasted. */
export interface Pasted {
  readonly url: string
  /** What the pasted code printed. */
  readonly lines: readonly string[]
  close(): Promise<void>
}

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<unknown>

/** Runs `setup` as part of an application, and `handler` for each POST to `/`. */
export async function paste(framework: Framework, mesh: Mesh, setup: string, handler: string): Promise<Pasted> {
  const lines: string[] = []
  const console = {log: (line: string) => lines.push(line)}
  const handle = new AsyncFunction('app', 'req', `${handler}\nreturn {order, payment}`)
  const user = {id: 'u-1'}
  if (framework === 'fastify') {
    const app: FastifyInstance = Fastify()
    await app.register(forFastify, {mesh})
    await new AsyncFunction('app', 'console', setup)(app, console)
    app.post('/', (request) => handle(app, {user, body: request.body}))
    const url = await app.listen({host: '127.0.0.1', port: 0})
    return {url, lines, close: () => app.close()}
  }
  const app: Express = forExpress(express(), {mesh})
  app.use(express.json())
  await new AsyncFunction('app', 'console', setup)(app, console)
  app.post('/', (request, response, next) => {
    handle(app, {user, body: request.body}).then((answer) => response.json(answer), next)
  })
  const server = await listening(app)
  return {
    url: urlOf(server),
    lines,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A service of JSON answers, and what it was asked. */
export interface Service {
  readonly url: string
  readonly requests: readonly {readonly path: string; readonly headers: IncomingMessage['headers']}[]
  close(): Promise<void>
}

export async function serve(answer: (count: number) => {status?: number; body: unknown}): Promise<Service> {
  const requests: Service['requests'][number][] = []
  const server = await listening((request, response) => {
    requests.push({path: request.url ?? '', headers: request.headers})
    request.resume().once('end', () => {
      const {status = 200, body} = answer(requests.length)
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body))
    })
  })
  return {
    url: urlOf(server),
    requests,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function listening(handler: RequestListener) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function urlOf(server: Awaited<ReturnType<typeof listening>>): string {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen')
  return `http://127.0.0.1:${address.port}`
}
