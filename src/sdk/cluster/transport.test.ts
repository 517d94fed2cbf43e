import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import {afterEach, describe, expect, test} from 'vitest'
import {NoAnswer, type Try} from '../transport.ts'
import {ClusterTransport} from './transport.ts'

const service = {namespace: 'shop', name: 'a'}
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function transport(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    answer(response, request)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const {port} = server.address() as AddressInfo
  const tries: Try[] = []
  const made = new ClusterTransport({
    originOf: (_, given) => `http://127.0.0.1:${given ?? port}`,
    now: () => performance.now(),
    onTry: (attempt) => tries.push(attempt),
    grace: 30,
  })
  closers.push(() => made.close())
  const send = (timeout?: number, signal?: AbortSignal, more: object = {}) =>
    made.send({service, method: 'GET', path: '/x?y=1', headers: {}, body: undefined, timeout, signal, ...more})
  return {send, tries, asked: () => asked, port, close: () => made.close()}
}

describe('a call in a cluster', () => {
  test('is sent once, whatever is answered: the mesh tries again', async () => {
    const {send, tries, asked} = await transport((response, {url}) => response.writeHead(503).end(url))
    expect(await send()).toMatchObject({status: 503, text: '/x?y=1', attempts: 1})
    expect(asked()).toBe(1)
    expect(tries).toEqual([expect.objectContaining({service, status: 503, version: ''})])
  })

  test('waits as long as the caller says', async () => {
    const {send, tries} = await transport(() => {})
    await expect(send(30)).rejects.toMatchObject({reason: 'timeout', timeout: 30})
    expect(tries).toEqual([expect.objectContaining({status: 0})])
    const given = new AbortController()
    setTimeout(() => given.abort(new Error('changed my mind')), 20)
    await expect(send(undefined, given.signal)).rejects.toThrow('changed my mind')
    expect(tries).toHaveLength(1)
  })

  test('that hangs ends with the mesh, after a while', async () => {
    const {send, close, asked} = await transport(() => {})
    const hanging = send().catch((error: unknown) => error)
    await expect.poll(asked).toBe(1)
    await close()
    expect(await hanging).toMatchObject({code: 'MESH_CLOSED'})
  })

  test('tells that nobody is there', async () => {
    const {send} = await transport(() => {})
    const error = await send(undefined, undefined, {port: 1}).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(NoAnswer)
    expect(error).toMatchObject({reason: 'connect', attempts: 1, url: 'http://127.0.0.1:1/x?y=1'})
  })

  test('gives bytes where they are asked for', async () => {
    const {send} = await transport((response) => response.end(Buffer.from([0, 255])))
    expect(await send(undefined, undefined, {binary: true})).toMatchObject({bytes: new Uint8Array([0, 255]), text: ''})
  })
})
