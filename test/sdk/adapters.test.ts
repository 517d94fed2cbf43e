import {setTimeout as sleep} from 'node:timers/promises'
import {connect} from 'node:net'
import Fastify from 'fastify'
import {afterEach, describe, expect, test} from 'vitest'
import {ApplicationMesh} from '../../src/sdk/application-mesh.ts'
import {assemble} from '../../src/sdk/assemble.ts'
import {noEnvironment} from '../../src/sdk/environment.ts'
import {meshwright} from '../../src/sdk/fastify.ts'
import type {ServiceMetrics} from '../../src/sdk/mesh.ts'
import type {MeshOptions} from '../../src/sdk/options.ts'
import {FakeClock} from '../../src/sdk/testing/fake-clock.ts'
import {frameworks, paste, serve} from './pasted.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

describe.each(frameworks)('an adapter for %s', (framework) => {
  async function application(handler: string, options: MeshOptions = {}) {
    const clock = new FakeClock()
    const mesh = new ApplicationMesh(assemble(options, noEnvironment, {clock}))
    closers.push(() => mesh.close())
    mesh.registerService({name: 'order-service', port: 1})
    const pasted = await paste(framework, mesh, '', handler)
    closers.push(() => pasted.close())
    const post = (headers: Record<string, string> = {}) =>
      fetch(pasted.url, {method: 'POST', headers: {'content-type': 'application/json', ...headers}, body: '{"a": 1}'})
    return {mesh, clock, post, url: new URL(pasted.url)}
  }

  test('keeps 200 requests at once apart, through the parsing of their bodies and three calls', async () => {
    const next = await serve(() => ({body: {}}))
    closers.push(() => next.close())
    const {post} = await application(
      `const own = app.mesh.headers()
       for (let i = 0; i < 3; i++) await app.mesh.getService('next').hop()
       const order = [own['x-request-id'], app.mesh.headers()['x-request-id'], own.traceparent.slice(3, 35)]
       const payment = undefined`,
      {services: {next: next.url}},
    )
    const answers = await Promise.all(
      Array.from({length: 200}, async (_, index) => {
        const trace = index.toString(16).padStart(32, 'a')
        const response = await post({'x-request-id': `r-${index}`, traceparent: `00-${trace}-00f067aa0ba902b7-01`})
        const {order} = (await response.json()) as {order: readonly string[]}
        return order.join() === `r-${index},r-${index},${trace}`
      }),
    )
    expect(answers.filter((isOwn) => !isOwn)).toEqual([])
    const hops = next.requests.map(({headers}) =>
      [headers['x-request-id'], String(headers['traceparent']).slice(3, 35)].join(' '),
    )
    expect(hops).toHaveLength(600)
    expect(hops.every((hop) => hop.endsWith(Number(hop.slice(2).split(' ')[0]).toString(16).padStart(32, 'a')))).toBe(
      true,
    )
    expect(new Set(hops).size).toBe(200)
  })

  test('turns away whom an AccessPolicy does not let in, before the handler', async () => {
    const spec = {destination: 'order-service', action: 'ALLOW', from: [{service: 'user-service'}], methods: ['POST']}
    const {post} = await application('throw new Error("the handler ran")', {
      rules: [{apiVersion: 'meshwright.dev/v1alpha1', kind: 'AccessPolicy', metadata: {name: 'a'}, spec}],
    })
    const denied = await post({'x-meshwright-caller': 'admin.default'})
    expect(denied.status).toBe(403)
    expect(denied.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await denied.json()).toEqual({
      error: 'MESH_DENIED',
      message: 'default/admin may not POST / of default/order-service: an AccessPolicy turns it away',
    })
    expect((await post({'x-meshwright-caller': 'user-service.default'})).status).toBe(500)
  })

  test('counts what was answered, and connections that broke before', async () => {
    const {mesh, clock, post, url} = await application(
      'await new Promise((resolve) => setTimeout(resolve, 100)); const order = 1; const payment = 1',
    )
    const told: ServiceMetrics[] = []
    mesh.metrics().report((data) => told.push(data))
    await post()
    const socket = connect(Number(url.port), url.hostname)
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
    await sleep(50)
    socket.destroy()
    await sleep(150)
    await clock.advance(10_000)
    expect(told).toMatchObject([{service: 'order-service', requests: 2, successRate: 0.5}])
  })
})

describe('the Fastify plugin', () => {
  test('closes the mesh that it made with the application, and leaves the one that it was given', async () => {
    const own = Fastify()
    await own.register(meshwright, {mode: 'local'})
    const {mesh} = own
    await own.close()
    expect(() => mesh.enableCircuitBreaker('a', {threshold: 1})).toThrow('closed')

    const given = new ApplicationMesh(assemble({}, noEnvironment))
    closers.push(() => given.close())
    const other = Fastify()
    await other.register(meshwright, {mesh: given})
    expect(other.mesh).toBe(given)
    await other.close()
    await given.enableCircuitBreaker('a', {threshold: 1}).accepted()
  })

  test('is there for every plugin of the application', async () => {
    const app = Fastify()
    await app.register(meshwright, {mode: 'local'})
    let seen: unknown
    await app.register(async (inner) => {
      seen = inner.mesh
    })
    expect(seen).toBe(app.mesh)
    await app.close()
  })

  test('says what is wrong with its options', async () => {
    const app = Fastify()
    await expect(app.register(meshwright, {services: 'nowhere.yaml'}).after()).rejects.toThrow('nowhere.yaml')
  })
})
