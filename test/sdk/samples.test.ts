import {afterEach, describe, expect, test} from 'vitest'
import {ApplicationMesh} from '../../src/sdk/application-mesh.ts'
import {assemble} from '../../src/sdk/assemble.ts'
import {noEnvironment} from '../../src/sdk/environment.ts'
import {FakeClock} from '../../src/sdk/testing/fake-clock.ts'
import {needsShared} from '../shared.ts'
import {frameworks, paste, serve, type Framework, type Service} from './pasted.ts'
import {ownSamples, samplesIn, type Samples} from './samples.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function service(answer: Parameters<typeof serve>[0]): Promise<Service> {
  const started = await serve(answer)
  closers.push(() => started.close())
  return started
}

function pastedSamples(samples: Samples): void {
  describe.each(frameworks)('in a %s application, in local mode', (framework: Framework) => {
    async function shop(setup: string, payment: Parameters<typeof serve>[0] = () => ({body: {id: 'p-1'}})) {
      const orders = (version: string) => service(() => ({body: {id: 'o-1', total: 12, version}}))
      const [stable, next, payments] = [await orders('v1.0.0'), await orders('v1.1.0'), await service(payment)]
      const users = [await service(() => ({body: {}})), await service(() => ({body: {}}))]
      const versioned = ([one, two]: readonly (Service | undefined)[]) => [
        {url: one?.url ?? '', version: 'v1.0.0'},
        {url: two?.url ?? '', version: 'v1.1.0'},
      ]
      const clock = new FakeClock()
      const services = {
        'order-service': versioned([stable, next]),
        'user-service': versioned(users),
        'payment-service': payments.url,
      }
      const mesh = new ApplicationMesh(assemble({services, seed: 7}, noEnvironment, {clock}))
      closers.push(() => mesh.close())
      const failures: Error[] = []
      mesh.on('error', (error) => failures.push(error))
      const application = await paste(framework, mesh, setup, samples.calls)
      closers.push(() => application.close())
      await mesh.ready()
      const order = async () => {
        const response = await fetch(application.url, {
          method: 'POST',
          headers: {'content-type': 'application/json'},
          body: JSON.stringify({items: ['book'], total: 12}),
        })
        const text = await response.text()
        return {status: response.status, body: response.ok ? JSON.parse(text) : text}
      }
      return {mesh, clock, order, stable, next, payments, users, application, failures}
    }

    test('calls of other services are methods', async () => {
      const {order, stable, next, payments, failures} = await shop('')
      expect(await order()).toEqual({
        status: 200,
        body: {order: expect.objectContaining({id: 'o-1'}), payment: {id: 'p-1'}},
      })
      expect([...stable.requests, ...next.requests].map(({path}) => path)).toEqual(['/createOrder'])
      expect(payments.requests.map(({path}) => path)).toEqual(['/processPayment'])
      expect(failures).toEqual([])
    })

    test('a split gives each version its share, and a failing call is tried again', async () => {
      const {order, stable, next, failures} = await shop(samples.canary)
      for (let i = 0; i < 200; i++) await order()
      // 3 standard deviations of 200 calls at 10 % are 12.7.
      expect(next.requests.length).toBeGreaterThan(7)
      expect(next.requests.length).toBeLessThan(33)
      expect(stable.requests.length + next.requests.length).toBe(200)
      expect(failures).toEqual([])
    })

    test('the split of a service that calls itself counts, too', async () => {
      const {mesh, users, failures} = await shop(`${samples.register}\n${samples.traffic}`)
      const self: Record<string, (() => Promise<unknown>) | undefined> = mesh.getService('user-service')
      for (let i = 0; i < 200; i++) await self['ping']?.()
      const [one, two] = users.map(({requests}) => requests.length)
      // 3 standard deviations of 200 calls at 20 % are 17.
      expect(two).toBeGreaterThan(23)
      expect(two).toBeLessThan(57)
      expect((one ?? 0) + (two ?? 0)).toBe(200)
      expect(failures).toEqual([])
    })

    test('the simple calls set a canary and a breaker', async () => {
      const {order, next, payments, failures} = await shop(samples.simple, () => ({status: 500, body: {}}))
      for (let i = 0; i < 200; i++) expect((await order()).status).toBe(500)
      expect(next.requests.length).toBeGreaterThan(7)
      expect(next.requests.length).toBeLessThan(33)
      // The only endpoint is ejected after five failures.
      expect(payments.requests).toHaveLength(5)
      expect(failures).toEqual([])
    })

    test('metrics and traces are told', async () => {
      const {order, clock, application, failures} = await shop(
        [samples.register, samples.metrics, samples.events].join('\n'),
      )
      for (let i = 0; i < 4; i++) await order()
      await clock.advance(30_000)
      const {lines} = application
      expect(lines).toContain('Service user-service received 4 requests')
      expect(lines).toContain('Service order-service received 4 requests')
      expect(lines).toContain('Service payment-service received 1 success_rate')
      expect(lines.filter((line) => /^Trace [0-9a-f]{32} took \d+(\.\d+)?ms$/.test(line))).toHaveLength(4)
      expect(failures).toEqual([])
    })

    test('all of them together', async () => {
      const {register, traffic, metrics, canary, events, simple} = samples
      const {order, failures} = await shop([register, traffic, metrics, canary, events, simple].join('\n'))
      expect((await order()).status).toBe(200)
      expect(failures).toEqual([])
    })
  })
}

describe('our own samples', () => pastedSamples(ownSamples))
needsShared('the samples as they stand', (shared) => pastedSamples(samplesIn(shared)))
