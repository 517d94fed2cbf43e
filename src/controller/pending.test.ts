import {expect, test} from 'vitest'
import {Pending} from './pending.ts'

test('a key is pending from when it is added until its work is done', () => {
  const pending = new Pending()
  pending.add('a')
  pending.begin('a')
  expect([...pending.keys]).toEqual(['a'])
  pending.end('a', true)
  expect([...pending.keys]).toEqual([])
})

test('a key that comes again while it is in work stays pending', () => {
  const pending = new Pending()
  pending.begin('a')
  pending.add('a')
  pending.end('a', true)
  expect([...pending.keys]).toEqual(['a'])
  pending.begin('a')
  pending.end('a', true)
  expect([...pending.keys]).toEqual([])
})

test('a key of whose work nothing came stays pending', () => {
  const pending = new Pending()
  pending.begin('a')
  pending.end('a', false)
  expect([...pending.keys]).toEqual(['a'])
})
