import {once} from 'node:events'
import {Agent, request} from 'node:https'
import {Readable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {connect, type TLSSocket} from 'node:tls'
import type {Count} from '../count.ts'
import {HighWater} from '../high-water.ts'
import {Load} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'
import {posts} from '../senders.ts'

const limit = 7 * 1024 * 1024
/** Slow connections that are opened at a time: the fault is that they stay, not that their handshakes take turns. */
const together = 10
const chunk = Buffer.alloc(64 * 1024, 0x20)

export const giants: Row = {
  number: 16,
  fault: 'giant bodies, slow clients',
  bar: '413, or 429 where many come at once; memory <= +64 MiB; others 0 lost, p99 at most twice as long',
  isQuick: true,
  async run(bed, scale) {
    const [sockets, stream, calmSeconds] = scale === 'full' ? [5000, 1024, 20] : [500, 128, 4]
    const [name = ''] = bed.replicas.names
    const port = bed.replicas.portOf(name)
    const ca = bed.authorities.bundle
    const load = () => new Load(50, posts({port, trusted: () => ca}))
    const warm = load()
    await sleep(3000)
    await warm.stop()
    const calm = load()
    await sleep(calmSeconds * 1000)
    const quiet = await calm.stop()
    const before = await bed.replicas.residentMiB(name)
    const memory = new HighWater(bed.replicas, name)

    const stormy = load()
    const statuses = await Promise.all([
      ...Array.from({length: 20}, () => send(port, ca, limit + 1, true)),
      ...Array.from({length: 4}, () => send(port, ca, limit + 1, false)),
      send(port, ca, stream * 1024 * 1024, false),
    ])
    const slow = await slowClients(port, ca, sockets)
    await sleep(3000)
    const count = await stormy.stop()
    for (const socket of slow) socket.destroy()
    const most = await memory.stop()
    const times = (status: number) => statuses.filter((each) => each === status).length
    return {
      done: `24 bodies of 7 MiB and a byte, one of ${number(stream)} MiB, ${number(sockets)} connections that send half a header; meanwhile 50 reviews/s to the same replica`,
      count,
      checks: [
        check(
          times(413) + times(429) === statuses.length,
          `of ${statuses.length} ${times(413)} answered 413, ${times(429)} answered 429, ${times(408)} answered 408, ${times(0)} not answered`,
        ),
        check(most - before <= 64, `${number(most - before)} MiB more than ${number(before)} MiB at most`),
        nothingLost(count),
        check(isNear(count, quiet, scale), `p99 ${number(count.p99, 1)} ms, before ${number(quiet.p99, 1)} ms`),
      ],
    }
  },
}

/** Twice as long; below 25 ms, what else the machine does is most of it. */
function isNear(count: Count, quiet: Count, scale: string): boolean {
  return scale === 'quick' || count.p99 <= Math.max(2 * quiet.p99, 25)
}

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

/** Opens connections that begin a request and never go on with it; the server pushes some out. */
async function slowClients(port: number, ca: string, count: number): Promise<readonly TLSSocket[]> {
  const sockets: TLSSocket[] = []
  for (let begun = 0; begun < count; begun += together) {
    const batch = Array.from({length: Math.min(together, count - begun)}, () => connect({host: '127.0.0.1', port, ca}))
    sockets.push(...batch)
    for (const socket of batch) socket.on('error', () => undefined)
    await Promise.all(
      batch.map(async (socket) => {
        await Promise.race([once(socket, 'secureConnect').catch(() => undefined), once(socket, 'close')])
        if (!socket.destroyed) socket.write('POST /mutate HTTP/1.1\r\nHost: a\r\nX-Slow: ')
      }),
    )
  }
  return sockets
}
