import {expect, test} from 'vitest'
import type {Fragment} from '../fragment.ts'
import {notProgrammed, verdictOf} from './verdict.ts'

const fragment: Fragment = {
  kind: 'TrafficPolicy',
  service: {name: 'stock', namespace: 'shop'},
  call: 'split',
  manager: 'stock',
  spec: {},
}

function object(observedGeneration: number, ...conditions: readonly (readonly [string, string, string, string])[]) {
  return {
    metadata: {name: 'stock', generation: 2},
    status: {
      observedGeneration,
      conditions: conditions.map(([type, status, reason, message]) => ({
        type,
        status,
        reason,
        message,
        observedGeneration,
        lastTransitionTime: '2026-12-01T00:00:00Z',
      })),
    },
  }
}
const accepted = ['Accepted', 'True', 'Accepted', 'The rule is valid.'] as const

test('what the controller has not come to is waited for', () => {
  const waiting = {kind: 'waiting', because: ''}
  expect(verdictOf({metadata: {name: 'stock', generation: 2}}, fragment)).toEqual(waiting)
  expect(verdictOf(object(1, accepted, ['Programmed', 'True', 'Programmed', 'All.']), fragment)).toEqual(waiting)
})

test('what is in force is applied', () => {
  expect(verdictOf(object(2, accepted, ['Programmed', 'True', 'Programmed', 'All.']), fragment)).toEqual({
    kind: 'applied',
    applied: {exact: true, approximations: []},
  })
})

test('a part that is refused is told at once: it would be waited for in vain', () => {
  const refused = ['Programmed', 'False', 'Refused', 'A part is refused.'] as const
  expect(() => verdictOf(object(2, accepted, refused), fragment)).toThrow(
    'TrafficPolicy stock: Refused: A part is refused.',
  )
  const invalid = ['Accepted', 'False', 'Invalid', 'MW6005 spec: no'] as const
  expect(() => verdictOf(object(2, invalid), fragment)).toThrow('TrafficPolicy stock: MW6005 spec: no')
})

test('what could not be written is waited for with the reason, which is told when it lasts', () => {
  const missing = ['Programmed', 'False', 'CRDMissing', 'MW6401 there is no VirtualService'] as const
  const verdict = verdictOf(object(2, accepted, missing), fragment)
  expect(verdict).toEqual({kind: 'waiting', because: 'CRDMissing: MW6401 there is no VirtualService'})
  expect(notProgrammed(fragment, 'MW6401 there is no VirtualService')).toMatchObject({
    code: 'MESH_RULE',
    message: 'TrafficPolicy stock is not in force after 30 s: MW6401 there is no VirtualService',
  })
})
