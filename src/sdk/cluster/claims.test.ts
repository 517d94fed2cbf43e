import {expect, test} from 'vitest'
import {claimantsOf, claimsOf} from './claims.ts'

const object = {
  metadata: {
    managedFields: [
      {manager: 'a', operation: 'Apply', fieldsV1: {'f:spec': {'f:service': {}, 'f:timeout': {}}}},
      {manager: 'b', operation: 'Apply', fieldsV1: {'f:spec': {}}},
      {manager: 'kubectl', operation: 'Update', fieldsV1: {'f:metadata': {'f:labels': {}}}},
      {manager: 'meshwright', subresource: 'status', fieldsV1: {'f:spec': {'f:service': {}}}},
      'nonsense',
    ],
  },
}

test('a manager counts by what it says in the spec, not by having been here', () => {
  expect([...claimsOf(object).keys()]).toEqual(['a', 'b', 'kubectl'])
  expect(claimantsOf(object)).toEqual(['a'])
  expect(claimantsOf(object, 'service')).toEqual(['a'])
  expect(claimantsOf(object, 'retries')).toEqual([])
  expect(claimsOf({})).toEqual(new Map())
})
