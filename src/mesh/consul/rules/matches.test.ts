import {expect, test} from 'vitest'
import type {Match} from '../../../intent/intent.ts'
import {Findings} from './findings.ts'
import {match} from './fixture.ts'
import {httpMatches} from './matches.ts'

function translated(wishes: Partial<Match>) {
  const findings = new Findings()
  const matches = httpMatches(match(wishes), findings)
  return {matches, codes: findings.all.map(({code}) => code)}
}
const prefix = (value: string) => ({path: {kind: 'prefix', value}}) as const

test.each(['/api', '/api/', '/api//'])('the prefix %s takes whole elements', (value) => {
  expect(translated(prefix(value)).matches).toEqual([{http: {pathExact: '/api'}}, {http: {pathPrefix: '/api/'}}])
})

test('a prefix of characters, as Istio has it, stays one', () => {
  const match = {path: {kind: 'text-prefix', value: '/api'}} as const
  expect(translated(match).matches).toEqual([{http: {pathPrefix: '/api'}}])
})

test('the prefix / takes every path', () => {
  expect(translated(prefix('/')).matches).toEqual([{http: {pathPrefix: '/'}}])
})

test('exact paths and expressions stay as they are', () => {
  expect(translated({path: {kind: 'exact', value: '/api'}}).matches).toEqual([{http: {pathExact: '/api'}}])
  expect(translated({path: {kind: 'regex', value: '/v[0-9]+'}}).matches).toEqual([{http: {pathRegex: '/v[0-9]+'}}])
})

test('everything of a match stands beside each of its paths', () => {
  const headers = [{name: 'x-user', kind: 'prefix' as const, value: 'qa'}]
  expect(translated({...prefix('/api'), method: 'GET', headers}).matches).toEqual([
    {http: {pathExact: '/api', header: [{name: 'x-user', prefix: 'qa'}], methods: ['GET']}},
    {http: {pathPrefix: '/api/', header: [{name: 'x-user', prefix: 'qa'}], methods: ['GET']}},
  ])
})

test.each([
  ['exact', 'qa', {exact: 'qa'}],
  ['exact', '', {regex: '^$'}],
  ['prefix', '', {present: true}],
  ['regex', 'q.', {regex: 'q.'}],
  ['regex', '', {regex: '^$'}],
  ['present', '', {present: true}],
] as const)('the header match %s %j is %j', (kind, value, said) => {
  expect(translated({headers: [{name: 'x', kind, value}]}).matches).toEqual([{http: {header: [{name: 'x', ...said}]}}])
})

test('headers stand in an order of their own', () => {
  const headers = ['b', 'a'].map((name) => ({name, kind: 'present' as const, value: ''}))
  expect(translated({headers})).toEqual(translated({headers: headers.toReversed()}))
})

test.each<[string, Partial<Match>, string]>([
  ['a path without /', {path: {kind: 'exact', value: 'api'}}, 'MW6313'],
  ['a prefix without /', prefix('api'), 'MW6313'],
  ['an unknown method', {method: 'PURGE'}, 'MW6313'],
  ['a name that no header has', {headers: [{name: 'a b', kind: 'present', value: ''}]}, 'MW6313'],
  ['a look-ahead in a path', {path: {kind: 'regex', value: '/(?=a)'}}, 'MW6312'],
  ['a look-behind in a header', {headers: [{name: 'a', kind: 'regex', value: '(?<=a)b'}]}, 'MW6312'],
])('%s is refused', (_, wishes, code) => {
  expect(translated(wishes).codes).toEqual([code])
})
