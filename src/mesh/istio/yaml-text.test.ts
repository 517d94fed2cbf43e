import {describe, expect, test} from 'vitest'
import {afterText, bare, inQuotes, shown} from './yaml-text.ts'

describe('between double quotes', () => {
  test.each([
    ['plain', 'plain'],
    ["it's: #1", "it's: #1"],
    ['C:\\temp\\new', 'C:\temp\new'],
    ['\\x41\\u00e9\\U0001F600', 'Aé😀'],
    ['a\\"b', 'a"b'],
  ])('%j becomes %j', (text, read) => {
    expect(inQuotes(text)).toBe(read)
  })

  test.each(['a"b', 'a\\q', '\\x4', '\\ud800', '\\U99999999', 'a\nb', 'end\\'])('%j is refused', (text) => {
    expect(inQuotes(text)).toBeUndefined()
  })
})

describe('bare', () => {
  test.each([
    ['a b', 'a b'],
    ['trailing  ', 'trailing'],
    ['{}', '{}'],
    ['a"b', 'a"b'],
  ])('%j after other text is %j', (text, read) => {
    expect(afterText(text)).toBe(read)
  })

  test.each(['a: b', 'a:', 'a\nb'])('%j after other text is refused', (text) => {
    expect(afterText(text)).toBeUndefined()
  })

  test.each(['true', '12', '~', '', '- a', '#x', '[x]', '*a', '"x"', '1e3'])('%j alone is no text', (text) => {
    expect(bare(text)).toBeUndefined()
  })

  test.each(['name', '2026-01-01', 'a.b:15012', 'x-y'])('%j alone is text', (text) => {
    expect(bare(text)).toBe(text)
  })
})

test('a tenant’s text is short and on one line in a sentence', () => {
  expect(shown(`a\n\u0085${'x'.repeat(100)}`)).toMatch(/^"a\\n\\u0085x{54}\.\.\."$/)
})
