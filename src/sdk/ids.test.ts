import {expect, test} from 'vitest'
import {Ids} from './ids.ts'

test('ids are hexadecimal, as long as they must be, and none comes twice', () => {
  const ids = new Ids()
  const all = Array.from({length: 5000}, () => [ids.trace(), ids.span()]).flat()
  expect(all.every((id, index) => new RegExp(`^[0-9a-f]{${index % 2 === 0 ? 32 : 16}}$`).test(id))).toBe(true)
  expect(new Set(all).size).toBe(all.length)
})
