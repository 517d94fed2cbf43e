import {randomInt} from 'node:crypto'
import {once} from 'node:events'
import {createServer, type Server} from 'node:net'

// Below the ephemeral range of Linux and macOS: while a server restarts, a client that retries from an ephemeral
// port could otherwise be given the very port it calls, and keep the server from it.
const FIRST = 20_000
const LAST = 29_999

/** Ports of 127.0.0.1 that are free now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  const ports: number[] = []
  try {
    for (let tries = 0; ports.length < count; tries++) {
      if (tries > 100 * count) throw new Error(`no ${count} free ports on 127.0.0.1 between ${FIRST} and ${LAST}`)
      const port = randomInt(FIRST, LAST + 1)
      const server = createServer()
      server.listen(port, '127.0.0.1')
      try {
        await once(server, 'listening')
      } catch {
        continue
      }
      servers.push(server)
      ports.push(port)
    }
    return ports
  } finally {
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  }
}
