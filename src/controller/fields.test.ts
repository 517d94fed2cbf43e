import {describe, expect, test} from 'vitest'
import type {KubeObject} from '../mesh/pod.ts'
import {appliedBy, extract, fieldSet, foreignFields, removalOf, says} from './fields.ts'

/** A Service that we made and to which somebody added, as the API server stores it. */
const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'orders-v2',
    namespace: 'shop',
    resourceVersion: '7',
    labels: {app: 'orders', team: 'theirs'},
    managedFields: [
      {
        manager: 'meshwright',
        operation: 'Apply',
        apiVersion: 'v1',
        fieldsV1: {
          'f:metadata': {'f:labels': {'f:app': {}}},
          'f:spec': {
            'f:ports': {'k:{"port":80,"protocol":"TCP"}': {'.': {}, 'f:port': {}, 'f:name': {}}},
            'f:selector': {},
            'f:finalizers': {'v:"a"': {}},
          },
        },
      },
      {
        manager: 'kubectl-edit',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsV1: {
          'f:metadata': {'f:labels': {'f:team': {}}},
          'f:spec': {
            'f:ports': {
              'k:{"port":80,"protocol":"TCP"}': {'f:appProtocol': {}},
              'k:{"port":81,"protocol":"TCP"}': {'.': {}, 'f:port': {}},
              'k:{"port":82,"protocol":"TCP"}': {'.': {}, 'f:port': {}},
            },
            'f:selector': {},
            'f:a/b~c': {},
          },
        },
      },
      {
        manager: 'kubelet',
        operation: 'Update',
        subresource: 'status',
        fieldsV1: {'f:status': {'f:ready': {}}, 'f:spec': {'f:odd': {}}},
      },
    ],
  },
  spec: {
    clusterIP: '10.0.0.1',
    ports: [
      {port: 80, protocol: 'TCP', name: 'http', targetPort: 80, appProtocol: 'theirs'},
      {port: 81, protocol: 'TCP'},
      {port: 82, protocol: 'TCP'},
    ],
    selector: {app: 'orders'},
    finalizers: ['b', 'a'],
    'a/b~c': 1,
  },
}

const ours = appliedBy(service, 'meshwright')

describe('what we have applied', () => {
  test('is read off the object: fields, items by key, items by value, whole values', () => {
    expect(extract(service, ours)).toEqual({
      metadata: {labels: {app: 'orders'}},
      spec: {ports: [{port: 80, name: 'http'}], selector: {app: 'orders'}, finalizers: ['a']},
    })
  })

  test('is nothing where we never applied', () => {
    expect(appliedBy(service, 'nobody').size).toBe(0)
    expect(appliedBy({metadata: {}}, 'meshwright').size).toBe(0)
  })

  test('of a container that only is there, is an empty one', () => {
    const fields = fieldSet({'f:map': {'.': {}}, 'f:list': {'.': {}}})
    expect(extract({map: {a: 1}, list: [1]}, fields)).toEqual({map: {}, list: []})
  })

  test('holds items by their position', () => {
    expect(extract({list: ['a', 'b']}, fieldSet({'f:list': {'i:1': {}}}))).toEqual({list: ['b']})
  })

  test('does not reach into prototypes', () => {
    expect(extract({a: 1}, fieldSet({'f:constructor': {}, 'f:a': {}}))).toEqual({a: 1})
  })
})

describe('what others have set', () => {
  const foreign = foreignFields(service, ours, 'meshwright')

  test('is found beside what is ours, and not in metadata or status', () => {
    expect(foreign.map((path) => path.join(' '))).toEqual([
      'f:spec f:ports k:{"port":80,"protocol":"TCP"} f:appProtocol',
      'f:spec f:ports k:{"port":81,"protocol":"TCP"}',
      'f:spec f:ports k:{"port":82,"protocol":"TCP"}',
      'f:spec f:a/b~c',
    ])
  })

  test('is taken out of this version of the object, lists written whole', () => {
    expect(removalOf(service, foreign)).toEqual({
      metadata: {resourceVersion: '7'},
      spec: {ports: [{port: 80, protocol: 'TCP', name: 'http', targetPort: 80}], 'a/b~c': null},
    })
  })

  test('is nothing within a value that is ours as a whole', () => {
    const fields = fieldSet({'f:spec': {}})
    expect(foreignFields(service, fields, 'meshwright')).toEqual([])
  })

  test('of a field that is gone already, is nothing to take out', () => {
    expect(removalOf({metadata: {resourceVersion: '1'}, spec: {}}, [['f:spec', 'f:gone']])).toEqual({
      metadata: {resourceVersion: '1'},
    })
  })
})

test('an object says what stands at the end of a path, and nothing through the items of a list', () => {
  const object = {spec: {host: 'a', subsets: [{name: 'v1'}]}}
  expect(says(object, ['f:spec', 'f:host'])).toBe(true)
  expect(says(object, ['f:spec', 'f:exportTo'])).toBe(false)
  expect(says(object, ['f:spec', 'f:subsets', 'k:{"name":"v1"}', 'f:name'])).toBe(false)
  expect(says(object, ['f:spec', 'f:host', 'f:toString'])).toBe(false)
})
