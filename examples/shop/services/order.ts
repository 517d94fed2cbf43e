import {randomUUID} from 'node:crypto'
import type {FastifyInstance} from 'fastify'
import {MeshCallError, MeshHttpError} from '../../../src/sdk/index.ts'
import {orderOperations, paymentOperations, productOperations, userOperations, type Item} from './contracts.ts'
import {OrderBook} from './order-book.ts'
import {application, type ServiceOptions} from './service.ts'

export interface OrderServiceOptions extends ServiceOptions {
  /** Where orders are kept. */
  readonly database: string
  /** How long a payment-service that keeps failing is left alone, such as `30s`. */
  readonly breakerTimeout: string
}

const newOrder = {
  type: 'object',
  required: ['userId', 'items'],
  properties: {
    userId: {type: 'string'},
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['productId', 'quantity'],
        properties: {productId: {type: 'string'}, quantity: {type: 'integer', minimum: 1}},
      },
    },
  },
} as const

/** Takes orders: asks who it is and what it costs, keeps the order, has it paid for. */
export async function orderService(options: OrderServiceOptions): Promise<FastifyInstance> {
  const app = await application('order-service', options, orderOperations)
  const users = app.mesh.getService('user-service', userOperations)
  const products = app.mesh.getService('product-service', productOperations)
  const payments = app.mesh.getService('payment-service', paymentOperations)
  const book = new OrderBook(options.database)
  app.addHook('onClose', () => book.close())
  app.mesh.enableCircuitBreaker('payment-service', {threshold: 5, timeout: options.breakerTimeout})

  app.post<{Body: {userId: string; items: readonly Item[]}}>(
    '/orders',
    {schema: {body: newOrder}},
    async (request, reply) => {
      const {userId, items} = request.body
      try {
        await users.getUser({id: userId})
        const prices = await Promise.all(items.map(({productId}) => products.getProduct({id: productId})))
        const total = items.reduce((sum, {quantity}, index) => sum + quantity * (prices[index]?.price ?? 0), 0)
        const draft = {id: randomUUID(), userId, items, total}
        book.begin(draft)
        const payment = await pay(draft.id, total)
        return await reply.code(201).send({...draft, paymentId: payment.id})
      } catch (error) {
        if (error instanceof NotPaid) return reply.code(402).send({error: 'NOT_PAID', reason: error.message})
        if (error instanceof MeshHttpError && error.status === 404) return reply.code(422).send(error.body)
        throw error
      }
    },
  )

  async function pay(orderId: string, amount: number) {
    try {
      const payment = await payments.processPayment({orderId, amount})
      book.paid(orderId, payment.id)
      return payment
    } catch (error) {
      book.drop(orderId)
      throw error instanceof MeshCallError ? new NotPaid(error.code) : error
    }
  }

  app.get('/orders/count', () => ({orders: book.count, unfinished: book.unfinished().length}))
  app.get<{Params: {id: string}}>('/orders/:id', (request, reply) => {
    return book.find(request.params.id) ?? reply.code(404).send({error: 'NO_SUCH_ORDER'})
  })

  // Whether what the last process left was paid for, only payment-service knows.
  app.addHook('onListen', async () => {
    for (const orderId of book.unfinished()) {
      const status = await payments.getStatus({orderId}).catch((error: unknown) => {
        app.log.error(error)
      })
      if (status === undefined) continue
      if (status.payment === null) book.drop(orderId)
      else book.paid(orderId, status.payment.id)
    }
  })
  return app
}

/** No payment was made; the message is the code of why. */
class NotPaid extends Error {}
