import {describe, expect, test} from 'vitest'
import {lostOf} from './lost.ts'

const stored = {
  metadata: {annotations: {'a/b': 'c'}},
  spec: {
    containers: [
      {
        name: 'proxy',
        resources: {limits: {cpu: '1'}},
        env: [{name: 'IP', valueFrom: {fieldRef: {apiVersion: 'v1', fieldPath: 'status.podIP'}}}],
        volumeMounts: [{name: 'data'}, {name: 'token'}],
      },
      {name: 'app'},
    ],
    volumes: [{name: 'data', emptyDir: {}}, {name: 'token'}],
  },
}

function lost(path: string, value: unknown): number {
  return lostOf(stored, [{op: 'add', path, value}]).length
}

describe('what a stored object has lost of a patch', () => {
  test('is nothing where the API server filled in, left out zeros, rewrote quantities or added behind', () => {
    const proxy = {
      name: 'proxy',
      resources: {limits: {cpu: '1000m'}},
      env: [{name: 'IP', value: '', valueFrom: {fieldRef: {fieldPath: 'status.podIP'}}}],
      volumeMounts: [{name: 'data', readOnly: false}],
      args: [],
    }
    expect(lost('/spec/containers/0', proxy)).toBe(0)
    expect(lost('/metadata/annotations/a~1b', 'c')).toBe(0)
    expect(lost('/spec/volumes/0', {name: 'data', emptyDir: {}})).toBe(0)
  })

  test.each([
    ['a field that the API server does not know', '/spec/containers/0', {name: 'proxy', restartPolice: 'Always'}],
    ['another value', '/metadata/annotations/a~1b', 'd'],
    ['another quantity', '/spec/containers/0/resources', {limits: {cpu: '2'}}],
    ['an item too few', '/spec/volumes', [{name: 'data'}, {name: 'token'}, {name: 'third'}]],
    ['another order', '/spec/containers', [{name: 'app'}]],
    ['a volume without its source', '/spec/volumes/1', {name: 'token', emptyDir: {}}],
    ['a whole branch', '/spec/initContainers', [{name: 'init'}]],
  ])('is %s', (_, path, value) => {
    expect(lost(path, value)).toBe(1)
  })

  test('is a key that was to be removed', () => {
    expect(lostOf(stored, [{op: 'remove', path: '/metadata/annotations/a~1b'}])).toHaveLength(1)
    expect(lostOf(stored, [{op: 'remove', path: '/metadata/annotations/gone'}])).toEqual([])
  })
})
