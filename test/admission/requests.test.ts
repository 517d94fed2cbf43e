import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {call, eventually, fakeAdmission, post, reviewOf, start, statuses, Wire, type Running} from './harness.ts'

let running: Running
beforeAll(async () => {
  running = await start()
})
afterAll(() => running.server.stop(0))

const status = (text: string): {message: string; kind: string; code: number} => JSON.parse(text)

describe('a review', () => {
  it('is answered with its uid, over HTTPS, whatever timeout is granted', async () => {
    for (const path of ['/mutate', '/mutate?timeout=10s', '/mutate?timeout=junk', '/mutate?timeout=1s&timeout=2s']) {
      const answer = await call(running.port, {path, body: reviewOf('u-1')})
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(JSON.parse(answer.text).response).toEqual({uid: 'u-1', allowed: true})
    }
  })

  it('may be sent with a charset, in chunks, and split inside a character', async () => {
    const body = Buffer.from(reviewOf('ü-2'))
    const headers = {'content-type': 'application/json; charset=utf-8', 'transfer-encoding': 'chunked'}
    expect(JSON.parse((await call(running.port, {headers, body})).text).response.uid).toBe('ü-2')
    const cut = body.indexOf('ü') + 1
    const wire = await Wire.open(running.port)
    wire.write(
      `POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    wire.write(body.subarray(0, cut))
    setTimeout(() => wire.write(body.subarray(cut)), 30)
    await wire.until((text) => text.includes(Buffer.from('ü-2').toString('latin1')))
    wire.socket.destroy()
  })

  it('keeps __proto__ and constructor keys as data, and no prototype changes', async () => {
    let seen: unknown
    running.use(fakeAdmission((body) => (seen = body)))
    const object = '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}},"__proto__":{"polluted":true}}'
    const body = reviewOf('u-3', 'OBJECT').replace('"OBJECT"', object)
    expect((await call(running.port, {body})).status).toBe(200)
    const labels = Reflect.get(
      Reflect.get(Reflect.get(Reflect.get(Object(seen), 'request'), 'object'), 'metadata'),
      'labels',
    )
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    running.use(fakeAdmission())
  })

  it('is one log line without anything that a tenant wrote but names', async () => {
    running.lines.length = 0
    await call(running.port, {
      body: reviewOf('u-4', {
        metadata: {annotations: {a: 'hunter2'}},
        spec: {containers: [{env: [{name: 'A', value: 'hunter2'}]}]},
      }),
    })
    expect(running.lines).toHaveLength(1)
    const {time: _, ms, ...line} = running.lines[0] ?? {}
    expect(line).toEqual({
      level: 'info',
      namespace: 'shop',
      owner: 'ReplicaSet/web',
      mesh: 'istio',
      decision: 'skipped',
      code: 'MW1110',
      msg: 'reviewed',
    })
    expect(ms).toBeTypeOf('number')
  })
})

it('logs names on one line, whatever they hold', async () => {
  const fake = fakeAdmission()
  running.use({
    ...fake,
    review: (body) => ({...fake.review(body), namespace: 'x'.repeat(10_000), owner: 'Pod/a\u2028\n\u001b[31mb'}),
  })
  running.lines.length = 0
  await call(running.port, {body: reviewOf('u-5')})
  running.use(fake)
  expect(running.lines[0]).toMatchObject({namespace: 'x'.repeat(253), owner: 'Pod/a???[31mb'})
})

describe('a request that is none', () => {
  const cases: [string, Parameters<typeof call>[1], number, string][] = [
    ['an empty body', {body: ''}, 400, 'MW5007'],
    ['an empty body without a content type', {body: '', headers: {}}, 400, 'MW5007'],
    [
      'an empty chunked body',
      {headers: {'content-type': 'application/json', 'transfer-encoding': 'chunked'}, body: ''},
      400,
      'MW5007',
    ],
    ['broken JSON', {body: '{"apiVersion": "secret-token"'}, 400, 'MW5008'],
    ['bytes that are no text', {body: Buffer.from([0xff, 0xfe, 0x00])}, 400, 'MW5008'],
    ['a byte order mark', {body: `\ufeff${reviewOf('u')}`}, 400, 'MW5008'],
    ['JSON nested 65 deep', {body: '['.repeat(65) + ']'.repeat(65)}, 400, 'MW5005'],
    ['JSON nested a million deep', {body: '['.repeat(1_000_000)}, 400, 'MW5005'],
    ['text/plain', {body: reviewOf('u'), headers: {'content-type': 'text/plain'}}, 415, 'MW5006'],
    ['no content type', {body: reviewOf('u'), headers: {}}, 415, 'MW5006'],
    ['a broken content type', {body: reviewOf('u'), headers: {'content-type': ';;;'}}, 415, 'MW5006'],
    ['YAML', {body: 'a: b', headers: {'content-type': 'application/yaml'}}, 415, 'MW5006'],
    ['another path', {path: '/', body: reviewOf('u')}, 404, 'MW5010'],
    [
      'another path, whatever the body',
      {path: '/mutate/x', body: '{', headers: {'content-type': 'x/y'}},
      404,
      'MW5010',
    ],
    ['a path that cannot be decoded', {path: '/%zz', body: reviewOf('u')}, 400, 'MW5012'],
    ['GET /mutate', {method: 'GET'}, 405, 'MW5009'],
    ['DELETE /mutate', {method: 'DELETE'}, 405, 'MW5009'],
    ['PROPFIND /mutate', {method: 'PROPFIND'}, 405, 'MW5009'],
    ['POST /readyz', {path: '/readyz', body: '{}'}, 405, 'MW5009'],
  ]
  it.each(cases)('%s', async (_, request, code, ours) => {
    const answer = await call(running.port, request)
    expect(answer.status).toBe(code)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(status(answer.text)).toMatchObject({kind: 'Status', code, message: expect.stringMatching(`^${ours}: `)})
    expect(answer.text).not.toMatch(/secret-token|node_modules|at .*\.[jt]s/)
    if (code === 405) expect(answer.headers.allow).toBe(request?.path === '/readyz' ? 'GET, HEAD' : 'POST')
    expect((await call(running.port, {body: reviewOf('next')})).status).toBe(200)
  })

  it('a body of more than 7 MiB is refused before it is read, and while it is read', async () => {
    const big = Buffer.alloc(7 * 1024 * 1024 + 1, ' ')
    expect((await call(running.port, {body: big})).status).toBe(413)
    const headers = {'content-type': 'application/json', 'transfer-encoding': 'chunked'}
    const answer = await call(running.port, {body: big, headers})
    expect([answer.status, status(answer.text).message.slice(0, 6)]).toEqual([413, 'MW5004'])
  })

  it.each([
    ['announced', `Content-Length: ${2 ** 30}\r\n`, ''],
    ['not announced', 'Transfer-Encoding: chunked\r\n', '10000\r\n'],
  ])('of a body without end, %s, nothing is read any more once it is refused', async (_, header, chunk) => {
    const wire = await Wire.open(running.port)
    wire.write(`POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${header}\r\n`)
    const piece = Buffer.from(chunk + ' '.repeat(0x10000) + (chunk === '' ? '' : '\r\n'))
    const limit = 64 * 1024 * 1024
    const closed = new Promise((resolve) => wire.socket.once('close', resolve))
    while (!wire.closed && wire.socket.bytesWritten < limit) {
      const drained = new Promise((resolve) => wire.socket.once('drain', resolve))
      if (!wire.socket.write(piece)) await Promise.race([drained, closed])
      wire.socket.removeAllListeners('drain')
    }
    expect(statuses(wire.text)).toEqual(['413'])
    expect(wire.text).toContain('connection: close')
    // What it took, and what stood in the buffers of both sides.
    expect(wire.socket.bytesWritten).toBeLessThan(32 * 1024 * 1024)
    await eventually(() => running.server.inFlight === 0)
    expect((await call(running.port, {body: reviewOf('next')})).status).toBe(200)
  })

  it('a body of exactly 7 MiB is taken', async () => {
    const review = reviewOf('big', 'PAD')
    const body = review.replace('PAD', 'x'.repeat(7 * 1024 * 1024 - review.length + 3))
    expect(Buffer.byteLength(body)).toBe(7 * 1024 * 1024)
    const answer = await call(running.port, {body})
    expect([answer.status, JSON.parse(answer.text).response?.uid]).toEqual([200, 'big'])
    await eventually(() => running.server.inFlight === 0)
  })

  it('what is no HTTP gets a 400, headers without end a 431', async () => {
    const junk = (await Wire.open(running.port)).write('\x16\x03\x01 hello\r\n\r\n')
    expect(await junk.until(() => junk.closed)).toContain('MW5012')
    const long = (await Wire.open(running.port)).write(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(statuses(await long.until(() => long.closed))).toEqual(['431'])
    const noHost = (await Wire.open(running.port)).write('GET /livez HTTP/1.1\r\n\r\n')
    expect(statuses(await noHost.until((text) => text !== ''))).toEqual(['400'])
    noHost.socket.destroy()
  })
})

describe('a connection', () => {
  it('carries pipelined requests and their answers in order', async () => {
    const wire = await Wire.open(running.port)
    wire.write(['p-1', 'p-2', 'p-3'].map((uid) => post(reviewOf(uid))).join(''))
    const text = await wire.until((seen) => statuses(seen).length === 3 && seen.includes('p-3'))
    expect([...text.matchAll(/"uid":"(p-\d)"/g)].map(([, uid]) => uid)).toEqual(['p-1', 'p-2', 'p-3'])
    wire.socket.destroy()
  })

  it('answers what came whole before what is broken', async () => {
    const wire = await Wire.open(running.port)
    wire.write(`${post(reviewOf('p-4'))}garbage\r\n\r\n`)
    const text = await wire.until(() => wire.closed)
    expect(statuses(text)).toEqual(['200', '400'])
    expect(text).toContain('"uid":"p-4"')
  })

  it('ends behind its answers where the body of the last request is too large', async () => {
    const wire = await Wire.open(running.port)
    const giant = `POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${2 ** 30}\r\n\r\n`
    wire.write(`${post(reviewOf('p-5'))}${giant}`)
    const text = await wire.until(() => wire.closed)
    expect(statuses(text)).toEqual(['200', '413'])
  })

  it('that the client has half closed still gets its answer', async () => {
    const wire = await Wire.open(running.port)
    wire.write(post(reviewOf('half')))
    wire.socket.end()
    expect(await wire.until(() => wire.closed)).toContain('"uid":"half"')
  })

  it('that breaks off in mid body leaves nothing behind', async () => {
    const wire = await Wire.open(running.port)
    wire.write(post('x'.repeat(3_000_000)).slice(0, 2_000_000))
    await eventually(() => running.server.inFlight === 1)
    wire.socket.destroy()
    await eventually(() => running.server.inFlight === 0)
  })

  it('that the client ends in mid body gets a 400', async () => {
    const wire = await Wire.open(running.port)
    wire.write(post('x'.repeat(1000)).slice(0, 500))
    wire.socket.end()
    expect(statuses(await wire.until(() => wire.closed))).toEqual(['400'])
    await eventually(() => running.server.inFlight === 0)
  })

  it('stays open between requests', async () => {
    const wire = await Wire.open(running.port)
    wire.write(post(reviewOf('k-1')))
    await wire.until((text) => text.includes('k-1'))
    wire.write(post(reviewOf('k-2')))
    expect(statuses(await wire.until((text) => text.includes('k-2')))).toEqual(['200', '200'])
    expect(wire.text.toLowerCase()).not.toContain('connection: close')
    wire.socket.destroy()
  })
})

it('says that it lives and is ready', async () => {
  for (const path of ['/livez', '/readyz', '/readyz?verbose']) {
    expect(await call(running.port, {method: 'GET', path})).toMatchObject({status: 200, text: 'ok'})
    expect(await call(running.port, {method: 'HEAD', path})).toMatchObject({status: 200, text: ''})
  }
})

it('is not ready and answers no review while it has nothing to answer with', async () => {
  const {port, server} = await start({admission: () => undefined})
  expect((await call(port, {method: 'GET', path: '/livez'})).status).toBe(200)
  for (const request of [{method: 'GET', path: '/readyz'}, {body: reviewOf('u')}]) {
    const answer = await call(port, request)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text).message).toContain('MW5016')
  }
  await server.stop(0)
})
