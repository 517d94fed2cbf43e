import fc from 'fast-check'
import jsonPatch from 'fast-json-patch'
import {describe, expect, test} from 'vitest'
import {applyPatch} from '../../test/apply-patch.ts'
import {patch} from './patch.ts'

const pod = {
  metadata: {labels: {app: 'web'}, annotations: {'a/b~c': 'kept'}},
  spec: {containers: [{name: 'web', image: 'web:1'}], volumes: [{name: 'token'}]},
}

describe('patch', () => {
  test('says nothing where nothing changed', () => {
    expect(patch(pod, pod)).toEqual([])
    expect(patch(pod, structuredClone(pod))).toEqual([])
  })

  test('adds a container with one operation, wherever it stands', () => {
    const sidecar = {name: 'proxy', image: 'proxy:1'}
    const first = {...pod, spec: {...pod.spec, containers: [sidecar, ...pod.spec.containers]}}
    const last = {...pod, spec: {...pod.spec, containers: [...pod.spec.containers, sidecar]}}
    expect(patch(pod, first)).toEqual([{op: 'add', path: '/spec/containers/0', value: sidecar}])
    expect(patch(pod, last)).toEqual([{op: 'add', path: '/spec/containers/1', value: sidecar}])
  })

  test('adds a whole list where there was none', () => {
    const after = {...pod, spec: {...pod.spec, initContainers: [{name: 'init'}, {name: 'proxy'}]}}
    expect(patch(pod, after)).toEqual([{op: 'add', path: '/spec/initContainers', value: after.spec.initContainers}])
  })

  test('escapes slashes and tildes in keys', () => {
    const after = {...pod, metadata: {...pod.metadata, annotations: {'a/b~c': 'changed'}}}
    expect(patch(pod, after)).toEqual([{op: 'add', path: '/metadata/annotations/a~1b~0c', value: 'changed'}])
  })

  test('writes a small map again where that takes fewer bytes than one operation for each key', () => {
    const labels = {app: 'web', one: '1', two: '2', three: '3'}
    expect(patch(pod, {...pod, metadata: {...pod.metadata, labels}})).toEqual([
      {op: 'add', path: '/metadata/labels', value: labels},
    ])
  })

  test('adds one by one to a large map', () => {
    const labels = {app: 'web', note: 'x'.repeat(60)}
    const before = {metadata: {labels}}
    expect(patch(before, {metadata: {labels: {...labels, one: '1', two: '2'}}})).toHaveLength(2)
  })

  test('moves a container between lists without touching its neighbours', () => {
    const before = {spec: {initContainers: [{name: 'a'}], containers: [{name: 'web'}, {name: 'proxy'}]}}
    const [web, proxy] = before.spec.containers
    const after = {spec: {initContainers: [proxy, ...before.spec.initContainers], containers: [web]}}
    expect(patch(before, after)).toEqual([
      {op: 'add', path: '/spec/initContainers/0', value: proxy},
      {op: 'remove', path: '/spec/containers/1'},
    ])
  })

  test('finds its way through long lists that were shuffled, cut and extended', () => {
    const item = fc.record({name: fc.nat(60).map(String), value: fc.nat(2)})
    const list = fc.uniqueArray(item, {selector: ({name}) => name, minLength: 17, maxLength: 40})
    fc.assert(
      fc.property(list, list, fc.array(fc.nat(60)), (before, others, picks) => {
        const after = [...picks.flatMap((i) => before[i] ?? []), ...others.slice(0, 5), ...before.slice(3)]
        expect(applyPatch({env: before}, patch({env: before}, {env: after}))).toEqual({env: after})
      }),
    )
  })

  test('turns any document into any other, by the judgement of two appliers', () => {
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        {maxDepth: 4},
        fc.string(),
        fc.integer(),
        fc.boolean(),
        tie('object'),
        fc.array(tie('value'), {maxLength: 4}),
        fc.array(tie('named'), {maxLength: 5}),
      ),
      named: fc.record({name: fc.constantFrom('a', 'b', 'c', 'd'), image: fc.constantFrom('1', '2')}),
      object: fc.dictionary(
        fc.oneof(fc.constantFrom('a', 'b/c', 'd~e', 'constructor', 'toString'), fc.string()),
        tie('value'),
        {maxKeys: 5},
      ),
    })).object
    fc.assert(
      fc.property(document, document, (before, after) => {
        const operations = patch(Object(before), Object(after))
        expect(applyPatch(before, operations)).toEqual(after)
        const plain = JSON.parse(JSON.stringify(operations))
        if (!JSON.stringify([before, after]).includes('__proto__')) {
          expect(jsonPatch.applyPatch(structuredClone(before), plain, true).newDocument).toEqual(after)
        }
      }),
      {numRuns: 2000},
    )
  })
})
