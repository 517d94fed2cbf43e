import {describe, expect, it} from 'vitest'
import {envoyArgs, shellWords} from './shell-words.ts'

describe('words of a shell', () => {
  it.each([
    ['', []],
    [' \t\r\n', []],
    ['--a\t1\n--b 2', ['--a', '1', '--b', '2']],
    ['--foo "a b" --bar \'c d\'', ['--foo', 'a b', '--bar', 'c d']],
    ['--a "" b', ['--a', '', 'b']],
    ['--a b#c # d', ['--a', 'b#c']],
    ['# a\nb', ['b']],
    ['a\\ b "c\\nd"', ['a b', 'cnd']],
    ["'a\\b'", ['a\\b']],
  ])('%j', (text, words) => {
    expect(shellWords(text)).toEqual({ok: true, words})
  })

  it.each(['"a', "'a", 'a\\', '"a\\'])('%j is unfinished', (text) => {
    expect(shellWords(text).ok).toBe(false)
  })

  it('are quoted again for Envoy where they hold a blank', () => {
    expect(envoyArgs('--a "b\nc d" \'😀 \u0007\'')).toEqual({
      ok: true,
      words: ['--a', '"b\\nc d"', '"😀 \\a"'],
    })
  })
})
