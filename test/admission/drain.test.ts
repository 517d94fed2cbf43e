import {Agent} from 'node:https'
import {expect, it} from 'vitest'
import {call, eventually, fakeAdmission, post, reviewOf, start, statuses, Wire} from './harness.ts'

it('fails readiness first, goes on answering and asks clients to connect elsewhere', async () => {
  const {server, port} = await start()
  const wire = await Wire.open(port)
  wire.write(post(reviewOf('before')))
  await wire.until((text) => text.includes('before'))
  server.drain()
  expect((await call(port, {method: 'GET', path: '/readyz'})).status).toBe(503)
  expect((await call(port, {method: 'GET', path: '/livez'})).status).toBe(200)
  wire.write(post(reviewOf('during')))
  const text = await wire.until(() => wire.closed)
  expect(statuses(text)).toEqual(['200', '200'])
  expect(text.slice(text.lastIndexOf('HTTP/1.1')).toLowerCase()).toContain('connection: close')
  // New connections too: the endpoint takes a while to disappear everywhere.
  expect((await call(port, {body: reviewOf('new')})).status).toBe(200)
  await server.stop(1000)
  await expect(call(port, {body: reviewOf('late')})).rejects.toThrow(/ECONNREFUSED/)
})

it('delivers the answers under way, also of requests that are still coming in, and ends with the last one', async () => {
  const {server, port} = await start()
  const agent = new Agent({keepAlive: true})
  await call(port, {body: reviewOf('idle'), agent})
  const fresh = await Wire.open(port)
  const wire = await Wire.open(port)
  const request = post(reviewOf('slow'))
  wire.write(request.slice(0, 200))
  await eventually(() => server.inFlight === 1)
  const started = performance.now()
  const stopped = server.stop(10_000)
  setTimeout(() => wire.write(request.slice(200)), 200)
  const text = await wire.until(() => wire.closed)
  expect(statuses(text)).toEqual(['200'])
  expect(text).toContain('"uid":"slow"')
  expect(text.toLowerCase()).toContain('connection: close')
  await stopped
  expect(performance.now() - started).toBeLessThan(3000)
  fresh.socket.destroy()
  agent.destroy()
})

it('cuts off after the grace period whoever does not come to an end', async () => {
  const {server, port} = await start({fake: fakeAdmission()})
  const wire = await Wire.open(port)
  wire.write(post(reviewOf('never')).slice(0, 200))
  await eventually(() => server.inFlight === 1)
  const started = performance.now()
  await server.stop(300)
  expect(performance.now() - started).toBeGreaterThan(250)
  await wire.until(() => wire.closed, 1000)
})

it('answers a request that has come in, though not read yet, on a connection that is about to be closed as idle', async () => {
  const {server, port} = await start()
  const wires = await Promise.all(Array.from({length: 5}, () => Wire.open(port)))
  for (const wire of wires) await wire.write(post(reviewOf('before'))).until((text) => text.includes('before'))
  // In one turn of the event loop: the bytes are in the kernel, and nothing has read them.
  for (const wire of wires) wire.write(post(reviewOf('unread')))
  const stopped = server.stop(5000)
  for (const wire of wires) expect(statuses(await wire.until(() => wire.closed))).toEqual(['200', '200'])
  await stopped
})

it('leaves unused connections open for a while, for the API server may be about to send on them', async () => {
  const {server, port} = await start()
  const [used, silent] = await Promise.all([Wire.open(port), Wire.open(port)])
  used.write(post(reviewOf('before')))
  await used.until((text) => text.includes('before'))
  const stopped = server.stop(5000, 60_000)
  await new Promise((resolve) => setTimeout(resolve, 300))
  used.write(post(reviewOf('after')))
  expect(statuses(await used.until(() => used.closed))).toEqual(['200', '200'])
  silent.write(post(reviewOf('first')))
  expect(statuses(await silent.until(() => silent.closed))).toEqual(['200'])
  // Nobody is left, so nothing is waited for.
  await stopped
  await expect(call(port, {body: reviewOf('late')})).rejects.toThrow(/ECONNREFUSED/)
})
