import {inspect} from 'node:util'
import {describe, expect, expectTypeOf, test} from 'vitest'
import {Clients} from './client.ts'
import {Context} from './context.ts'
import {MeshConnectError, MeshDecodeError, MeshHttpError, MeshInputError, MeshTimeoutError} from './errors.ts'
import {op} from './operation.ts'
import {NoAnswer, type Incoming, type Outgoing} from './transport.ts'

interface Order {
  readonly id: string
}
const operations = {
  createOrder: op<{items: readonly string[]}, Order>('POST /orders'),
  getOrder: op<{id: string}, Order>('GET /orders/{id}'),
  ping: op('GET /ping'),
}
const orders = {namespace: 'shop', name: 'order-service'}
const json = {'content-type': 'application/json; charset=utf-8'}

function clients(answer: Partial<Incoming> | Error = {}) {
  const sent: Outgoing[] = []
  const context = new Context()
  const transport = {
    send: async (request: Outgoing): Promise<Incoming> => {
      sent.push(request)
      if (answer instanceof Error) throw answer
      return {
        status: 200,
        headers: json,
        text: '{"id":"o-1"}',
        url: 'http://order-service/orders',
        attempts: 1,
        ...answer,
      }
    },
    close: async () => {},
  }
  return {clients: new Clients(transport, context), sent, context}
}

describe('a typed client', () => {
  test('has a method for each operation, and is plain and frozen', async () => {
    const {clients: made, sent} = clients()
    const client = made.typed(orders, operations)
    expect(await client.createOrder({items: ['a']}, {timeout: '1500ms', headers: {'X-Tenant': 't'}})).toEqual({
      id: 'o-1',
    })
    expect(sent[0]).toMatchObject({method: 'POST', path: '/orders', body: '{"items":["a"]}', timeout: 1500})
    expect(sent[0]?.headers).toMatchObject({'content-type': 'application/json', 'x-tenant': 't'})
    expect(Object.isFrozen(client)).toBe(true)
    expect(Object.keys(client)).toEqual(['createOrder', 'getOrder', 'ping'])
  })

  test('knows the types of both sides', () => {
    const client = clients().clients.typed(orders, operations)
    expectTypeOf(client.createOrder).parameter(0).toEqualTypeOf<{items: readonly string[]}>()
    expectTypeOf(client.createOrder).returns.resolves.toEqualTypeOf<Order>()
    expectTypeOf(client.ping).parameter(0).toEqualTypeOf<undefined>()
    // @ts-expect-error an unknown operation
    expect(client.cancelOrder).toBeUndefined()
  })

  test('carries the context of the request that it is called in', async () => {
    const {clients: made, sent, context} = clients()
    await context.run({'x-request-id': 'r-9'}, () => made.typed(orders, operations).ping())
    expect(sent[0]?.headers['x-request-id']).toBe('r-9')
  })
})

describe('an untyped client', () => {
  test('takes any name for an operation', async () => {
    const {clients: made, sent} = clients()
    expect(await made.untyped(orders)['createOrder']?.({a: 1})).toEqual({id: 'o-1'})
    expect(sent[0]).toMatchObject({method: 'POST', path: '/createOrder', body: '{"a":1}'})
  })

  test('survives await, JSON and inspection without calling anybody', async () => {
    const {clients: made, sent} = clients()
    const client = await Promise.resolve(made.untyped(orders))
    expect(`${JSON.stringify(client)} ${inspect(client)}`).toContain('{}')
    expect(sent).toEqual([])
  })
})

describe('a call that fails', () => {
  const failing = (answer: Partial<Incoming> | Error) =>
    clients(answer)
      .clients.typed(orders, operations)
      .getOrder({id: '1'})
      .then(
        () => undefined,
        (error: unknown) => error,
      )

  test('with a status tells the status, the body and who answered', async () => {
    const error = await failing({status: 503, text: '{"reason":"no"}', headers: {...json, 'l5d-proxy-error': 'x'}})
    expect(error).toBeInstanceOf(MeshHttpError)
    expect(error).toMatchObject({
      code: 'MESH_HTTP',
      status: 503,
      body: {reason: 'no'},
      origin: 'proxy',
      retryable: true,
      service: 'order-service',
      operation: 'getOrder',
      attempts: 1,
    })
  })

  test('without an answer tells why', async () => {
    const url = 'http://order-service/orders/1'
    expect(await failing(new NoAnswer('timeout', {url, attempts: 2, timeout: 5000}))).toBeInstanceOf(MeshTimeoutError)
    const refused = await failing(new NoAnswer('connect', {url, attempts: 4, cause: new Error('ECONNREFUSED')}))
    expect(refused).toBeInstanceOf(MeshConnectError)
    expect(refused).toMatchObject({attempts: 4, url, retryable: true})
  })

  test('with broken JSON tells that', async () => {
    expect(await failing({text: '{'})).toBeInstanceOf(MeshDecodeError)
  })

  test('with a bad input or timeout sends nothing', async () => {
    const {clients: made, sent} = clients()
    // @ts-expect-error the field is missing
    await expect(made.typed(orders, operations).getOrder({})).rejects.toBeInstanceOf(MeshInputError)
    await expect(made.typed(orders, operations).ping(undefined, {timeout: '5'})).rejects.toThrow('timeout must be')
    expect(sent).toEqual([])
  })

  test('because the caller gave up keeps the reason of the caller', async () => {
    const signal = AbortSignal.abort(new Error('changed my mind'))
    await expect(clients().clients.typed(orders, operations).ping(undefined, {signal})).rejects.toThrow(
      'changed my mind',
    )
  })
})

test('an empty good answer is undefined', async () => {
  expect(await clients({status: 204, text: ''}).clients.typed(orders, operations).ping()).toBeUndefined()
})
