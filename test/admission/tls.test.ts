import {Agent} from 'node:https'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {issue, makeAuthority} from '../../src/certs/authority.ts'
import {authority, call, keyPair, reviewOf, start, Wire, type Running} from './harness.ts'

let running: Running
beforeAll(async () => {
  running = await start()
})
afterAll(() => running.server.stop(0))

async function protocol(options: Parameters<typeof Wire.open>[1]): Promise<(string | null)[]> {
  const {socket} = await Wire.open(running.port, options)
  const seen = [socket.getProtocol(), socket.getCipher().standardName]
  socket.destroy()
  return seen
}

it('speaks TLS 1.3, and of 1.2 only ECDHE with AEAD', async () => {
  expect((await protocol({}))[0]).toBe('TLSv1.3')
  const [version, cipher] = await protocol({maxVersion: 'TLSv1.2'})
  expect([version, cipher]).toEqual([
    'TLSv1.2',
    expect.stringMatching(/^TLS_ECDHE_ECDSA_WITH_(AES_\d+_GCM|CHACHA20_POLY1305)_SHA\d+$/),
  ])
  for (const options of [
    {maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0'},
    {maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:AES256-SHA'},
    {minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0'},
  ] as const) {
    await expect(protocol(options)).rejects.toThrow(/alert|EPROTO|ECONNRESET|no protocols/i)
  }
})

it('swaps its certificate live, under load, without a failed request', async () => {
  const agent = new Agent({keepAlive: true, maxSockets: 4})
  const [second, now] = [await makeAuthority(new Date()), new Date()]
  const both = authority.cert + second.cert
  const stop = new AbortController()
  let answered = 0
  const load = async (options: {agent: Agent | false}) => {
    while (!stop.signal.aborted) {
      expect((await call(running.port, {body: reviewOf('swap'), ca: both, ...options})).status).toBe(200)
      answered++
    }
  }
  const loads = [load({agent}), load({agent}), load({agent: false}), load({agent: false})]
  const pairs = [await issue(second, ['localhost'], now), keyPair, await issue(second, ['localhost'], now)]
  for (let i = 0; i < 60; i++) {
    running.server.useKeyPair(pairs[i % pairs.length] ?? keyPair)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  stop.abort()
  await Promise.all(loads)
  expect(answered).toBeGreaterThan(50)
  agent.destroy()
  running.server.useKeyPair(pairs[0] ?? keyPair)
  expect((await call(running.port, {body: reviewOf('x'), ca: second.cert})).status).toBe(200)
  await expect(call(running.port, {body: reviewOf('x'), ca: authority.cert})).rejects.toThrow()
})

it('keeps the pair it has where a new one cannot be used', async () => {
  running.server.useKeyPair(keyPair)
  const other = await issue(authority, ['localhost'], new Date())
  expect(() => running.server.useKeyPair({cert: keyPair.cert, key: other.key})).toThrow()
  expect(() => running.server.useKeyPair({cert: keyPair.cert.slice(0, 100), key: keyPair.key})).toThrow()
  expect((await call(running.port, {body: reviewOf('x')})).status).toBe(200)
})
