import fc from 'fast-check'
import {expect, test} from 'vitest'
import {op} from './operation.ts'
import type {Operation} from './operation.ts'
import {BadInput, requestsOf} from './request.ts'

const requestOf = (operation: Operation<never, unknown>, input: unknown) => requestsOf(operation)(input)

test('fields that the path names go into it, the rest into the body', () => {
  expect(requestOf(op('PUT /orders/{id}/items'), {id: 'a/b', items: [1]})).toEqual({
    method: 'PUT',
    path: '/orders/a%2Fb/items',
    headers: {'content-type': 'application/json'},
    body: '{"items":[1]}',
  })
})

test('without a body the rest is the query', () => {
  expect(requestOf(op('GET /orders/{id}'), {id: 7, tag: ['a', 'b'], none: undefined, where: {x: 1}}).path).toBe(
    '/orders/7?tag=a&tag=b&where=%7B%22x%22%3A1%7D',
  )
})

test.each([
  ['is missing', {}],
  ['is empty', {id: ''}],
  ['is no text', {id: {}}],
  ['is half a character', {id: '\ud83d'}],
  ['would lead elsewhere', {id: '..'}],
])('a path field that %s makes no request', (_, input) => {
  expect(() => requestOf(op('GET /orders/{id}'), input)).toThrow(BadInput)
})

test('an input that is no map is the body as it is', () => {
  expect(requestOf(op('POST /orders'), [1, 2]).body).toBe('[1,2]')
  expect(requestOf(op('POST /orders'), undefined).body).toBeUndefined()
})

test('no text in a field leaves its segment of the path', () => {
  fc.assert(
    fc.property(fc.string({minLength: 1, unit: fc.nat(0xffff).map((code) => String.fromCharCode(code))}), (id) => {
      try {
        const {path} = requestOf(op('GET /orders/{id}/items'), {id})
        expect(new URL(path, 'http://x').pathname.split('/')).toHaveLength(4)
      } catch (error) {
        expect(error).toBeInstanceOf(BadInput)
      }
    }),
  )
})

test.each(['POST orders', 'orders', 'FETCH /orders', 'GET /or ders'])('%s declares no operation', (text) => {
  expect(() => op(text)).toThrow(TypeError)
})
