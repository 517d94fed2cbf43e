import {expect, test} from 'vitest'
import type {AccessRule} from '../../intent/intent.ts'
import {isAllowed, type Asked} from './access.ts'

const origin = {source: {kind: 'AccessPolicy', namespace: 'shop', name: 'a'}, path: '', place: ''} as const
const rule = (action: 'ALLOW' | 'DENY', about: Partial<AccessRule> = {}): AccessRule => ({
  action,
  from: [],
  methods: [],
  paths: [],
  origin,
  ...about,
})
const from = (name: string): AccessRule['from'] => [{kind: 'service', service: {namespace: 'shop', name}, origin}]
const web = {namespace: 'shop', name: 'web'}
const get = (path: string, caller = web): Asked => ({caller, method: 'GET', path})

test.each<[string, readonly AccessRule[], Asked, boolean]>([
  ['nobody, where there is no rule', [], get('/'), true],
  ['who is not named, where others are allowed', [rule('ALLOW', {from: from('admin')})], get('/'), false],
  ['not who is named', [rule('ALLOW', {from: from('web')})], get('/'), true],
  ['who does not say who it is', [rule('ALLOW', {from: from('web')})], {...get('/'), caller: undefined}, false],
  ['nobody by name where everybody may', [rule('ALLOW', {methods: ['GET']})], {...get('/'), caller: undefined}, true],
  ['who is denied, whatever allows it', [rule('ALLOW'), rule('DENY', {from: from('web')})], get('/'), false],
  ['not others than who is denied', [rule('DENY', {from: from('admin')})], get('/'), true],
  ['another method', [rule('ALLOW', {methods: ['POST']})], get('/'), false],
  ['another path', [rule('ALLOW', {paths: ['/orders']})], get('/orders/1'), false],
  ['not below a prefix', [rule('ALLOW', {paths: ['/orders*']})], get('/orders/1'), true],
  [
    'another namespace',
    [rule('ALLOW', {from: [{kind: 'namespace', namespace: 'shop', origin}]})],
    get('/', {namespace: 'other', name: 'web'}),
    false,
  ],
])('turns away %s', (_, rules, asked, allowed) => {
  expect(isAllowed({rules}, asked)).toBe(allowed)
})
