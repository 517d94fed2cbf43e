import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {failures, type Fate} from './count.ts'
import {during, Load} from './load.ts'

test('counts what became of every request, and why', async () => {
  const fates: readonly (() => Promise<Fate>)[] = [
    async () => ({kind: 'injected'}),
    async () => ({kind: 'bare', why: 'no sidecar'}),
    async () => ({kind: 'refused', why: '500 failed calling webhook "inject"'}),
    () => Promise.reject(new Error('socket hang up')),
  ]
  let sent = 0
  const load = new Load(200, (index) => {
    sent++
    return (fates[index % fates.length] ?? fates[0])?.() ?? Promise.reject(new Error('none'))
  })
  const [count] = await during([load], () => sleep(300))
  expect(count.attempted).toBe(sent)
  expect(count.injected + count.bare + count.refused + count.lost).toBe(sent)
  expect(failures(count)).toBe(count.bare + count.refused + count.lost)
  expect([...count.reasons.keys()]).toEqual([
    'bare: no sidecar',
    'refused: 500 failed calling webhook "inject"',
    'lost: socket hang up',
  ])
})

test('goes on sending while nothing is answered, waits for the last one, and counts from when a request was due', async () => {
  const {promise: open, resolve} = Promise.withResolvers<void>()
  const load = new Load(100, async () => {
    await open
    return {kind: 'injected'}
  })
  await sleep(300)
  expect(load.inFlight).toBeGreaterThan(10)
  resolve()
  const count = await load.stop()
  expect(count.injected).toBe(count.attempted)
  expect(count.worst).toBeGreaterThan(200)
  expect(load.inFlight).toBe(0)
})
