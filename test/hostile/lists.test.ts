import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it, test} from 'vitest'
import {Reviewer} from '../../src/admission/review.ts'
import {corpusOf} from '../fuzz/corpus.ts'
import {stateOf} from './states.ts'

describe('an annotation with more items than a call takes arguments', () => {
  const ofConsul = corpusOf('reviews').filter(({name}) => name.startsWith('many-'))

  it.each(ofConsul.map(({name, bytes}) => [name, bytes] as const))('is read to its end: %s', (_name, bytes) => {
    const reviewed = new Reviewer().review(JSON.parse(bytes.toString()), stateOf('consul', {}))
    expect('verdict' in reviewed ? reviewed.verdict.decision : reviewed).toBe('injected')
  })

  it('stands in the corpus', () => {
    expect(ofConsul).toHaveLength(2)
  })
})

/** Where a list is spread into the arguments of a call: one of some 120,000 items overflows the stack. */
const spread =
  /\b(?:push|unshift|max|min|fromCharCode|fromCodePoint)\((?:[^()[\]{}]|\([^()]*\)|\[[^[\]]*\]|\{[^{}]*\})*?\.\.\./

test('no list is spread into the arguments of a call that takes any number of them', () => {
  const folders = ['mesh', 'admission'].map((name) => join(import.meta.dirname, '../../src', name))
  const files = folders.flatMap((folder) =>
    readdirSync(folder, {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => join(folder, name)),
  )
  expect(files.length).toBeGreaterThan(100)
  expect(files.filter((file) => spread.test(readFileSync(file, 'utf8')))).toEqual([])
})
