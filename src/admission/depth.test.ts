import * as fc from 'fast-check'
import {expect, it} from 'vitest'
import {exceeded} from './depth.ts'

const bytes = (text: string) => Buffer.from(text)
const deep = (depth: number) => ({depth, values: Infinity})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

it('takes what is just as deep as the limit and no more', () => {
  expect(exceeded(bytes('['.repeat(64) + ']'.repeat(64)), deep(64))).toBe(undefined)
  expect(exceeded(bytes('['.repeat(65) + ']'.repeat(65)), deep(64))).toBe('depth')
  expect(exceeded(bytes('{"a":'.repeat(65)), deep(64))).toBe('depth')
})

it('does not count brackets inside strings, also behind escaped quotes', () => {
  expect(exceeded(bytes(JSON.stringify({a: '[['.repeat(100), ['"{'.repeat(100)]: '\\"[['})), deep(2))).toBe(undefined)
  expect(exceeded(bytes('{"\\\\":[[[1]]]}'), deep(3))).toBe('depth')
})

it('agrees with a walk over the value, for any JSON', () => {
  fc.assert(
    fc.property(fc.json({maxDepth: 8}), fc.integer({min: 0, max: 10}), (text, limit) => {
      expect(exceeded(bytes(text), deep(limit))).toBe(depthOf(JSON.parse(text)) > limit ? 'depth' : undefined)
    }),
  )
})

it('ends on any bytes, within a moment for 7 MiB', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 200}), (text) => {
      exceeded(text, deep(3))
    }),
  )
  const started = performance.now()
  expect(exceeded(Buffer.alloc(7 * 1024 * 1024, '[]'), deep(64))).toBe(undefined)
  expect(exceeded(Buffer.alloc(7 * 1024 * 1024, '"\\'), deep(64))).toBe(undefined)
  expect(performance.now() - started).toBeLessThan(1000)
})

it('takes as many values as the bound, wherever they stand, and no more', () => {
  const values = {depth: 64, values: 4}
  expect(exceeded(bytes('{"a":[1,"b,[{",{}]}'), {depth: 64, values: 5})).toBeUndefined()
  expect(exceeded(bytes('{"a":[1,"b,[{",{}]}'), values)).toBe('values')
  expect(exceeded(bytes('[[[[],'), values)).toBe('values')
})
