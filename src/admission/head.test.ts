import {expect, it} from 'vitest'
import {headOf} from './head.ts'

const head = (text: string): unknown => {
  const found = headOf(Buffer.from(text))
  return found === undefined ? undefined : JSON.parse(found)
}

it('is what the API server writes before the object', () => {
  const request = {uid: 'u-1', kind: {kind: 'Pod'}, namespace: 'shop', operation: 'CREATE'}
  const review = {kind: 'AdmissionReview', request: {...request, object: {spec: {object: 1}}, oldObject: null}}
  expect(head(JSON.stringify(review))).toEqual({kind: 'AdmissionReview', request})
  expect(head(JSON.stringify(review, null, 2))).toEqual({kind: 'AdmissionReview', request})
})

it('is not misled by a value, a text or another map with that word', () => {
  const request = {uid: 'object', name: '","object":', userInfo: {object: []}, groups: ['object']}
  expect(head(JSON.stringify({request: {...request, object: {}}}))).toEqual({request})
})

it('is not there where the object does not begin within 64 KiB, or not at all', () => {
  expect(head(JSON.stringify({request: {name: 'x'.repeat(70_000), object: {}}}))).toBeUndefined()
  expect(head(JSON.stringify({request: {uid: 'u-1'}}))).toBeUndefined()
  expect(head('{"request":{"object"')).toBeUndefined()
  expect(head('"')).toBeUndefined()
})

it('is empty where the object comes first', () => {
  expect(head('{"request":{"object":{},"uid":"u-1"}}')).toEqual({request: {}})
})
