import {describe, expect, test} from 'vitest'
import {plainScalar} from './scalar.ts'

describe('an unquoted scalar means what it means to Kubernetes', () => {
  test.each([
    ['true', true],
    ['yes', true],
    ['on', true],
    ['Off', false],
    ['n', false],
    ['', null],
    ['~', null],
    ['Null', null],
    ['1', 1],
    ['-7', -7],
    ['+7', 7],
    ['0.1', 0.1],
    ['.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['0644', 420],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['08', 8],
    ['1_000', 1000],
    ['1:30', '1:30'],
    ['2026-01-31', '2026-01-31'],
    ['1.2.3', '1.2.3'],
    ['500m', '500m'],
    ['tRUE', 'tRUE'],
    ['.', '.'],
    ['-', '-'],
  ])('%s', (source, value) => {
    expect(plainScalar(source)).toEqual({ok: true, value})
  })

  test.each(['.inf', '-.Inf', '.nan', '1e999', '12345678901234567890'])(
    '%s is refused, for JSON cannot hold it',
    (source) => {
      expect(plainScalar(source)).toMatchObject({ok: false})
    },
  )
})
