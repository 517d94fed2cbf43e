import {brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {decoded} from './encoding.ts'

const body = Buffer.from('{"of": "a service"}'.repeat(100))

test.each([
  ['gzip', gzipSync(body)],
  ['X-GZip', gzipSync(body)],
  ['deflate', deflateSync(body)],
  ['deflate', deflateRawSync(body)],
  ['br', brotliCompressSync(body)],
  ['zstd', zstdCompressSync(body)],
  ['identity', body],
  ['gzip, br', brotliCompressSync(gzipSync(body))],
])('a body of %s is read', (encoding, bytes) => {
  expect(decoded(bytes, encoding)).toEqual(body)
})

test('what has no coding, or one that nobody here knows, is left as it is', () => {
  expect(decoded(body, undefined)).toBe(body)
  expect(decoded(body, 'compress')).toBe(body)
  const both = gzipSync(body)
  expect(decoded(both, 'compress, gzip')).toBe(both)
})

test('no body, as after a HEAD, is none', () => {
  expect(decoded(Buffer.alloc(0), 'gzip')).toHaveLength(0)
})

test.each([
  ['gzip', gzipSync(body)],
  ['br', brotliCompressSync(body)],
])('of a body of %s that was cut short what is there is read', (encoding, bytes) => {
  const read = decoded(bytes.subarray(0, -4), encoding)
  expect(body.subarray(0, read.length)).toEqual(read)
})

test('a body in more codings than anybody needs is an error', () => {
  expect(() => decoded(body, 'gzip,'.repeat(6))).toThrow('6 codings; 5 are undone')
})

test('what is not what it says is an error', () => {
  expect(() => decoded(body, 'gzip')).toThrow('incorrect header check')
})
