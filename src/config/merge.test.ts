import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {composePatches, mergePatch} from './merge.ts'
import {plain, planted} from './tree.ts'

const tree = (value: unknown) => planted(value, 'test')
const patched = (target: unknown, patch: unknown) => plain(mergePatch(tree(target), tree(patch)))

/** RFC 7386, section 2, word for word. */
function reference(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target)
  const result = new Map<string, unknown>(isMap ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, reference(result.get(key), value))
  }
  return Object.fromEntries(result)
}

/** Few keys, so that documents meet; the prototype's among them. */
const documents = fc.letrec((tie) => ({
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), {maxKeys: 4}),
  value: fc.oneof(
    {maxDepth: 4},
    fc.constantFrom(null, 1, 'x', true),
    fc.array(fc.constantFrom(null, 1, 'x'), {maxLength: 2}),
    tie('map'),
  ),
})).map

describe('merge patch', () => {
  test.each([
    [{a: 'b'}, {a: 'c'}, {a: 'c'}],
    [{a: 'b'}, {b: 'c'}, {a: 'b', b: 'c'}],
    [{a: 'b'}, {a: null}, {}],
    [{a: 'b', b: 'c'}, {a: null}, {b: 'c'}],
    [{a: ['b']}, {a: 'c'}, {a: 'c'}],
    [{a: 'c'}, {a: ['b']}, {a: ['b']}],
    [{a: {b: 'c'}}, {a: {b: 'd', c: null}}, {a: {b: 'd'}}],
    [{a: [{b: 'c'}]}, {a: [1]}, {a: [1]}],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{a: 'b'}, ['c'], ['c']],
    [{a: 'foo'}, null, null],
    [{a: 'foo'}, 'bar', 'bar'],
    [{e: null}, {a: 1}, {e: null, a: 1}],
    [[1, 2], {a: 'b', c: null}, {a: 'b'}],
    [{}, {a: {bb: {ccc: null}}}, {a: {bb: {}}}],
  ])('RFC 7386, appendix A: %j patched with %j is %j', (target, patch, result) => {
    expect(patched(target, patch)).toEqual(result)
  })

  test('is RFC 7386 for any two documents', () => {
    fc.assert(
      fc.property(documents, documents, (target, patch) => {
        expect(patched(target, patch)).toEqual(reference(target, patch))
      }),
    )
  })

  test('twice is once', () => {
    fc.assert(
      fc.property(documents, documents, (target, patch) => {
        const once = patched(target, patch)
        expect(patched(once, patch)).toEqual(once)
      }),
    )
  })

  test('a composed patch does what its two patches do in turn', () => {
    fc.assert(
      fc.property(documents, documents, documents, (target, first, second) => {
        const composed = composePatches(tree(first), tree(second))
        expect(plain(mergePatch(tree(target), composed))).toEqual(patched(patched(target, first), second))
      }),
    )
  })

  test('composing is associative', () => {
    fc.assert(
      fc.property(documents, documents, documents, documents, (target, a, b, c) => {
        const left = composePatches(composePatches(tree(a), tree(b)), tree(c))
        const right = composePatches(tree(a), composePatches(tree(b), tree(c)))
        expect(plain(mergePatch(tree(target), left))).toEqual(plain(mergePatch(tree(target), right)))
      }),
    )
  })

  test('changes neither document', () => {
    fc.assert(
      fc.property(documents, documents, (target, patch) => {
        const [one, other] = [tree(target), tree(patch)]
        mergePatch(one, other)
        composePatches(one, other)
        expect([plain(one), plain(other)]).toEqual([plain(tree(target)), plain(tree(patch))])
      }),
    )
  })

  test('null stays among Helm values, where it deletes a default of the chart', () => {
    const base = {mesh: {istio: {values: {global: {hub: 'h', tag: 't'}}}}}
    expect(patched(base, {mesh: {istio: {values: {global: {tag: null}}}}})).toEqual({
      mesh: {istio: {values: {global: {hub: 'h', tag: null}}}},
    })
    expect(patched(base, {mesh: {istio: {values: null}}})).toEqual({mesh: {istio: {}}})
  })
})
