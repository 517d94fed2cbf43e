import {describe, expect, test} from 'vitest'
import {readYaml} from './yaml.ts'

describe('YAML is read as Kubernetes reads it', () => {
  test.each<[string, unknown]>([
    ['a: yes\nb: 010\nc: 0x10\nd: "no"\ne: 1_000', {a: true, b: 8, c: 16, d: 'no', e: 1000}],
    ['1: a\ntrue: b', {1: 'a', true: 'b'}],
    ['a: 1\na: 2', {a: 2}],
    ['{"json": [1, null]}', {json: [1, null]}],
    ['2026-01-31', '2026-01-31'],
    ['', null],
    ['# only a comment', null],
    ['a: 1\n---\nb: 2', {a: 1}],
  ])('%j', (text, value) => {
    expect(readYaml(text)).toEqual({ok: true, value})
  })

  test('a key __proto__ is a key like any other', () => {
    const reading = readYaml('__proto__: {polluted: true}')
    expect(reading.ok && Object.hasOwn(Object(reading.value), '__proto__')).toBe(true)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

describe('what could grow or change its meaning is refused', () => {
  test.each([
    ['a: &x 1\nb: *x', 'aliases'],
    ['a: !!int "1"', 'tags'],
    ['a: [1', 'not YAML'],
    ['['.repeat(15_000), 'nested'],
    ['- '.repeat(8_000), 'nested'],
    ['? '.repeat(8_000), 'nested'],
    ['x'.repeat(70_000), '16 KiB'],
  ])('%#', (text, message) => {
    const reading = readYaml(text)
    expect(reading.ok ? '' : reading.message).toContain(message)
  })
})
