import type {FastifyInstance} from 'fastify'
import {MeshHttpError} from '../../../src/sdk/index.ts'
import {orderOperations, userOperations, type Item, type User} from './contracts.ts'
import {application, type ServiceOptions} from './service.ts'

const users: ReadonlyMap<string, User> = new Map(
  ['Ada', 'Grace', 'Edsger'].map((name, index) => [String(index + 1), {id: String(index + 1), name}]),
)

/** Accounts; the door by which orders come in. */
export async function userService(options: ServiceOptions): Promise<FastifyInstance> {
  const app = await application('user-service', options, userOperations)
  const orders = app.mesh.getService('order-service', orderOperations)

  app.get<{Params: {id: string}}>('/users/:id', (request, reply) => {
    const user = users.get(request.params.id)
    return user ?? reply.code(404).send({error: 'NO_SUCH_USER'})
  })

  app.post<{Params: {id: string}; Body: {items: readonly Item[]}}>('/users/:id/orders', async (request, reply) => {
    try {
      const order = await orders.createOrder({userId: request.params.id, items: request.body.items})
      return await reply.code(201).send(order)
    } catch (error) {
      // What is wrong with the order is for the customer to know; what is wrong with us is an error of ours.
      if (error instanceof MeshHttpError && error.status < 500) return reply.code(error.status).send(error.body)
      throw error
    }
  })
  return app
}
