import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {AccessRule, Peer} from '../../intent/intent.ts'
import {isAllowed} from './access.ts'

const origin = {source: {kind: 'AccessPolicy', namespace: 'shop', name: 'a'}, path: '', place: ''} as const
const peer = (name: string, namespace = 'shop'): Peer => ({kind: 'service', service: {namespace, name}, origin})
const rule = (action: 'ALLOW' | 'DENY', more: Partial<AccessRule> = {}): AccessRule => ({
  action,
  from: [],
  methods: [],
  paths: [],
  origin,
  ...more,
})
const asked = (name?: string, method = 'GET', path = '/', namespace = 'shop') => ({
  caller: name === undefined ? undefined : {namespace, name},
  method,
  path,
})

describe('who may call', () => {
  test('everybody where nothing is allowed explicitly, whom no denial names', () => {
    const access = {rules: [rule('DENY', {from: [peer('web')]})]}
    expect(isAllowed(access, asked('web'))).toBe(false)
    expect(isAllowed(access, asked('job'))).toBe(true)
    expect(isAllowed(access, asked())).toBe(true)
  })

  test('nobody but whom an allowing rule names, once there is one', () => {
    const access = {rules: [rule('ALLOW', {from: [peer('web'), {kind: 'namespace', namespace: 'bank', origin}]})]}
    expect(isAllowed(access, asked('web'))).toBe(true)
    expect(isAllowed(access, asked('web', 'GET', '/', 'bank'))).toBe(true)
    expect(isAllowed(access, asked('web', 'GET', '/', 'front'))).toBe(false)
    expect(isAllowed(access, asked('job'))).toBe(false)
    expect(isAllowed(access, asked())).toBe(false)
  })

  test('all parts of one rule must fit', () => {
    const access = {rules: [rule('ALLOW', {from: [peer('web')], methods: ['POST'], paths: ['/orders*']})]}
    expect(isAllowed(access, asked('web', 'POST', '/orders/1'))).toBe(true)
    expect(isAllowed(access, asked('web', 'GET', '/orders/1'))).toBe(false)
    expect(isAllowed(access, asked('web', 'POST', '/order'))).toBe(false)
    expect(isAllowed(access, asked('job', 'POST', '/orders/1'))).toBe(false)
  })

  test('a path without * is the whole path', () => {
    const access = {rules: [rule('ALLOW', {paths: ['/healthz']})]}
    expect(isAllowed(access, asked('web', 'GET', '/healthz'))).toBe(true)
    expect(isAllowed(access, asked('web', 'GET', '/healthz/x'))).toBe(false)
  })

  test('what is denied stays denied, whatever else is said', () => {
    const word = fc.constantFrom('web', 'job')
    const arbitraryRule = fc
      .record({action: fc.constantFrom('ALLOW' as const, 'DENY' as const), from: fc.array(word, {maxLength: 2})})
      .map(({action, from}) => rule(action, {from: from.map((name) => peer(name))}))
    fc.assert(
      fc.property(fc.array(arbitraryRule), word, (rules, name) => {
        const denial = rule('DENY', {from: [peer(name)]})
        expect(isAllowed({rules: [...rules, denial]}, asked(name))).toBe(false)
      }),
    )
  })
})
