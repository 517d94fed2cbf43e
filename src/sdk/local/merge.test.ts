import {expect, test} from 'vitest'
import type {Fragment} from '../fragment.ts'
import {merge} from './merge.ts'

const fragment = (manager: string, spec: Fragment['spec']): Fragment => ({
  call: 'split',
  kind: 'TrafficPolicy',
  service: {namespace: 'shop', name: 'a'},
  manager,
  spec,
})

test('a split and a breaker of two calls stand beside each other', () => {
  expect(
    merge([
      fragment('split', {service: 'a', versions: [{name: 'v1'}], split: [{version: 'v1', weight: 100}], timeout: '5s'}),
      fragment('breaker', {service: 'a', circuitBreaker: {threshold: 5}}),
    ]),
  ).toEqual({
    ok: true,
    spec: {
      service: 'a',
      versions: [{name: 'v1'}],
      split: [{version: 'v1', weight: 100}],
      timeout: '5s',
      circuitBreaker: {threshold: 5},
    },
  })
})

test('versions of two writers are one list', () => {
  const merged = merge([
    fragment('v1', {versions: [{name: 'v1'}]}),
    fragment('v2', {versions: [{name: 'v2'}, {name: 'v1'}]}),
  ])
  expect(merged).toEqual({ok: true, spec: {versions: [{name: 'v1'}, {name: 'v2'}]}})
})

test('two writers who say different things of one field are told apart', () => {
  expect(merge([fragment('one', {timeout: '5s'}), fragment('two', {timeout: '9s'})])).toEqual({
    ok: false,
    field: 'timeout',
    managers: ['one', 'two'],
  })
  expect(
    merge([
      fragment('one', {split: [{version: 'v1', weight: 80}]}),
      fragment('two', {split: [{version: 'v1', weight: 70}]}),
    ]),
  ).toEqual({ok: false, field: 'split.v1.weight', managers: ['one', 'two']})
})

test('what both say alike is no conflict', () => {
  expect(
    merge([fragment('one', {retries: {attempts: 3, on: ['5xx']}}), fragment('two', {retries: {attempts: 3}})]),
  ).toEqual({
    ok: true,
    spec: {retries: {attempts: 3, on: ['5xx']}},
  })
})
