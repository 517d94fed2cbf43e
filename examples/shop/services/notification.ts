import type {FastifyInstance} from 'fastify'
import {notificationOperations, type Notification} from './contracts.ts'
import {application, type ServiceOptions} from './service.ts'

/** How many are kept, for a mailer to fetch. */
const most = 1000

/** Tells customers what happened. */
export async function notificationService(options: ServiceOptions): Promise<FastifyInstance> {
  const app = await application('notification-service', options, notificationOperations)
  const outbox: Notification[] = []

  app.post<{Body: Notification}>('/notifications', (request, reply) => {
    outbox.push(request.body)
    if (outbox.length > most) outbox.shift()
    return reply.code(202).send()
  })
  app.get('/notifications', () => outbox)
  return app
}
