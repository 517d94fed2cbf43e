import type {IncomingMessage, ServerResponse} from 'node:http'
import {createMesh} from './create-mesh.ts'
import type {Mesh} from './mesh.ts'
import type {MeshOptions} from './options.ts'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- where Express' own types are open to additions
  namespace Express {
    interface Application {
      mesh: Mesh
    }
  }
}

/** What this needs of an Express application, of version 4 or 5. */
export interface Application {
  use(handler: Middleware): unknown
}

/** A handler as Express, Connect and plain servers have it. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/** The mesh's options, or a mesh. */
export interface ExpressMeshOptions extends MeshOptions {
  /** One that is there already. */
  readonly mesh?: Mesh
}

/**
 * `meshwright(app)` before any route gives `app.mesh`. Every request is handled in its own context, so that what its
 * handler calls belongs to it. Express tells nobody that it ends: call `app.mesh.close()` where the server is closed.
 */
export function meshwright<App extends Application>(
  app: App,
  {mesh: given, ...options}: ExpressMeshOptions = {},
): App & {readonly mesh: Mesh} {
  const mesh = given ?? createMesh(options)
  app.use(middleware(mesh))
  return Object.assign(app, {mesh})
}

/** The same for servers that have no application: `middleware(mesh)(request, response, next)`. */
export function middleware(mesh: Mesh): Middleware {
  return (request, response, next) => {
    const {method = 'GET', url = '/', headers} = request
    // Below a mounted router `url` is only a part.
    const path = 'originalUrl' in request && typeof request.originalUrl === 'string' ? request.originalUrl : url
    const inbound = mesh.receive({method, url: path, headers})
    // A connection that breaks before the answer has no status.
    response.once('close', () => inbound.done(response.writableFinished ? response.statusCode : 0))
    if (inbound.denied === undefined) {
      inbound.run(next)
      return
    }
    const {status, body} = inbound.denied
    response.writeHead(status, {'content-type': 'application/json; charset=utf-8'}).end(JSON.stringify(body))
  }
}

export default meshwright
