import {expect, test} from 'vitest'
import {StatusBook} from './book.ts'
import type {Report} from './status.ts'

const [policy, config] = [
  {kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'},
  {kind: 'MeshConfig', namespace: '', name: 'default'},
] as const
const report: Report = {mesh: 'istio', findings: [], parts: [{state: 'programmed'}]}
const other: Report = {...report, mesh: 'linkerd'}

test('what a unit reports takes the place of what it reported before', () => {
  const book = new StatusBook()
  book.report('a', [
    {source: policy, report},
    {source: config, report},
  ])
  book.report('b', [{source: config, report: other}])
  expect([...book.reportsOn(config)]).toEqual([report, other])
  expect([...book.unitsOf(config)]).toEqual(['a', 'b'])

  expect([...book.report('a', [{source: policy, report: other}])].sort()).toEqual([
    'MeshConfig default',
    'TrafficPolicy shop/orders',
  ])
  expect([...book.reportsOn(policy)]).toEqual([other])
  expect([...book.reportsOn(config)]).toEqual([other])
  book.report('a', [])
  expect([...book.reportsOn(policy)]).toEqual([])
})
