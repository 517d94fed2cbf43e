import {once} from 'node:events'
import {createServer, type Server} from 'node:https'
import {connect, type AddressInfo, type Socket} from 'node:net'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {keyPair} from '../admission/harness.ts'
import {until} from '../cluster/wait.ts'
import {Balancer, endpointLag} from './balancer.ts'

interface Backend {
  readonly server: Server
  readonly port: number
  isReady: boolean
  readonly sockets: Set<Socket>
}

let balancer: Balancer
const backends: Backend[] = []

beforeEach(async () => {
  balancer = await Balancer.start()
})

afterEach(() => {
  balancer.close()
  for (const {server} of backends.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function backend(): Promise<Backend> {
  const sockets = new Set<Socket>()
  const server = createServer({cert: keyPair.cert, key: keyPair.key}, (_, response) => {
    response.writeHead(made.isReady ? 200 : 503).end()
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const made: Backend = {server, port: (server.address() as AddressInfo).port, isReady: true, sockets}
  backends.push(made)
  return made
}

/** Opens a connection through the balancer and says what became of it once some bytes were sent. */
async function opened(): Promise<Socket> {
  const socket = connect({port: balancer.port, host: '127.0.0.1'})
  const {promise, resolve} = Promise.withResolvers<void>()
  socket
    .on('error', () => undefined)
    .once('connect', resolve)
    .once('close', resolve)
  await promise
  // The beginning of a TLS handshake: the server waits for the rest of it.
  socket.write(Buffer.from([22, 3, 1, 2, 0]))
  return socket
}

const gone = (socket: Socket) => until('the end of the connection', 5000, async () => socket.destroyed, 10)

test('sends nowhere before a replica is ready, and a moment after it is', async () => {
  const {port} = await backend()
  balancer.add('a', port)
  await gone(await opened())
  expect(balancer.losses.nowhere).toBe(1)
  await balancer.ready('a')
  expect(balancer.serving).toBe(1)
})

test('goes on sending to one that is not ready any more until the nodes have heard of it', async () => {
  const one = await backend()
  balancer.add('a', one.port)
  await balancer.ready('a')
  const begun = performance.now()
  balancer.terminate('a')
  expect(balancer.serving).toBe(1)
  await until('the endpoint to go', 5000, async () => balancer.serving === 0, 10)
  expect(performance.now() - begun).toBeGreaterThanOrEqual(endpointLag - 20)
  // It is ready, but is being deleted.
  await new Promise((resolve) => setTimeout(resolve, 2 * endpointLag))
  expect(balancer.serving).toBe(0)
})

test('counts connections that nobody takes, and those that break unanswered', async () => {
  const one = await backend()
  balancer.add('a', one.port)
  await balancer.ready('a')
  const before = one.sockets.size
  const socket = await opened()
  await until('the connection to arrive', 5000, async () => one.sockets.size > before, 10)
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const each of one.sockets) each.destroy()
  await gone(socket)
  expect(balancer.losses).toEqual({cut: 1, refused: 0, nowhere: 0})
  one.server.close()
  one.server.closeAllConnections()
  await gone(await opened())
  expect(balancer.losses).toEqual({cut: 1, refused: 1, nowhere: 0})
})
