import {createServer, type Server} from 'node:http'

/** What a controller says of itself; both are asked when somebody asks. */
export interface Health {
  /** Undefined: well; else why not, in one sentence. */
  readonly live: () => string | undefined
  readonly ready: () => string | undefined
}

/** Serves `GET /livez` and `GET /readyz` over plain HTTP: 200, or 503 with the reason. */
export function createHealthServer({live, ready}: Health): Server {
  const checks = new Map([
    ['/livez', live],
    ['/readyz', ready],
  ])
  return createServer({requestTimeout: 10_000, headersTimeout: 5000}, (request, response) => {
    const check = checks.get(request.url?.split('?', 1)[0] ?? '')
    if (check === undefined) {
      response.writeHead(404).end()
      return
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, {allow: 'GET, HEAD'}).end()
      return
    }
    const trouble = check()
    response.writeHead(trouble === undefined ? 200 : 503, {'content-type': 'text/plain; charset=utf-8'})
    response.end(`${trouble ?? 'ok'}\n`)
  })
}
