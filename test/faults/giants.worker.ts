/**
 * A thread of its own that does to a replica what row 16 is about: on the one of the load, its work would be measured as the
 * replica's. Says what became of it all once the slow connections are open, and holds those until it is terminated.
 */
import {Agent, request} from 'node:https'
import {Readable} from 'node:stream'
import {text} from 'node:stream/consumers'
import {connect} from 'node:tls'
import {parentPort, workerData} from 'node:worker_threads'
import {z} from 'zod'
import {giantReviews} from '../hostile/giants.ts'
import {ATTACK, type Damage} from './attack.ts'

const ANSWER = z.object({response: z.object({auditAnnotations: z.object({code: z.string()})})})

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

/** Posts a review and gives the code of the answer. */
async function post(port: number, ca: string, body: Buffer): Promise<string> {
  const {promise, resolve, reject} = Promise.withResolvers<{status: number; answer: string}>()
  const headers = {'content-type': 'application/json', 'content-length': body.length}
  const options = {host: '127.0.0.1', port, ca, path: '/mutate', method: 'POST', headers, agent: false, timeout: 60_000}
  const call = request(options, (response) => {
    text(response).then((answer) => resolve({status: response.statusCode ?? 0, answer}), reject)
  })
  call.on('error', reject).on('timeout', () => call.destroy(new Error('no answer')))
  call.end(body)
  try {
    const {status, answer} = await promise
    return status === 200 ? ANSWER.parse(JSON.parse(answer)).response.auditAnnotations.code : `HTTP ${status}`
  } catch (error) {
    return String(error)
  }
}

/** Opened one after the other: the fault is that they stay, not that their handshakes take turns. The server pushes some out. */
async function openSlow(port: number, ca: string, count: number): Promise<Damage['slow']> {
  const [held, errors] = [new Set<object>(), new Set<string>()]
  let [opened, most] = [0, 0]
  for (let index = 0; index < count; index++) {
    const {promise, resolve} = Promise.withResolvers<void>()
    const socket = connect({host: '127.0.0.1', port, ca}, () => {
      socket.write('POST /mutate HTTP/1.1\r\nHost: a\r\nX-Slow: ')
      opened++
      held.add(socket)
      most = Math.max(most, held.size)
      resolve()
    })
    socket.on('error', (error) => {
      if (!held.has(socket)) errors.add(error.message)
    })
    socket.on('close', () => {
      held.delete(socket)
      resolve()
    })
    // Else its end is never seen.
    socket.resume()
    await promise
  }
  return {opened, held: most, errors: [...errors]}
}

const {port, ca, announced, streamed, rounds, slow} = ATTACK.parse(workerData)
const statuses = await Promise.all([
  ...announced.map((bytes) => send(port, ca, bytes, true)),
  ...streamed.map((bytes) => send(port, ca, bytes, false)),
])
const codes: string[] = []
// One after the other: more than 8 MiB at a time are turned away unread.
for (let round = 0; round < rounds; round++) {
  for (const {text: review} of [...giantReviews.beyond, ...giantReviews.below]) codes.push(await post(port, ca, review))
}
const damage: Damage = {statuses, codes, slow: await openSlow(port, ca, slow)}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window: there is no origin
parentPort?.postMessage(damage)
