import {describe, expect, test} from 'vitest'
import {followIssuer, type ExternalObservation, type ExternalState} from './external.ts'
import type {Trusted} from './bundle.ts'

const day = 86_400_000
const one = (name: string): Trusted => ({pem: name, fingerprint: name, notBefore: 0, notAfter: 365 * day})
const [a, b] = [one('a'), one('b')]
const margins = {settle: 30_000, propagation: 600_000}
const all = {verified: 3, refused: 0, unreachable: 0, allFor: margins.settle}

function seen(authorities: readonly Trusted[], more: Partial<ExternalObservation> = {}): ExternalObservation {
  return {
    now: day,
    leaf: {notBefore: 0, notAfter: 7 * day, named: true, authorities, requested: false, unchangedFor: 0},
    served: {registered: true, trusted: [], uniform: true, unchangedFor: 0},
    replicas: {verified: 0, refused: 0, unreachable: 0, allFor: 0},
    ...more,
  }
}
const follow = (before: ExternalState | undefined, now: ExternalObservation) => followIssuer(before, now, margins)

describe('whom the API server is to trust where somebody else issues', () => {
  test('is nobody that we know of without ca.crt, and then caBundle is left alone', () => {
    expect(follow(undefined, seen([]))).toBeUndefined()
  })

  test('is ca.crt, and at first also whoever was trusted before we came', () => {
    const {served} = seen([])
    expect(follow(undefined, seen([b], {served: {...served, trusted: [a]}}))).toEqual({issuers: [b], old: [a]})
  })

  test('is the old issuer too, until every replica serves a certificate of the new one', () => {
    const before = {issuers: [a], old: []}
    const changed = follow(before, seen([b]))
    expect(changed).toEqual({issuers: [b], old: [a]})
    expect(follow(changed, seen([b], {replicas: {...all, refused: 1, allFor: 0}}))?.old).toEqual([a])
    expect(follow(changed, seen([b], {replicas: {...all, allFor: 0}}))?.old).toEqual([a])
    expect(follow(changed, seen([b], {replicas: all}))).toEqual({issuers: [b], old: []})
  })

  test('is the old issuer no longer when the Secret must have arrived everywhere', () => {
    const {leaf} = seen([b])
    const late = seen([b], {leaf: {...leaf, unchangedFor: margins.propagation}})
    expect(follow({issuers: [b], old: [a]}, late)?.old).toEqual([])
  })

  test('stays as it was while the Secret is emptied', () => {
    const {leaf} = seen([])
    expect(follow({issuers: [a], old: []}, seen([], {leaf: {...leaf, problem: 'empty'}}))).toEqual({
      issuers: [a],
      old: [],
    })
  })
})
