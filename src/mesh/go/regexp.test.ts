import {describe, expect, test} from 'vitest'
import {regexpProblem} from './regexp.ts'

describe('what RE2 takes', () => {
  test.each([
    '/orders/[0-9]+',
    '^/api/(v1|v2)/.*$',
    '(?i)qa-.*',
    '(?P<id>[[:alnum:]]+)-(?:a|b)',
    'a{2,3}?x{,3}y{',
    '\\d+\\.\\pL\\p{Greek}\\p{Yi}[\\w.-]',
    '[]a][^]]',
    '\\Q(*\\E',
    '\\x{1F600}\\x41\\012',
    '(a{10}){100}',
    '',
  ])('%s', (pattern) => {
    expect(regexpProblem(pattern)).toBeUndefined()
  })
})

describe('what RE2 does not take', () => {
  test.each([
    ['(?=a)b', 'RE2 has no look-around and no atomic groups'],
    ['(?<!a)b', 'RE2 has no look-around and no atomic groups'],
    ['(a)\\1', 'RE2 has no back references'],
    ['*', 'it repeats nothing'],
    ['a|+', 'it repeats nothing'],
    ['a**', 'it repeats a repetition'],
    ['a{1001}', '{1001} is not a number of repetitions up to 1000'],
    ['a{3,2}', '{3,2} is not a number of repetitions up to 1000'],
    ['(a{100}){11}', 'it repeats more than 1000 times'],
    ['(a', 'it has a ( without a )'],
    ['a)', 'it has a ) without a ('],
    ['[a', 'it has a [ without a ]'],
    ['[z-a]', 'a class has a range that ends before it begins'],
    ['[[:letters:]]', 'there is no class [:letters:]'],
    ['\\p{Grek}', 'it names a class of characters that Unicode does not have'],
    ['\\y', 'RE2 does not know what one of its backslashes means'],
    ['a\\', 'it ends in a backslash'],
    ['(?P<a>x)(?P<a>y)', 'two groups are named a'],
    ['(?x)', '(? is not followed by anything that RE2 knows'],
  ])('%s', (pattern, problem) => {
    expect(regexpProblem(pattern)).toBe(problem)
  })
})

test('a thousand nested groups are told and not a crash', () => {
  expect(regexpProblem('('.repeat(20_000))).toBe('its groups are nested too deeply')
})
