import {expect, test} from 'vitest'
import {HopelessError, until} from './wait.ts'

test('asks until there is an answer', async () => {
  let asked = 0
  expect(await until('three', 5_000, () => Promise.resolve(++asked === 3 && asked), 1)).toBe(3)
})

test('says what it waited for, and why the last try failed', async () => {
  const refused = until('the server', 20, () => Promise.reject(new Error('connection refused')), 5)
  await expect(refused).rejects.toThrow('waited 0.02 s for the server: connection refused')
})

test('gives up at once where waiting is hopeless', async () => {
  const hopeless = until('the server', 60_000, () => Promise.reject(new HopelessError('it is gone')))
  await expect(hopeless).rejects.toThrow('it is gone')
})
