import {randomUUID} from 'node:crypto'
import type {FastifyInstance} from 'fastify'
import {notificationOperations, paymentOperations, type Payment} from './contracts.ts'
import {application, type ServiceOptions} from './service.ts'

export interface PaymentServiceOptions extends ServiceOptions {
  /** True while the bank cannot be reached. */
  readonly isFailing: () => boolean
}

/** Takes payments, each order's once, and has the customer told. */
export async function paymentService(options: PaymentServiceOptions): Promise<FastifyInstance> {
  const app = await application('payment-service', options, paymentOperations)
  const notifications = app.mesh.getService('notification-service', notificationOperations)
  const byOrder = new Map<string, Payment>()

  app.post<{Body: {orderId: string; amount: number}}>('/payments', async (request, reply) => {
    const {orderId, amount} = request.body
    if (options.isFailing()) return reply.code(503).send({error: 'BANK_UNREACHABLE'})
    const payment = byOrder.get(orderId) ?? {id: randomUUID(), orderId}
    byOrder.set(orderId, payment)
    // What was paid stays paid, whether or not anybody could be told.
    await notifications
      .notify({about: orderId, text: `${(amount / 100).toFixed(2)} paid`})
      .catch((error: unknown) => app.log.error(error))
    return reply.code(201).send(payment)
  })

  app.get<{Params: {orderId: string}}>('/status/:orderId', (request) => {
    return {payment: byOrder.get(request.params.orderId) ?? null}
  })
  return app
}
