import * as fc from 'fast-check'
import {expect, it} from 'vitest'
import {nestsDeeper} from './depth.ts'

const bytes = (text: string) => Buffer.from(text)

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

it('takes what is just as deep as the limit and no more', () => {
  expect(nestsDeeper(bytes('['.repeat(64) + ']'.repeat(64)), 64)).toBe(false)
  expect(nestsDeeper(bytes('['.repeat(65) + ']'.repeat(65)), 64)).toBe(true)
  expect(nestsDeeper(bytes('{"a":'.repeat(65)), 64)).toBe(true)
})

it('does not count brackets inside strings, also behind escaped quotes', () => {
  expect(nestsDeeper(bytes(JSON.stringify({a: '[['.repeat(100), ['"{'.repeat(100)]: '\\"[['})), 2)).toBe(false)
  expect(nestsDeeper(bytes('{"\\\\":[[[1]]]}'), 3)).toBe(true)
})

it('agrees with a walk over the value, for any JSON', () => {
  fc.assert(
    fc.property(fc.json({maxDepth: 8}), fc.integer({min: 0, max: 10}), (text, limit) => {
      expect(nestsDeeper(bytes(text), limit)).toBe(depthOf(JSON.parse(text)) > limit)
    }),
  )
})

it('ends on any bytes, within a moment for 7 MiB', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 200}), (text) => {
      nestsDeeper(text, 3)
    }),
  )
  const started = performance.now()
  expect(nestsDeeper(Buffer.alloc(7 * 1024 * 1024, '[]'), 64)).toBe(false)
  expect(nestsDeeper(Buffer.alloc(7 * 1024 * 1024, '"\\'), 64)).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})
