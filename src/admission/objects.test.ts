import {expect, it} from 'vitest'
import {ObjectIndex} from './objects.ts'

const replicaSet = {apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: {name: 'web-1', namespace: 'shop'}}

it('finds objects by kind, namespace and name only', () => {
  const index = new ObjectIndex([replicaSet])
  expect(index.get('ReplicaSet', 'shop', 'web-1')?.metadata?.name).toBe('web-1')
  expect(index.get('ReplicaSet', 'other', 'web-1')).toBeUndefined()
  expect(index.get('Deployment', 'shop', 'web-1')).toBeUndefined()
  expect(index.get('__proto__', 'constructor', 'toString')).toBeUndefined()
})

it('finds what names no namespace as cluster-scoped and in default', () => {
  const index = new ObjectIndex([{apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'web'}}])
  expect(index.get('ServiceAccount', '', 'web')).toBe(index.get('ServiceAccount', 'default', 'web'))
  expect(index.get('ServiceAccount', 'default', 'web')).toBeDefined()
})

it('knows namespaces with the label that the API server gives them', () => {
  const metadata = {name: 'shop', labels: {a: 'b'}, annotations: {c: 'd', n: 3}}
  const index = new ObjectIndex([{apiVersion: 'v1', kind: 'Namespace', metadata}])
  expect(index.namespace('shop')).toEqual({
    name: 'shop',
    labels: {a: 'b', 'kubernetes.io/metadata.name': 'shop'},
    annotations: {c: 'd'},
  })
  expect(index.namespace('other')).toBeUndefined()
})

it('opens Lists, takes the last of two, and passes over what is no object', () => {
  const later = {...replicaSet, spec: {replicas: 2}}
  const typed = {kind: 'SecretList', apiVersion: 'v1', items: [{metadata: {name: 's', namespace: 'shop'}}]}
  const index = new ObjectIndex([
    null,
    'x',
    {kind: 'List', items: [replicaSet, {kind: 'Pod'}, 7]},
    typed,
    {a: 1},
    later,
  ])
  expect(index.get('ReplicaSet', 'shop', 'web-1')).toMatchObject({spec: {replicas: 2}})
  expect(index.get('Secret', 'shop', 's')).toMatchObject({apiVersion: 'v1', kind: 'Secret'})
})

it('stores stringData of a Secret as the API server does', () => {
  const index = new ObjectIndex([
    {
      kind: 'Secret',
      metadata: {name: 's', namespace: 'n'},
      data: {a: 'QQ==', b: 'Qg=='},
      stringData: {b: 'two', c: 'ü'},
    },
  ])
  expect(index.get('Secret', 'n', 's')?.['data']).toEqual({a: 'QQ==', b: 'dHdv', c: 'w7w='})
})

it('keeps hostile keys as data', () => {
  const values: unknown = JSON.parse(
    '{"kind":"Secret","metadata":{"name":"__proto__","namespace":"n","labels":{"__proto__":"x"}},"stringData":{"__proto__":"y"}}',
  )
  const object = new ObjectIndex([values]).get('Secret', 'n', '__proto__')
  expect(Object.entries(object?.metadata?.labels ?? {})).toEqual([['__proto__', 'x']])
  expect(Object.entries(Object(object?.['data']))).toEqual([['__proto__', 'eQ==']])
  expect(Reflect.get({}, 'x')).toBeUndefined()
})
