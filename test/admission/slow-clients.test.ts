import {connect as connectTcp} from 'node:net'
import {afterAll, beforeAll, describe, it} from 'vitest'
import {call, post, reviewOf, start, statuses, Wire, type Running} from './harness.ts'

let running: Running
beforeAll(async () => {
  running = await start()
})
afterAll(() => running.server.stop(0))

describe.concurrent('a slow client', {timeout: 20_000}, () => {
  it('gets 408 when its headers do not end, and nobody else waits for it', async ({expect}) => {
    const {port} = running
    const started = performance.now()
    const wires = await Promise.all(Array.from({length: 100}, () => Wire.open(port)))
    for (const wire of wires) wire.write('POST /mutate HTTP/1.1\r\nHost: a\r\nX-A: ')
    const drip = setInterval(() => wires[0]?.write('b'), 300)
    expect((await call(port, {body: reviewOf('quick')})).took).toBeLessThan(1000)
    for (const wire of wires) expect(statuses(await wire.until(() => wire.closed, 9000))).toEqual(['408'])
    clearInterval(drip)
    expect(performance.now() - started).toBeGreaterThan(4500)
    expect(performance.now() - started).toBeLessThan(9000)
  })

  it('gets 408 when its body does not end', async ({expect}) => {
    const {port} = running
    const wire = await Wire.open(port)
    wire.write(post('x'.repeat(1000)).slice(0, 300))
    const drip = setInterval(() => wire.write('x'), 500)
    expect(statuses(await wire.until(() => wire.closed, 14_000))).toEqual(['408'])
    clearInterval(drip)
  })

  it('that has said nothing yet is waited for: clients open connections that they need later, or never', async ({
    expect,
  }) => {
    const {port} = running
    const wires = await Promise.all(Array.from({length: 3}, () => Wire.open(port)))
    await new Promise((resolve) => setTimeout(resolve, 7000))
    for (const wire of wires) {
      expect(wire.text).toBe('')
      wire.write(post(reviewOf('later')))
      expect(statuses(await wire.until((text) => text.includes('later')))).toEqual(['200'])
      // From here on it is as any other.
      wire.write('POST /mutate HTTP/1.1\r\nHost: a\r\nX-A: ')
    }
    for (const wire of wires) expect(statuses(await wire.until(() => wire.closed, 9000))).toEqual(['200', '408'])
  })

  it('that never begins the handshake is cut off', async ({expect}) => {
    const {port} = running
    const raw = connectTcp(port, '127.0.0.1')
    const started = performance.now()
    await new Promise((resolve) =>
      raw
        .on('close', resolve)
        .on('error', () => {})
        .resume(),
    )
    expect(performance.now() - started).toBeLessThan(8000)
  })
})
