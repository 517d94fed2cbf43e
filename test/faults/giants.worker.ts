/**
 * A thread of its own that does to a replica what row 16 is about: on the one of the load, its work would be measured as the
 * replica's. Says what became of the bodies once the slow connections are open, and holds those until it is terminated.
 */
import {once} from 'node:events'
import {Agent, request} from 'node:https'
import {Readable} from 'node:stream'
import {connect} from 'node:tls'
import {parentPort, workerData} from 'node:worker_threads'
import {z} from 'zod'

export const ATTACK = z.object({
  port: z.number(),
  /** PEM of whom to trust. */
  ca: z.string(),
  /** Bytes of bodies that say how long they are. */
  announced: z.array(z.number()),
  /** Bytes of bodies that do not. */
  streamed: z.array(z.number()),
  /** Connections that begin a request and never go on with it. */
  slow: z.number(),
})
export type Attack = z.infer<typeof ATTACK>

const chunk = Buffer.alloc(64 * 1024, 0x20)

/** Sends that many bytes and gives the status of the answer, which may come before they are through; 0 for none. */
async function send(port: number, ca: string, bytes: number, isAnnounced: boolean): Promise<number> {
  const {promise, resolve} = Promise.withResolvers<number>()
  const headers = {'content-type': 'application/json', ...(isAnnounced && {'content-length': bytes})}
  // As the API server's: one that asks for the end of the connection would have it reset below what it still sends.
  const agent = new Agent({keepAlive: true})
  const options = {host: '127.0.0.1', port, ca, path: '/mutate', method: 'POST', headers, agent, timeout: 60_000}
  const call = request(options, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
  call.on('error', () => resolve(0)).on('timeout', () => call.destroy(new Error('no answer')))
  const body = Readable.from(chunksOf(bytes))
  body.pipe(call)
  const status = await promise
  body.destroy()
  call.destroy()
  agent.destroy()
  return status
}

function* chunksOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk
}

/** Opened one after the other: the fault is that they stay, not that their handshakes take turns. The server pushes some out. */
async function openSlow(port: number, ca: string, count: number): Promise<void> {
  for (let opened = 0; opened < count; opened++) {
    const socket = connect({host: '127.0.0.1', port, ca}).on('error', () => undefined)
    await Promise.race([once(socket, 'secureConnect').catch(() => undefined), once(socket, 'close')])
    if (!socket.destroyed) socket.write('POST /mutate HTTP/1.1\r\nHost: a\r\nX-Slow: ')
  }
}

const {port, ca, announced, streamed, slow} = ATTACK.parse(workerData)
const statuses = await Promise.all([
  ...announced.map((bytes) => send(port, ca, bytes, true)),
  ...streamed.map((bytes) => send(port, ca, bytes, false)),
])
await openSlow(port, ca, slow)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window: there is no origin
parentPort?.postMessage(statuses)
