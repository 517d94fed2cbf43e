import fc from 'fast-check'
import {expect, test} from 'vitest'
import {Base64} from './base64.ts'

test('any text comes back whole, whatever was encoded before it', () => {
  const base64 = new Base64()
  const texts = fc.oneof(
    fc.string({unit: 'grapheme'}),
    fc.nat(40_000).map((length) => 'é'.repeat(length)),
  )
  fc.assert(
    fc.property(texts, (text) => {
      expect(Buffer.from(base64.encode(text), 'base64').toString()).toBe(text)
    }),
  )
})
