import {expect, it} from 'vitest'
import type {Io} from './io.ts'
import {printable, Report, table} from './report.ts'

function written(env: Io['env'], isTTY: boolean): string {
  let text = ''
  const sink = {write: (part: string) => (text += part), isTTY}
  new Report({stdin: process.stdin, stdout: sink, stderr: sink, env, cwd: '/'}).line('done', 'fine')
  return text
}

it('colours the marks for a terminal only, and not where NO_COLOR is set', () => {
  expect(written({}, true)).toBe('\u{1b}[32m√\u{1b}[0m fine\n')
  expect(written({NO_COLOR: '1'}, true)).toBe('√ fine\n')
  expect(written({TERM: 'dumb'}, true)).toBe('√ fine\n')
  expect(written({}, false)).toBe('√ fine\n')
})

it('shows what would steer a terminal', () => {
  expect(printable('a\u{1b}[2Jb\u{202e}\nc')).toBe('a\\u{1b}[2Jb\\u{202e}\nc')
})

it('lets no name begin a line of its own', () => {
  expect(table(['A'], [['x\n√ fine']])).toBe('A\nx\\n√ fine\n')
})

it('pads the cells of a table to columns', () => {
  expect(table(['A', 'LONG'], [['one two', 'x']])).toBe('A         LONG\none two   x\n')
})
