import {expect, it} from 'vitest'
import {clean, directory} from './filepath.ts'

it.each([
  ['', '.'],
  ['/', '/'],
  ['a//b/./c/', 'a/b/c'],
  ['/../a', '/a'],
  ['../a/../../b', '../../b'],
])('the clean path of %j is %j', (path, cleaned) => {
  expect(clean(path)).toBe(cleaned)
})

it.each([
  ['', '.'],
  ['a.log', '.'],
  ['/a.log', '/'],
  ['/var/log/x', '/var/log'],
  ['/var/log/', '/var/log'],
])('the directory of %j is %j', (path, parent) => {
  expect(directory(path)).toBe(parent)
})
