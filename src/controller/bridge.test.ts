import {expect, test} from 'vitest'
import {bridged} from './bridge.ts'

const rule = (spec: object) => ({kind: 'DestinationRule', metadata: {name: 'orders'}, spec})
const subsets = ['spec', 'subsets']

test('keeps what falls away, as the cluster has it, behind what is wanted', () => {
  const wanted = rule({host: 'orders', subsets: [{name: 'v2', labels: {version: 'new'}}, {name: 'v3'}]})
  const found = rule({host: 'before', subsets: [{name: 'v1', labels: {version: 'v1'}}, {name: 'v2'}]})
  expect(bridged(wanted, found, subsets)).toEqual(
    rule({
      host: 'orders',
      subsets: [{name: 'v2', labels: {version: 'new'}}, {name: 'v3'}, {name: 'v1', labels: {version: 'v1'}}],
    }),
  )
})

test('keeps entries of a map too', () => {
  const found = rule({subsets: {v1: {filter: 'a'}, v2: {filter: 'b'}}})
  expect(bridged(rule({subsets: {v2: {filter: 'c'}}}), found, subsets)).toEqual(
    rule({subsets: {v1: {filter: 'a'}, v2: {filter: 'c'}}}),
  )
})

test('keeps all of them where none is wanted', () => {
  expect(bridged(rule({host: 'orders'}), rule({subsets: [{name: 'v1'}]}), subsets)).toEqual(
    rule({host: 'orders', subsets: [{name: 'v1'}]}),
  )
})

test.each([
  ['nothing falls away', {subsets: [{name: 'v1'}, {name: 'v2'}]}, {subsets: [{name: 'v1'}]}],
  ['there were none', {subsets: [{name: 'v1'}]}, {host: 'orders'}],
])('has nothing to keep where %s', (_why, wanted, found) => {
  expect(bridged(rule(wanted), rule(found), subsets)).toBeUndefined()
})
