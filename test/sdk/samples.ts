import {readFileSync} from 'node:fs'
import {join} from 'node:path'

/** Code that an application's developer pastes: into the application, or into one of its handlers. */
export interface Samples {
  readonly register: string
  readonly traffic: string
  readonly metrics: string
  /** Within a handler: uses `req`. */
  readonly calls: string
  readonly canary: string
  readonly events: string
  readonly simple: string
}

const files: Readonly<Record<keyof Samples, string>> = {
  register: '02-register.js',
  traffic: '03-traffic.js',
  metrics: '05-metrics.js',
  calls: '10-calls.js',
  canary: '11-canary.js',
  events: '12-events.js',
  simple: '14-simple.js',
}

/** The samples beside the project, as they stand. */
export function samplesIn(shared: string): Samples {
  const read = (name: keyof Samples) => readFileSync(join(shared, 'samples', files[name]), 'utf8')
  return {
    register: read('register'),
    traffic: read('traffic'),
    metrics: read('metrics'),
    calls: read('calls'),
    canary: read('canary'),
    events: read('events'),
    simple: read('simple'),
  }
}

/** The same calls in our own words: for a clone that has no samples beside it. */
export const ownSamples: Samples = {
  register: `
    app.mesh.registerService({
      name: 'user-service', version: '1.0.0', port: 8080, protocol: 'http', tags: ['v1'], metadata: {team: 'a'},
      healthCheck: {path: '/healthz', interval: '10s', timeout: '1s'},
    })`,
  traffic: `
    app.mesh.trafficManager().destination('user-service', 'v1.0.0').weight(80).to('user-service', 'v1.1.0')
      .timeout('5s').retries(3).register()`,
  metrics: `
    app.mesh.metrics().service('user-service').namespace('default').interval('30s')
      .report((data) => console.log(\`Service \${data.service} received \${data.requests} requests\`))`,
  calls: `
    const order = await app.mesh.getService('order-service').createOrder({
      userId: req.user.id, items: req.body.items, total: req.body.total,
    })
    const payment = await app.mesh.getService('payment-service').processPayment({orderId: order.id, amount: order.total})`,
  canary: `
    app.mesh.trafficManager().destination('order-service', 'v1.0.0').weight(90).to('order-service', 'v1.1.0')
      .timeout('10s').retries(3).register()`,
  events: `
    app.mesh.on('metric', (metric) => console.log(\`Service \${metric.service} received \${metric.value} \${metric.name}\`))
    app.mesh.on('trace', (trace) => console.log(\`Trace \${trace.id} took \${trace.duration}ms\`))`,
  simple: `
    app.mesh.enableCanaryRelease('order-service', 'v1.1.0', 10)
    app.mesh.enableCircuitBreaker('payment-service', {threshold: 5, timeout: '30s', recovery: '60s'})`,
}
