import type {FastifyInstance, FastifyPluginAsync} from 'fastify'
import plugin from 'fastify-plugin'
import {createMesh} from './create-mesh.ts'
import type {Mesh} from './mesh.ts'
import type {MeshOptions} from './options.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly mesh: Mesh
  }
}

/** The mesh's options, or a mesh. */
export interface FastifyMeshOptions extends MeshOptions {
  /** One that is there already. It stays open when the application closes: it is its maker's. */
  readonly mesh?: Mesh
}

/**
 * `await app.register(meshwright)` gives `app.mesh`. Every request is handled in its own context, so that what its handler
 * calls belongs to it; the mesh is closed with the application.
 */
const meshwright: FastifyPluginAsync<FastifyMeshOptions> = plugin(
  // Async, so that what createMesh throws is told by the application's ready().
  async (app: FastifyInstance, {mesh: given, ...options}: FastifyMeshOptions) => {
    const mesh = given ?? createMesh(options)
    app.decorate('mesh', mesh)
    // Called back and not awaited: what runs in an AsyncLocalStorage has to be called from within it.
    app.addHook('onRequest', (request, reply, next) => {
      const {method, url, headers} = request
      const inbound = mesh.receive({method, url, headers})
      // A connection that breaks before the answer has no status.
      reply.raw.once('close', () => inbound.done(reply.raw.writableFinished ? reply.statusCode : 0))
      if (inbound.denied === undefined) {
        inbound.run(next)
        return
      }
      const {status, body} = inbound.denied
      inbound.run(() => reply.code(status).send(body))
    })
    if (given === undefined) app.addHook('onClose', () => mesh.close())
  },
  {name: 'meshwright', fastify: '5.x'},
)

export {meshwright}
export default meshwright
