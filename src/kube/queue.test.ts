import {setImmediate as settled} from 'node:timers/promises'
import fc from 'fast-check'
import {expect, test, vi} from 'vitest'
import {FakeClock} from '../sdk/testing/fake-clock.ts'
import {TooManyRequestsError} from './errors.ts'
import {WorkQueue, type QueueOptions} from './queue.ts'

/** Work that ends when the test says so. */
class Hands {
  readonly begun: string[] = []
  /** Keys that were worked on twice at once. */
  readonly doubled: string[] = []
  readonly #ends = new Map<string, {resolve: () => void; reject: (error: unknown) => void}>()

  work = (key: string): Promise<void> => {
    if (this.#ends.has(key)) this.doubled.push(key)
    this.begun.push(key)
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    this.#ends.set(key, {resolve, reject})
    return promise
  }

  get busy(): readonly string[] {
    return [...this.#ends.keys()]
  }

  async finish(key: string, error?: unknown): Promise<void> {
    const end = this.#ends.get(key)
    this.#ends.delete(key)
    if (error === undefined) end?.resolve()
    else end?.reject(error)
    await settled()
  }
}

function started(options: Partial<QueueOptions> = {}) {
  const clock = new FakeClock(0)
  const hands = new Hands()
  const queue = new WorkQueue({work: hands.work, clock, ...options})
  queue.start()
  return {clock, hands, queue}
}

const failure = new Error('no')

test('works on a key once however often it is added before its turn', () => {
  const {hands, queue} = started()
  for (const key of ['a', 'b', 'b', 'b']) queue.add(key)
  expect(hands.begun).toEqual(['a'])
  expect(queue.depth).toBe(1)
})

test('works once more on a key that is added while it is worked on', async () => {
  const {hands, queue} = started({workers: 2})
  queue.add('a')
  queue.add('a')
  queue.add('a')
  expect(hands.begun).toEqual(['a'])
  await hands.finish('a')
  expect(hands.begun).toEqual(['a', 'a'])
  await hands.finish('a')
  expect(hands.begun).toEqual(['a', 'a'])
})

test('does nothing before it is started', () => {
  const hands = new Hands()
  const queue = new WorkQueue({work: hands.work, clock: new FakeClock(0)})
  queue.add('a')
  expect(hands.begun).toEqual([])
  queue.start()
  expect(hands.begun).toEqual(['a'])
})

test('tries again after 200 ms, doubled up to 5 s', async () => {
  const onFailure = vi.fn<NonNullable<QueueOptions['onFailure']>>()
  const {clock, hands, queue} = started({onFailure})
  queue.add('a')
  for (let attempt = 0; attempt < 7; attempt++) {
    await hands.finish('a', failure)
    const [, , wait = 0] = onFailure.mock.lastCall ?? []
    await clock.advance(wait - 1)
    expect(hands.busy).toEqual([])
    await clock.advance(1)
    expect(hands.busy).toEqual(['a'])
  }
  expect(onFailure.mock.calls.map(([, , wait]) => wait)).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000])
})

test('begins with the shortest back-off again once a key has succeeded or was forgotten', async () => {
  const onFailure = vi.fn<NonNullable<QueueOptions['onFailure']>>()
  const {clock, hands, queue} = started({onFailure})
  queue.add('a')
  await hands.finish('a', failure)
  await clock.advance(200)
  await hands.finish('a')
  queue.add('a')
  await hands.finish('a', failure)
  queue.forget('a')
  queue.add('a')
  await hands.finish('a', failure)
  expect(onFailure.mock.calls.map(([, , wait]) => wait)).toEqual([200, 200, 200])
})

test('does not let a key that fails wait when it is added anew', async () => {
  const {clock, hands, queue} = started({backoff: {shortest: 5_000, longest: 5_000}})
  queue.add('a')
  await hands.finish('a', failure)
  expect(queue.failing).toBe(1)
  queue.add('a')
  expect(hands.begun).toEqual(['a', 'a'])
  await hands.finish('a')
  await clock.advance(10_000)
  expect(hands.begun).toEqual(['a', 'a'])
})

