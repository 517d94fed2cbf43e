import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Shapes} from './shape.ts'

const shapes = new Shapes()
const pod = {metadata: {name: 'web'}, spec: {containers: [{name: 'web', resources: {limits: {cpu: 1}}}]}}

describe('Shapes', () => {
  test('gives back the very object, unknown fields and all', () => {
    const given = {...pod, spec: {...pod.spec, futureField: {deep: [1]}}}
    expect(shapes.pod(given)).toEqual({ok: true, object: given})
    const shaped = shapes.pod(given)
    expect(shaped.ok && shaped.object).toBe(given)
  })

  test('reads null as absent, as the API server does', () => {
    const shaped = shapes.pod({
      metadata: {name: 'web', annotations: null},
      spec: {containers: [{name: 'web', env: null}], volumes: null},
    })
    expect(shaped).toEqual({ok: true, object: {metadata: {name: 'web'}, spec: {containers: [{name: 'web'}]}}})
  })

  test('reads a label or annotation that is no text as its text', () => {
    const shaped = shapes.pod({metadata: {annotations: {a: true}, labels: {b: 1}}, spec: {containers: []}})
    expect(shaped).toMatchObject({object: {metadata: {annotations: {a: 'true'}, labels: {b: '1'}}}})
  })

  test('leaves it to the API server to refuse a pod without containers', () => {
    const none = {ok: true, object: {metadata: {}, spec: {containers: []}}}
    expect(shapes.pod({metadata: {}, spec: {containers: null}})).toEqual(none)
    expect(shapes.pod({metadata: {}, spec: {}})).toEqual(none)
  })

  test.each([
    ['no spec', {metadata: {}}, "the object must have required property 'spec'"],
    ['containers that are no list', {metadata: {}, spec: {containers: {}}}, 'spec.containers must be array'],
    [
      'a port that is a text',
      {metadata: {}, spec: {containers: [{name: 'a', ports: [{containerPort: '80'}]}]}},
      'spec.containers[0].ports[0].containerPort must be integer',
    ],
    [
      'an annotation that is a list',
      {metadata: {annotations: {a: []}}, spec: {containers: []}},
      'metadata.annotations.a must be string',
    ],
  ])('names the place in %s', (_, value, message) => {
    expect(shapes.pod(value)).toEqual({ok: false, message})
  })

  test('takes or refuses anything without a throw, and never a prototype', () => {
    fc.assert(
      fc.property(fc.anything({withNullPrototype: true, maxDepth: 5}), (value) => {
        expect(typeof shapes.pod(value).ok).toBe('boolean')
        expect(typeof shapes.service(value).ok).toBe('boolean')
        expect(Reflect.get({}, 'polluted')).toBeUndefined()
      }),
    )
  })
})
