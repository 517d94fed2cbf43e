import {describe, expect, test} from 'vitest'
import {
  ConflictError,
  FencedError,
  ForbiddenError,
  InvalidError,
  KindMissingError,
  NotFoundError,
  ServerError,
  UnreachableError,
  type Target,
} from '../kube/errors.ts'
import {failureOf, WriteFailure} from './failure.ts'

const kind = {apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', plural: 'virtualservices', namespaced: true}
const target: Target = {verb: 'patch', kind, namespace: 'shop', name: 'orders'}
const missing = {user: 'controller', verb: 'patch', group: 'networking.istio.io', resource: 'virtualservices'}

describe('what an error of a write means for its rules', () => {
  test.each([
    [new KindMissingError('why', target, 404), 'CRDMissing'],
    [new NotFoundError('why', target, 404), 'NamespaceNotFound'],
    [new ConflictError('why', target, [{field: '.spec', manager: 'helm'}]), 'Conflicted'],
    [new InvalidError('why', target, 422, []), 'Rejected'],
    [new ForbiddenError('why', target, missing, false), 'Forbidden'],
    [new ForbiddenError('why', target, undefined, false), 'Rejected'],
    [new ForbiddenError('why', target, undefined, true), 'Deleting'],
    [new ServerError('why', target, 500, undefined), 'Unavailable'],
  ])('%s: %s', (error, reason) => {
    const failure = failureOf(error)
    expect(failure.reason).toBe(reason)
    expect(failure.message).toMatch(/^MW64\d\d why$/)
  })

  test('that says nothing of them is thrown on', () => {
    const passing = [
      new UnreachableError('why', target, false, undefined),
      new ServerError('why', target, 503, undefined),
      new FencedError('why', target, 0),
      new TypeError('why'),
    ]
    for (const error of passing) expect(() => failureOf(error)).toThrow(error)
  })

  test('that is one already stays as it is', () => {
    const failure = new WriteFailure('MW6402', 'why')
    expect(failureOf(failure)).toBe(failure)
  })
})
