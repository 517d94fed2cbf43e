import {describe, expect, test} from 'vitest'
import {mergeEnv, parseEnv} from './env-list.ts'

describe('a list of variables in an annotation', () => {
  test('keeps what core/v1 knows and drops the rest', () => {
    const text = JSON.stringify([
      {name: 'A', value: 'a', extra: 1},
      {NAME: 'B', VALUE: 'b'},
      {name: 'C'},
      {name: 'D', valueFrom: {fieldRef: {fieldPath: 'spec.nodeName', more: 1}}},
      {name: 'E', valueFrom: {resourceFieldRef: {resource: 'limits.cpu'}}},
    ])
    expect(parseEnv(text)).toEqual({
      ok: true,
      list: [
        {name: 'A', value: 'a'},
        {name: 'B', value: 'b'},
        {name: 'C'},
        {name: 'D', valueFrom: {fieldRef: {fieldPath: 'spec.nodeName'}}},
        {name: 'E', valueFrom: {resourceFieldRef: {divisor: '0', resource: 'limits.cpu'}}},
      ],
    })
  })

  test.each(['', 'null', '[]'])('%j is an empty one', (text) => {
    expect(parseEnv(text)).toEqual({ok: true, list: []})
  })

  test.each(['nonsense', '{}', '[1]', '[{"name":1}]', '[{"name":"A","value":1}]', '[{"name":"A","valueFrom":[]}]'])(
    '%j is none',
    (text) => {
      expect(parseEnv(text).ok).toBe(false)
    },
  )
})

test('a later variable takes the place of an earlier one of its name', () => {
  const merged = mergeEnv(
    [
      {name: 'A', value: '1'},
      {name: 'B', value: '1'},
    ],
    [
      {name: 'C', value: '2'},
      {name: 'A', value: '2'},
    ],
    [{name: 'C', value: '3'}],
  )
  expect(merged.map(({name, value}) => `${name}=${value}`)).toEqual(['A=2', 'B=1', 'C=3'])
})
