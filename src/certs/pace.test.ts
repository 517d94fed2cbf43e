import fc from 'fast-check'
import {expect, test} from 'vitest'
import {Pace} from './pace.ts'

test('what was overwritten once, or twice, is written again at once', () => {
  const pace = new Pace()
  for (const at of [0, 100, 200]) {
    expect(pace.wait(at)).toBe(0)
    pace.wrote(at)
  }
  expect(pace.isContested(200)).toBe(true)
  expect(pace.wait(300)).toBe(3900)
})

test('the fourth and the fifth time within a minute it is right again within five seconds', () => {
  const pace = new Pace()
  let now = 0
  for (let time = 1; time <= 5; time++) {
    now += 1000
    const wait = pace.wait(now)
    expect(wait).toBeLessThanOrEqual(4000)
    now += wait
    pace.wrote(now)
  }
})

test('whoever overwrites again and again is answered ten times a minute at most, and within 14 s each time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({max: 20_000}), {minLength: 50, maxLength: 200}), (gaps) => {
      const pace = new Pace()
      const writes: number[] = []
      let now = 0
      for (const gap of gaps) {
        now += gap
        const wait = pace.wait(now)
        expect(wait).toBeLessThanOrEqual(14_000)
        now += wait
        expect(pace.wait(now)).toBe(0)
        pace.wrote(now)
        writes.push(now)
      }
      for (const at of writes) {
        expect(writes.filter((other) => other >= at && other < at + 60_000).length).toBeLessThanOrEqual(10)
      }
    }),
  )
})
