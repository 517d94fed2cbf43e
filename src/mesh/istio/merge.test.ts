import {describe, expect, test} from 'vitest'
import {containersSchema, mergeList, mergeObject, namedSchema, templateContainersSchema} from './merge.ts'

const named = (...names: string[]) => names.map((name) => ({name}))

describe('a list with a merge key', () => {
  test('begins with the elements of the patch', () => {
    expect(mergeList(named('a', 'b'), named('x', 'y'), namedSchema)).toEqual(named('x', 'y', 'a', 'b'))
  })

  test('keeps the order of the original around an element that both hold', () => {
    expect(mergeList(named('a', 'b', 'c'), named('x', 'b', 'y'), namedSchema)).toEqual(named('x', 'a', 'b', 'y', 'c'))
  })

  test('merges an element that the patch names twice once for each time', () => {
    const patch = [
      {name: 'a', x: 1},
      {name: 'a', y: 2},
    ]
    expect(mergeList([{name: 'b'}], patch, namedSchema)).toEqual([{name: 'a', x: 1, y: 2}, {name: 'b'}])
    expect(mergeList([], patch, namedSchema)).toEqual(patch)
  })

  test('follows the orders to delete and to replace', () => {
    expect(mergeList(named('a', 'b'), [{name: 'a', $patch: 'delete'}], namedSchema)).toEqual(named('b'))
    expect(mergeList(named('a'), [...named('x'), {$patch: 'replace'}], namedSchema)).toEqual(named('x'))
  })
})

test('maps merge, null removes, other lists are replaced, and the original stays as it was', () => {
  const original = {map: {a: 1, b: 2}, list: [1, 2], gone: true, kept: {deep: true}}
  const before = structuredClone(original)
  const merged = mergeObject(original, {map: {b: 3}, list: [9], gone: null}, {})
  expect(merged).toEqual({map: {a: 1, b: 3}, list: [9], kept: {deep: true}})
  expect(merged['kept']).toBe(original.kept)
  expect(original).toEqual(before)
})

test('containers merge environment by name, ports by number and mounts by path', () => {
  const original = [
    {name: 'p', env: named('A'), ports: [{containerPort: 1}], volumeMounts: [{mountPath: '/a', name: 'v'}]},
  ]
  const patch = [
    {
      name: 'p',
      env: [{name: 'A', value: 'x'}],
      ports: [{containerPort: 1, name: 'http'}],
      volumeMounts: [{mountPath: '/a', readOnly: true}],
    },
  ]
  expect(mergeList(original, patch, containersSchema)).toEqual([
    {
      name: 'p',
      env: [{name: 'A', value: 'x'}],
      ports: [{containerPort: 1, name: 'http'}],
      volumeMounts: [{mountPath: '/a', name: 'v', readOnly: true}],
    },
  ])
})

test('a template takes away what it leaves at zero, a user’s container does not', () => {
  const original = [{name: 'p', env: [{name: 'A', value: 'old'}], readinessProbe: {periodSeconds: 9}}]
  const patch = [{name: 'p', env: [{name: 'A'}], readinessProbe: {failureThreshold: 4}}]
  expect(mergeList(original, patch, templateContainersSchema)).toEqual([
    {name: 'p', env: [{name: 'A'}], readinessProbe: {failureThreshold: 4}},
  ])
  expect(mergeList(original, patch, containersSchema)).toEqual([
    {name: 'p', env: [{name: 'A', value: 'old'}], readinessProbe: {periodSeconds: 9, failureThreshold: 4}},
  ])
})

test('a key __proto__ is merged as data', () => {
  const patch = JSON.parse('{"__proto__": {"polluted": true}}')
  expect(Object.hasOwn(mergeObject({}, patch, {}), '__proto__')).toBe(true)
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
})

test('a patch that says nothing new gives back the original; a null, a directive or a field to be taken away is something new', () => {
  const original = {name: 'A', value: '1', none: null}
  expect(mergeObject(original, {name: 'A', value: '1'}, {})).toBe(original)
  expect(mergeObject(original, {none: null}, {})).toEqual({name: 'A', value: '1'})
  expect(mergeObject(original, {$patch: 'delete'}, {})).toEqual({})
  expect(mergeObject(original, {name: 'A'}, {takesAway: () => ['value']})).toEqual({name: 'A', none: null})
})
