import {setImmediate} from 'node:timers/promises'
import {describe, expect, test} from 'vitest'
import {Context, type OpenTelemetry} from './context.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('what goes out', () => {
  test('carries the trace and the request id of what came in, through awaits', async () => {
    const context = new Context()
    const inbound = {traceparent, tracestate: 'a=b', 'x-request-id': 'r-1', cookie: 'secret', b3: '1-2'}
    const headers = await context.run(inbound, async () => {
      await setImmediate()
      return context.headers()
    })
    expect(headers).toEqual({traceparent, tracestate: 'a=b', 'x-request-id': 'r-1'})
  })

  test.each([
    'garbage',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    `${traceparent}x`,
  ])('begins a trace of its own where traceparent is %s', (broken) => {
    const context = new Context()
    const headers = context.run({traceparent: broken, tracestate: 'a=b'}, () => context.headers())
    expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(headers['traceparent']).not.toBe(broken)
    expect(headers['tracestate']).toBeUndefined()
  })

  test('carries B3 where it is asked for, and joins a trace that only B3 names', () => {
    const context = new Context({b3: true})
    const inbound = {'x-b3-traceid': '8448eb211c80319c', 'x-b3-spanid': 'b7ad6b7169203331', 'x-b3-sampled': '0'}
    const headers = context.run(inbound, () => context.headers())
    expect(headers).toMatchObject({...inbound, traceparent: '00-00000000000000008448eb211c80319c-b7ad6b7169203331-00'})
    expect(context.run(inbound, () => context.call(headers, true)).sampled).toBe(false)
  })

  test('carries further headers where they are named', () => {
    const context = new Context({headers: ['X-Tenant']})
    expect(context.run({'x-tenant': 'a'}, () => context.headers())).toMatchObject({'x-tenant': 'a'})
  })

  test('outside of any request begins anew each time', () => {
    const context = new Context()
    expect(context.headers()['x-request-id']).not.toBe(context.headers()['x-request-id'])
  })

  test('keeps 500 concurrent requests apart', async () => {
    const context = new Context()
    const ids = Array.from({length: 500}, (_, index) => `r-${index}`)
    const seen = await Promise.all(
      ids.map((id) =>
        context.run({'x-request-id': id}, async () => {
          for (let hop = 0; hop < 3; hop++) await setImmediate()
          return context.headers()['x-request-id']
        }),
      ),
    )
    expect(seen).toEqual(ids)
  })
})

describe('with an active OpenTelemetry span', () => {
  const api = (headers: Record<string, string>): OpenTelemetry => ({
    trace: {getActiveSpan: () => ({spanContext: () => ({traceId: 't', spanId: 's', traceFlags: 1})})},
    context: {active: () => 'active'},
    propagation: {inject: (_context, carrier) => void Object.assign(Object(carrier), headers)},
  })

  test('its own trace headers win, and those that it does not write go', () => {
    const context = new Context({b3: true}, api({traceparent: 'from-the-span'}))
    const inbound = {traceparent, 'x-b3-spanid': 'b7ad6b7169203331', 'x-request-id': 'r-1'}
    expect(context.run(inbound, () => context.headers())).toEqual({
      traceparent: 'from-the-span',
      'x-request-id': 'r-1',
    })
  })

  test('an API without an SDK, which injects nothing, loses nothing', () => {
    const context = new Context({}, api({}))
    expect(context.run({traceparent}, () => context.headers())).toMatchObject({traceparent})
  })
})
