import {hostname} from 'node:os'
import Fastify, {type FastifyInstance} from 'fastify'
import {meshwright} from '../../../src/sdk/fastify.ts'
import type {Operations} from '../../../src/sdk/index.ts'

/** What is common to the shop's services, from whoever starts them. */
export interface ServiceOptions {
  readonly version: string
  readonly port: number
  readonly host: string
}

/** An application with `app.mesh`, registered under its name; it does not listen yet. */
export async function application(
  name: string,
  {version, port}: ServiceOptions,
  operations: Operations,
): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(meshwright, {service: name, version, metricInterval: '1s'})
  app.mesh.on('error', (error) => console.error(`${name}: ${error.message}`))
  app.mesh.registerService({
    name,
    version,
    port,
    protocol: 'http',
    healthCheck: {path: '/healthz', interval: '5s', timeout: '1s'},
    operations,
  })
  app.get('/healthz', () => ({ok: true}))
  app.get('/hostname', () => hostname())
  return app
}
