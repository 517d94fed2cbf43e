import {createServer, type Server} from 'node:http'
import type {Registry} from 'prom-client'

/** Serves `GET /metrics` over plain HTTP: on a port of its own, so that scraping needs neither our authority nor our port. */
export function createExporter(registry: Registry): Server {
  const server = createServer({requestTimeout: 10_000, headersTimeout: 5000}, (request, response) => {
    const path = request.url?.split('?', 1)[0]
    const known = path === '/metrics'
    if (!known || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(known ? 405 : 404, known ? {allow: 'GET, HEAD'} : {}).end()
      return
    }
    void registry.metrics().then(
      (text) => response.writeHead(200, {'content-type': registry.contentType}).end(text),
      () => response.writeHead(500).end(),
    )
  })
  return server
}
