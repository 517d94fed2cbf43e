import {expect, test} from 'vitest'
import {snakeCase} from './snake-case.ts'

test.each([
  ['keepAliveInterval', 'keep_alive_interval'],
  ['http2', 'http2'],
  ['http2xx', 'http_2xx'],
  ['HTTP20xOK', 'http_20x_ok'],
  ['Bld4Floor3rd', 'bld4_floor_3rd'],
  ['NoHTTPS', 'no_https'],
  ['GO_PATH', 'go_path'],
  ['max-streams', 'max_streams'],
  ['a.b', 'a.b'],
  ['', ''],
])('%s is %s', (text, expected) => {
  expect(snakeCase(text)).toBe(expected)
})
