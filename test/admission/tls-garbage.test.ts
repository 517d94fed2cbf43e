import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {createConnection, createServer, type Socket} from 'node:net'
import {connect as connectTls} from 'node:tls'
import {setTimeout as sleep} from 'node:timers/promises'
import fc from 'fast-check'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {authority, call, reviewOf, start, type Running} from './harness.ts'

// What is no TLS, or ceases to be, on the port that the API server calls: nothing of it may cost anybody else an answer.

let running: Running
let hello: Buffer
beforeAll(async () => {
  running = await start()
  hello = await clientHello()
})
afterAll(() => running.server.stop(0))

/** The first flight of a real client, as it stands on the wire. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const came = once(server, 'connection')
  const client = connectTls({host: '127.0.0.1', port: address.port, servername: 'localhost'}).on('error', () => {})
  const [socket]: Socket[] = await came
  const [bytes]: Buffer[] = await once(socket ?? client, 'data')
  socket?.on('error', () => {}).destroy()
  client.destroy()
  server.close()
  if (bytes === undefined) throw new Error('nothing was sent')
  return bytes
}

/** Sends those bytes over a plain connection; what comes back, until the server ends it or nothing comes for a while. */
async function sent(bytes: Uint8Array): Promise<Buffer> {
  const socket = createConnection({host: '127.0.0.1', port: running.port}).on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.write(bytes)
  await Promise.race([ended, sleep(100)])
  socket.destroy()
  return Buffer.concat(chunks)
}

/** Whole records of TLS, each with a header that says so. */
function records(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes.readUInt8(at))
  return types
}

const alert = 21
const kinds = {
  'a request without TLS': () => Buffer.from('POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'),
  'random bytes': () => randomBytes(4096),
  zeros: () => Buffer.alloc(4096),
  'a record longer than TLS allows': () => Buffer.concat([Buffer.from([22, 3, 3, 0xff, 0xff]), randomBytes(65_535)]),
  'application data before the handshake': () => Buffer.from([23, 3, 3, 0, 4, 1, 2, 3, 4]),
  'an alert': () => Buffer.from([21, 3, 3, 0, 2, 2, 40]),
  'the second half of a hello': () => hello.subarray(hello.length >> 1),
}

test.each(Object.entries(kinds))('%s is answered with an alert at most, and nobody else notices', async (_, bytes) => {
  const answer = await sent(bytes())
  expect(records(answer).filter((type) => type !== alert && type !== 22)).toEqual([])
  expect(answer.toString('latin1')).not.toMatch(/HTTP|MW5/)
  expect((await call(running.port, {body: reviewOf('meanwhile')})).status).toBe(200)
})

test('a hello with any bytes changed, cut off anywhere, costs nobody an answer', {timeout: 60_000}, async () => {
  const change = fc.record({at: fc.nat({max: 600}), byte: fc.nat({max: 255})})
  const broken = fc.record({changes: fc.array(change, {maxLength: 8}), length: fc.nat({max: 700})})
  const property = fc.asyncProperty(fc.array(broken, {minLength: 8, maxLength: 8}), async (each) => {
    await Promise.all(
      each.map(({changes, length}) => {
        const bytes = Buffer.from(hello)
        for (const {at, byte} of changes) bytes[at % bytes.length] = byte
        return sent(bytes.subarray(0, length))
      }),
    )
    expect((await call(running.port, {body: reviewOf('meanwhile')})).status).toBe(200)
  })
  await fc.assert(property, {numRuns: 60})
})

test('a connection that turns to garbage after its handshake is closed, and its neighbours go on', async () => {
  const neighbour = call(running.port, {body: reviewOf('neighbour')})
  const under = createConnection({host: '127.0.0.1', port: running.port}).on('error', () => {})
  const over = connectTls({socket: under, ca: authority.cert, servername: 'localhost'}).on('error', () => {})
  await once(over, 'secureConnect')
  const ended = new Promise((resolve) => under.once('close', resolve))
  // Below TLS: a record that nobody has the key of.
  under.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 64]), randomBytes(64)]))
  await ended
  expect((await neighbour).status).toBe(200)
  expect((await call(running.port, {body: reviewOf('afterwards')})).status).toBe(200)
})

test('leaves nothing behind in the log that a peer could fill it with', () => {
  expect(running.lines.filter(({level}) => level !== 'info' && level !== 30)).toEqual([])
})
