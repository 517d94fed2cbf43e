/** A service that answers at once, in a process of its own; prints its port. */
import {createServer} from 'node:http'

const body = JSON.stringify({id: '1', items: ['a', 'b'], total: 12})
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, {'content-type': 'application/json', 'content-length': Buffer.byteLength(body)}).end(body)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' ? address?.port : address)
})
