import {setImmediate as turn, setTimeout as sleep} from 'node:timers/promises'
import {expect, it} from 'vitest'
import {Backlog} from './backlog.ts'

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

it('runs tasks in order, none of them before the caller is done', async () => {
  const backlog = new Backlog(10)
  const done: number[] = []
  for (const number of [1, 2, 3]) backlog.push(() => done.push(number))
  expect([backlog.size, done]).toEqual([3, []])
  await turn()
  expect([backlog.size, done]).toEqual([0, [1, 2, 3]])
})

it('is full at its limit, and not any more once a task has begun', async () => {
  const backlog = new Backlog(2)
  let inside: boolean | undefined
  backlog.push(() => (inside = backlog.full))
  expect(backlog.full).toBe(false)
  backlog.push(() => {})
  expect(backlog.full).toBe(true)
  await turn()
  expect([inside, backlog.full]).toEqual([false, false])
})

it('takes tasks that tasks push', async () => {
  const backlog = new Backlog(10)
  const done: string[] = []
  backlog.push(() => {
    done.push('a')
    backlog.push(() => done.push('b'))
  })
  await turn()
  await turn()
  expect(done).toEqual(['a', 'b'])
})

it('gives others their turn while there is much to do', async () => {
  const backlog = new Backlog(100)
  for (let i = 0; i < 40; i++) backlog.push(() => block(2))
  let turns = 0
  while (backlog.size > 0) {
    await turn()
    turns++
  }
  expect(turns).toBeGreaterThan(2)
})

it('works as long as others keep it from working', async () => {
  const backlog = new Backlog(1000)
  for (let i = 0; i < 200; i++) backlog.push(() => block(1))
  let turns = 0
  while (backlog.size > 0) {
    // As a flood of requests to be turned away does.
    block(50)
    await sleep(0)
    turns++
  }
  expect(turns).toBeLessThan(12)
})
