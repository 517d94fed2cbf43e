import {afterEach, describe, expect, it} from 'vitest'
import {call, eventually, fakeAdmission, post, reviewOf, start, statuses, Wire, type Running} from './harness.ts'

const running: Running[] = []
async function run(...options: Parameters<typeof start>): Promise<Running> {
  const one = await start(...options)
  running.push(one)
  return one
}
afterEach(async () => {
  await Promise.all(running.splice(0).map(({server}) => server.stop(0)))
})

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

describe('load beyond what may be in flight', () => {
  it('is shed with 429 and Retry-After, and counted; what was taken is answered', async () => {
    const {port, tally, lines} = await run({maxInFlight: 3, fake: fakeAdmission(() => block(15))})
    const wires = await Promise.all(Array.from({length: 20}, () => Wire.open(port)))
    // All of them in one turn of the event loop, as in a burst.
    for (const [i, wire] of wires.entries()) wire.write(post(reviewOf(`b-${i}`)))
    const answers = await Promise.all(
      wires.map((wire) => wire.until((text) => text.includes('\r\n\r\n') && text.endsWith('}'))),
    )
    const [taken, shed] = [
      answers.filter((text) => text.startsWith('HTTP/1.1 200')),
      answers.filter((text) => text.startsWith('HTTP/1.1 429')),
    ]
    expect(taken.length + shed.length).toBe(20)
    expect(shed.length).toBeGreaterThan(0)
    expect(taken.length).toBeGreaterThanOrEqual(3)
    for (const text of shed) {
      expect(text.toLowerCase()).toContain('\r\nretry-after: 1\r\n')
      expect(text).toContain('"reason":"TooManyRequests"')
      expect(text).toContain('"retryAfterSeconds":1')
    }
    expect(tally.sheds).toBe(shed.length)
    // One line for a burst, not one for each request.
    expect(lines.filter(({code}) => code === 'MW5003')).toHaveLength(1)
    // And the moment it is over, everything is answered again, also on connections that were turned away.
    for (const wire of wires) {
      wire.text = ''
      wire.write(post(reviewOf('after')))
      expect(statuses(await wire.until((text) => text.endsWith('}')))).toEqual(['200'])
      wire.socket.destroy()
    }
  })

  it('is turned away before its body is read', async () => {
    const {port} = await run({maxInFlight: 0})
    const wire = await Wire.open(port)
    wire.write(post('x'.repeat(100_000)).slice(0, 1000))
    expect(statuses(await wire.until((text) => text !== ''))).toEqual(['429'])
    wire.socket.destroy()
  })

  it('of large bodies is shed by bytes, while small ones go on being answered', async () => {
    const {port, server} = await run()
    const large = post('x'.repeat(6_000_000))
    const wires = await Promise.all(Array.from({length: 4}, () => Wire.open(port)))
    for (const wire of wires) wire.write(large.slice(0, 5_900_000))
    await eventually(() => wires.some(({text}) => text !== ''))
    const small = await call(port, {body: reviewOf('small')})
    expect(small.status).toBe(200)
    expect(wires.flatMap(({text}) => statuses(text)).every((status) => status === '429')).toBe(true)
    for (const wire of wires) wire.socket.destroy()
    await eventually(() => server.inFlight === 0)
    // What was reserved is free again.
    const body = reviewOf('large', 'x'.repeat(6_900_000))
    for (let time = 0; time < 2; time++) expect((await call(port, {body})).status).toBe(200)
  })
})

describe('connections beyond what memory holds', () => {
  it('push out the one that has been silent longest, never one that has sent a request', async () => {
    const {port} = await run({maxConnections: 3})
    const heard = await Wire.open(port)
    await heard.write(post(reviewOf('c-1'))).until((text) => text.includes('c-1'))
    const silent = [await Wire.open(port), await Wire.open(port)]
    silent[0]?.write('POST /mutate HTTP/1.1\r\n')
    const next = await Wire.open(port)
    await silent[0]?.until(() => silent[0]?.closed === true)
    await next.write(post(reviewOf('c-2'))).until((text) => text.includes('c-2'))
    expect(silent[1]?.closed).toBe(false)
    await silent[1]?.write(post(reviewOf('c-3'))).until((text) => text.includes('c-3'))
    // All three have sent a request now, so it is the fourth that has to go.
    await expect(
      Wire.open(port).then((wire) => wire.write(post(reviewOf('c-4'))).until((text) => text !== '')),
    ).rejects.toThrow()
    for (const wire of [heard, next]) {
      await wire.write(post(reviewOf('c-5'))).until((text) => text.includes('c-5'))
      wire.socket.destroy()
    }
    await eventually(async () => (await call(port, {body: reviewOf('c-6')}).catch(() => ({status: 0}))).status === 200)
  })
})

describe('the deadline', () => {
  it.each([
    ['Fail', false],
    ['Ignore', true],
  ] as const)('once passed, is answered by failurePolicy %s without work', async (policy, allowed) => {
    let clock = 0
    let worked = 0
    const {port, tally} = await run({
      now: () => clock,
      fake: fakeAdmission(() => {
        worked++
        clock += 1500
      }, policy),
    })
    // Both arrive at 0; the work on the first takes until 1,500.
    const wire = await Wire.open(port)
    const slow = post(reviewOf('d-2')).replace('/mutate', '/mutate?timeout=1s')
    wire.write(post(reviewOf('d-1')) + slow)
    const text = await wire.until((seen) => seen.includes('d-2') && seen.endsWith('}'))
    wire.socket.destroy()
    expect(worked).toBe(1)
    const {response} = JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n')))
    expect(response).toMatchObject({uid: 'd-2', allowed, auditAnnotations: {decision: 'failed', code: 'MW5002'}})
    expect(allowed ? response.warnings[0] : response.status.message).toContain('MW5002')
    expect([...tally.decisions].map(({code, count}) => [code, count])).toEqual([
      ['MW1110', 1],
      ['MW5002', 1],
    ])
  })
})

describe('an error in the core', () => {
  it.each([
    ['Fail', false],
    ['Ignore', true],
  ] as const)('is answered with 200 by failurePolicy %s, and its text goes nowhere', async (policy, allowed) => {
    const {port, lines} = await run({
      fake: fakeAdmission(() => {
        throw new Error('hunter2')
      }, policy),
    })
    const answer = await call(port, {body: reviewOf('e-1')})
    expect(answer.status).toBe(200)
    const review = JSON.parse(answer.text)
    expect(review).toMatchObject({apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview'})
    expect(review.response).toMatchObject({uid: 'e-1', allowed, auditAnnotations: {decision: 'failed', code: 'MW5001'}})
    if (allowed) {
      expect(review.response.warnings[0]).toMatch(/^MW5001 /)
      expect(review.response.warnings[0].length).toBeLessThanOrEqual(120)
    } else {
      expect(review.response.status).toMatchObject({code: 500, message: expect.stringMatching(/^MW5001: /)})
    }
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      level: 'error',
      code: 'MW5001',
      namespace: 'shop',
      at: expect.stringContaining('harness.ts'),
    })
    expect(JSON.stringify([answer, lines])).not.toContain('hunter2')
    expect((await call(port, {body: '{"request":{}}'})).status).toBe(400)
  })
})
