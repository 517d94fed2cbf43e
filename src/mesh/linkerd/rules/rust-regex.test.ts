import {expect, test} from 'vitest'
import {regexProblem} from './rust-regex.ts'

test.each([
  '/orders/[0-9]+',
  '/v[12]/.*',
  'qa-.*',
  '[^/]+\\.json',
  '\\d{3}(,\\w{1,2})?',
  '(?:a|b)*?',
  '(?i:abc)',
  '(?P<id>\\d+)',
  '^/x$',
  '[\\w-]+',
  '[-a]|[a-]',
  '',
])('takes %j', (pattern) => {
  expect(regexProblem(pattern)).toBeUndefined()
})

test.each([
  '(?=x)',
  '(?!x)',
  '(?<=x)y',
  '(a)\\1',
  '[[:alpha:]]',
  '[a&&b]',
  '[\\d-z]',
  'a**',
  '*a',
  'a{2,1}',
  'a{',
  '(a',
  'a)',
  '[a',
  '\\',
  '\\q',
  '(?P<n>a)(?P<n>b)',
  '(a{100}){100}',
  '('.repeat(100) + ')'.repeat(100),
])('does not take %j', (pattern) => {
  expect(regexProblem(pattern)).toBeTypeOf('string')
})
