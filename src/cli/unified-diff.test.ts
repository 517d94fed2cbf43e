import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {unifiedDiff} from './unified-diff.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshwright-diff-'))
})
afterAll(() => rmSync(folder, {recursive: true, force: true}))

test('texts that are the same have none', () => {
  expect(unifiedDiff('a', 'x\n', 'x\n')).toBe('')
})

test('shows what changed with three lines around it', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\n'
  expect(unifiedDiff('Kind shop/a', before, before.replace('e\n', 'E\n'))).toBe(
    '--- LIVE/Kind shop/a\n+++ MERGED/Kind shop/a\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
  )
})

test('shows what is new, and what is gone', () => {
  expect(unifiedDiff('a', '', 'x\n')).toBe('--- LIVE/a\n+++ MERGED/a\n@@ -0,0 +1,1 @@\n+x\n')
  expect(unifiedDiff('a', 'x\n', '')).toBe('--- LIVE/a\n+++ MERGED/a\n@@ -1,1 +0,0 @@\n-x\n')
})

test('patch makes of the one what the other is', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), {minLength: 1, maxLength: 40})
  const whole = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
  fc.assert(
    fc.property(text, text, (before, after) => {
      const file = join(folder, 'file')
      writeFileSync(file, whole(before))
      const diff = unifiedDiff('file', whole(before), whole(after))
      if (diff !== '') execFileSync('patch', ['-s', '-u', file], {input: diff})
      expect(readFileSync(file, 'utf8')).toBe(whole(after))
    }),
    {numRuns: 50},
  )
})