test('waits as long as the API server asks for', async () => {
  const onFailure = vi.fn<NonNullable<QueueOptions['onFailure']>>()
  const {hands, queue} = started({onFailure})
  const kind = {apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true}
  queue.add('a')
  await hands.finish('a', new TooManyRequestsError('busy', {verb: 'get', kind}, 7_000))
  expect(onFailure.mock.lastCall?.[2]).toBe(7_000)
})

test('keeps to the rate of all keys together', async () => {
  const clock = new FakeClock(0)
  const begun: number[] = []
  const work = async () => void begun.push(clock.now())
  const queue = new WorkQueue({work, workers: 10, rate: {perSecond: 10, burst: 3}, clock})
  queue.start()
  for (let index = 0; index < 8; index++) queue.add(`k${index}`)
  await clock.advance(1_000)
  expect(begun).toEqual([0, 0, 0, 100, 200, 300, 400, 500])
})

test('ends what is in work, and with drain also what waits, before stop resolves', async () => {
  for (const drain of [true, false]) {
    const {clock, hands, queue} = started()
    queue.add('failing')
    await hands.finish('failing', failure)
    queue.add('a')
    queue.add('b')
    let isDone = false
    const stopping = queue.stop({drain}).then(() => (isDone = true))
    queue.add('late')
    await settled()
    expect(isDone).toBe(false)
    await hands.finish('a')
    if (drain) await hands.finish('b')
    await stopping
    await clock.advance(10_000)
    expect(hands.begun).toEqual(drain ? ['failing', 'a', 'b'] : ['failing', 'a'])
  }
})

test('is quiet when nothing waits, is in work or is to be tried again', async () => {
  const {clock, hands, queue} = started()
  await queue.quiet()
  queue.add('a')
  let isQuiet = false
  void queue.quiet().then(() => (isQuiet = true))
  await hands.finish('a', failure)
  expect(isQuiet).toBe(false)
  await clock.advance(200)
  await hands.finish('a')
  expect(isQuiet).toBe(true)
})

type Step =
  | {readonly do: 'add' | 'succeed' | 'fail'; readonly key: string}
  | {readonly do: 'wait'; readonly milliseconds: number}

const key = fc.constantFrom('a', 'b', 'c', 'd')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({do: fc.constantFrom('add' as const, 'succeed' as const, 'fail' as const), key}),
  fc.record({do: fc.constant('wait' as const), milliseconds: fc.integer({min: 0, max: 6_000})}),
)

test('never works on a key twice at once, and follows every add with a run', async () => {
  const limits = fc.record({workers: fc.integer({min: 1, max: 3}), limited: fc.boolean()})
  await fc.assert(
    fc.asyncProperty(fc.array(step, {maxLength: 60}), limits, async (steps, {workers, limited}) => {
      const {clock, hands, queue} = started({workers, ...(limited && {rate: {perSecond: 20, burst: 2}})})
      const added: {readonly key: string; readonly runsBefore: number}[] = []
      const runs = (key: string) => hands.begun.filter((begun) => begun === key).length
      for (const one of steps) {
        if (one.do === 'wait') await clock.advance(one.milliseconds)
        else if (one.do === 'add') {
          added.push({key: one.key, runsBefore: runs(one.key)})
          queue.add(one.key)
        } else await hands.finish(one.key, one.do === 'fail' ? failure : undefined)
        expect(hands.busy.length).toBeLessThanOrEqual(workers)
      }
      while (queue.depth + queue.working + queue.failing > 0) {
        for (const key of hands.busy) await hands.finish(key)
        await clock.advance(60_000)
      }
      expect(hands.doubled).toEqual([])
      for (const {key, runsBefore} of added) expect(runs(key)).toBeGreaterThan(runsBefore)
    }),
    {numRuns: 300},
  )
})
