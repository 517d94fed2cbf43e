/** A service that does what the path says; prints its port, and on request how many of its connections are open. */
import {createServer} from 'node:http'

const seen = new Set<string>()
const server = createServer((request, response) => {
  request.resume()
  const [, what = '', id = ''] = (request.url ?? '').split('/')
  const {traceparent = ''} = request.headers
  const trace = String(traceparent).slice(3, 35)
  if (what === 'connections') {
    server.getConnections((_, count) => response.end(JSON.stringify({count})))
    return
  }
  if (what === 'hang') return
  if (what === 'reset') {
    request.socket.destroy()
    return
  }
  const isFirst = seen.size < seen.add(id).size
  const status = what === 'flaky' && isFirst ? 503 : 200
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify({id, trace}))
})
server.keepAliveTimeout = 60_000
server.listen({port: 0, host: '127.0.0.1', backlog: 4096}, () => {
  const address = server.address()
  console.log(typeof address === 'object' ? address?.port : address)
})
