/**
 * Runs one of the shop's services: `node main.ts order-service`. Where services are and which rules hold is the mesh's, or
 * what MESHWRIGHT_SERVICES and its kin say; PORT, VERSION and what a service needs beside stand in the environment, too.
 */
import type {FastifyInstance} from 'fastify'
import {grpcHealth} from './grpc-health.ts'
import {notificationService} from './notification.ts'
import {orderService} from './order.ts'
import {paymentService} from './payment.ts'
import {productService} from './product.ts'
import {userService} from './user.ts'

const {PORT = '8080', HOST = '0.0.0.0', VERSION = 'v1', DATABASE = ':memory:', BREAKER_TIMEOUT = '30s'} = process.env
const {GRPC_PORT} = process.env
const options = {version: VERSION, port: Number(PORT), host: HOST}
const state = {isFailing: false}

const services: Readonly<Record<string, () => Promise<FastifyInstance>>> = {
  'user-service': () => userService(options),
  'product-service': () => productService(options),
  'order-service': () => orderService({...options, database: DATABASE, breakerTimeout: BREAKER_TIMEOUT}),
  'payment-service': () => paymentService({...options, isFailing: () => state.isFailing}),
  'notification-service': () => notificationService(options),
}

function named(name: string): () => Promise<FastifyInstance> {
  const start = Object.hasOwn(services, name) ? services[name] : undefined
  if (start !== undefined) return start
  throw new Error(`${JSON.stringify(name)} is none of ${Object.keys(services).join(', ')}`)
}

const app = await named(process.argv[2] ?? '')()
const health = GRPC_PORT === undefined ? undefined : grpcHealth().listen(Number(GRPC_PORT), HOST)

// Whoever started the process may watch it, and play the bank.
const send = process.send?.bind(process)
if (send !== undefined) {
  const tell = (message: object): void => {
    if (process.connected) send(message)
  }
  app.mesh.on('trace', (trace) => tell({kind: 'trace', trace}))
  app.mesh.on('metric', (metric) => tell({kind: 'metric', metric}))
  process.on('message', (message: {readonly isFailing: boolean}) => {
    state.isFailing = message.isFailing
    tell({kind: 'done'})
  })
}

async function stop(): Promise<void> {
  health?.close()
  await app.close()
  if (process.connected) process.disconnect?.()
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop())
process.once('disconnect', () => void stop())

await app.listen({port: options.port, host: options.host})
await app.mesh.ready()
send?.({kind: 'ready'})
