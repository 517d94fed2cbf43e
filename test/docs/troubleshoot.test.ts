import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {codesPage} from '../../src/codes/page.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/troubleshoot.md'), 'utf8')
const codes = [...codesPage().matchAll(/^\| (MW\d{4}) \|/gm)].map(([, code = '']) => code)
const ranges = [...page.matchAll(/(MW\d{4}) to (MW\d{4})/g)].map(([, from = '', to = '']) => [from, to] as const)

describe('the page on troubleshooting', () => {
  test('says of every code of the table to which trouble it belongs', () => {
    const told = (code: string) => page.includes(code) || ranges.some(([from, to]) => from <= code && code <= to)
    expect(codes.filter((code) => !told(code))).toEqual([])
  })

  test('names no code that there is not', () => {
    const named = [...page.matchAll(/MW\d{4}/g)].map(([code]) => code)
    expect(named.filter((code) => !codes.includes(code))).toEqual([])
  })
})
