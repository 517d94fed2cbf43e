import {once} from 'node:events'
import {createServer, type RequestListener, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, describe, expect, test} from 'vitest'
import {MeshMetricsError} from '../errors.ts'
import {PrometheusClient} from './client.ts'

const open: (Server | PrometheusClient)[] = []
afterEach(async () => {
  for (const one of open.splice(0)) {
    if ('closeAllConnections' in one) one.closeAllConnections()
    await one.close()
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  open.push(server)
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

function client(url: string, headers: Readonly<Record<string, string>> = {}): PrometheusClient {
  const made = new PrometheusClient({url: new URL(url), headers, timeout: 200})
  open.push(made)
  return made
}

const forever = new AbortController().signal
const ask = (url: string, signal = forever) => client(url).query('up', signal)
const answering = (status: number, body: string) => serve((_, response) => response.writeHead(status).end(body))
const vector = (...values: readonly string[]) =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map((value, index) => ({metric: {n: String(index)}, value: [1.5, value]})),
    },
  })
const refusal = (error: string) => JSON.stringify({status: 'error', errorType: 'bad_data', error})

describe('a query', () => {
  test('is posted as a form, under the prefix of the server, with who asks', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const {authorization, 'x-scope': scope} = request.headers
        seen.push([request.method, request.url, body, authorization, scope])
        response.end(vector('1'))
      })
    })
    const asked = client(`${url.replace('//', '//me:s%40fe@')}/prefix/`, {'x-scope': 'shop'})
    expect(await asked.query('a{b="+&"}', forever)).toEqual([{labels: {n: '0'}, value: 1}])
    const login = `Basic ${Buffer.from('me:s@fe').toString('base64')}`
    expect(seen).toEqual([
      ['POST', '/prefix/api/v1/query?timeout=200ms', 'query=a%7Bb%3D%22%2B%26%22%7D', login, 'shop'],
    ])
  })

  test('leaves out what is no number', async () => {
    const url = await answering(200, vector('1', 'NaN', '+Inf', '-Inf', '', 'x', '2e3'))
    expect((await ask(url)).map(({value}) => value)).toEqual([1, 2000])
  })

  test('is given up when its asker gives up', async () => {
    const url = await serve(() => {})
    const reason = new Error('mine')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 20)
    await expect(ask(url, controller.signal)).rejects.toBe(reason)
  })
})

describe('without numbers', () => {
  const failure = async (url: Promise<string> | string) => {
    const error: unknown = await ask(await url).catch((thrown: unknown) => thrown)
    if (!(error instanceof MeshMetricsError)) throw new Error(`not a MeshMetricsError: ${String(error)}`)
    return error
  }

  test('since nobody listens', async () => {
    const {reason, retryable, status, message} = await failure('http://127.0.0.1:1')
    expect({reason, retryable, status}).toEqual({reason: 'unreachable', retryable: true, status: undefined})
    expect(message).toMatch(/^Prometheus at http:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/)
  })

  test.each<[string, RequestListener]>([
    ['nothing is answered', () => {}],
    ['an answer never ends', (_, response) => response.write('{"status":')],
  ])('since %s in time', async (_, listener) => {
    expect(await failure(serve(listener))).toMatchObject({reason: 'timeout', retryable: true})
  })

  test('since the connection breaks', async () => {
    const url = serve((_, response) => {
      response.write('{')
      setImmediate(() => response.destroy())
    })
    expect(await failure(url)).toMatchObject({reason: 'unreachable'})
  })

  test.each([
    ['the query is refused', 400, refusal('parse error'), false, 'answered 400: bad_data: parse error'],
    ['the caller is refused', 403, '<html>no</html>', false, 'answered 403'],
    ['the path is another', 404, 'not found', false, 'answered 404'],
    ['it has too much to do', 429, '', true, 'answered 429'],
    ['it fails', 500, '{}', true, 'answered 500'],
    ['it cannot evaluate', 503, refusal('query timed out'), true, 'answered 503: bad_data: query timed out'],
    ['it sends elsewhere', 302, '', false, 'answered 302'],
    ['it reports an error with a good status', 200, refusal('no'), false, 'bad_data: no'],
  ])('since %s', async (_, status, body, retryable, said) => {
    const error = await failure(answering(status, body))
    expect(error).toMatchObject({code: 'MESH_METRICS', reason: 'refused', status, retryable})
    expect(error.message.endsWith(` ${said}`)).toBe(true)
  })

  test.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['another document', '{"status":"success"}'],
    ['another kind of result', '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}'],
    ['a sample without labels', '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]}]}}'],
    [
      'labels that are none',
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}}',
    ],
    ['more than 4 MiB', ' '.repeat(4 * 1024 * 1024 + 1)],
  ])('since the answer is %s', async (_, body) => {
    expect(await failure(answering(200, body))).toMatchObject({reason: 'unreadable', status: 200})
  })

  test('what Prometheus says is told in one line', async () => {
    const {message} = await failure(answering(400, refusal('a\n\u001b[31mb\r\nc')))
    expect(message).toMatch(/ answered 400: bad_data: a \[31mb c$/)
  })

  test('no password is told, and no long story', async () => {
    const url = (await answering(400, refusal('x'.repeat(1000)))).replace('//', '//me:secret@')
    const {message} = await failure(url)
    expect(message).not.toContain('secret')
    expect(message.length).toBeLessThan(300)
  })
})
