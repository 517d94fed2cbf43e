import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {mergePatch} from './merge.ts'
import {formatProblems} from './problem.ts'
import {readYaml} from './read.ts'
import {canonical, canonicalPath} from './spelling.ts'
import {at, plain, planted, replaced, type Tree} from './tree.ts'

function respelt(value: unknown) {
  const {tree, problems, findings} = canonical(planted(value, 'base'))
  return {value: plain(tree), problems: problems.length, findings: findings.map(({key}) => key)}
}

describe('two spellings, one meaning', () => {
  test.each([
    [{mesh: {telemetry: {samplingRate: 0.1}}}, {mesh: {telemetry: {samplingRate: 0.1}}}],
    [{mesh: {tracing: {sampleRate: 0.1}}}, {mesh: {telemetry: {samplingRate: 0.1}}}],
    [{mesh: {telemetry: {tracing: {sampleRate: 0.1}}}}, {mesh: {telemetry: {samplingRate: 0.1}}}],
    [{mesh: {telemetry: {tracing: {enabled: true}}}}, {mesh: {tracing: {enabled: true}}}],
    [{mesh: {telemetry: {tracing: {endpoint: 'o:1'}}}}, {mesh: {tracing: {endpoint: 'o:1'}}}],
    [{meshSecurity: {mutualTLS: true}}, {mesh: {security: {mutualTLS: true}}}],
    [
      {meshSecurity: {mutualTLS: true, authorizationPolicy: []}},
      {meshSecurity: {authorizationPolicy: []}, mesh: {security: {mutualTLS: true}}},
    ],
  ])('%j', (written, expected) => {
    expect(respelt(written)).toEqual({value: expected, problems: 0, findings: []})
  })

  test('the longest path wins, and what it outranks is told', () => {
    expect(
      respelt({mesh: {telemetry: {samplingRate: 0.1, tracing: {sampleRate: 0.3}}, tracing: {sampleRate: 0.2}}}),
    ).toEqual({
      value: {mesh: {telemetry: {samplingRate: 0.3}}},
      problems: 0,
      findings: ['mesh.telemetry.samplingRate', 'mesh.tracing.sampleRate'],
    })
    expect(respelt({mesh: {security: {mutualTLS: false}}, meshSecurity: {mutualTLS: true}})).toMatchObject({
      value: {mesh: {security: {mutualTLS: false}}},
      findings: ['meshSecurity.mutualTLS'],
    })
  })

  test('the same value twice is nothing to tell', () => {
    expect(respelt({mesh: {telemetry: {samplingRate: 0.1}, tracing: {sampleRate: 0.1}}})).toMatchObject({
      problems: 0,
      findings: [],
    })
  })

  test('two values of equal length are a problem that names both lines', () => {
    const {tree} = readYaml({
      file: 'mesh.yaml',
      text: 'mesh:\n  telemetry:\n    samplingRate: 0.1\n  tracing:\n    sampleRate: 0.2\n',
    })
    if (tree === undefined) throw new Error('nothing read')
    expect(formatProblems(canonical(tree).problems)).toBe(
      'mesh.yaml:5:17 MW4011 two spellings of one setting disagree: mesh.tracing.sampleRate is 0.2, mesh.telemetry.samplingRate (mesh.yaml:3:19) is 0.1; keep one of them',
    )
  })

  test('null deletes a key in each of its spellings', () => {
    const base = canonical(
      planted({mesh: {telemetry: {samplingRate: 0.1, enabled: true}, tracing: {enabled: true}}}, 'base'),
    ).tree
    const after = (patch: unknown) => plain(mergePatch(base, canonical(planted(patch, 'environment')).tree))
    expect(after({mesh: {tracing: {sampleRate: null}}})).toEqual({
      mesh: {telemetry: {enabled: true}, tracing: {enabled: true}},
    })
    expect(after({mesh: {tracing: null}})).toEqual({mesh: {telemetry: {enabled: true}}})
    expect(after({mesh: {telemetry: {tracing: null}}})).toEqual({mesh: {telemetry: {enabled: true}, tracing: {}}})
    expect(after({mesh: {telemetry: null}})).toEqual({mesh: {tracing: {}}})
    expect(after({mesh: {telemetry: null, tracing: {sampleRate: 1}}})).toEqual({
      mesh: {telemetry: {samplingRate: 1}, tracing: {}},
    })
  })

  const rate = fc.option(fc.constantFrom(0, 0.5, 1), {nil: undefined})
  const layers = fc.record({long: rate, telemetry: rate, tracing: rate}).map((rates): Tree => {
    const paths: [string[], number | undefined][] = [
      [['mesh', 'telemetry', 'tracing', 'sampleRate'], rates.long],
      [['mesh', 'telemetry', 'samplingRate'], rates.telemetry],
      [['mesh', 'tracing', 'sampleRate'], rates.tracing],
    ]
    const start: Tree = {kind: 'map', entries: new Map(), layer: 'base'}
    return paths.reduce<Tree>(
      (tree, [path, value]) => (value === undefined ? tree : (replaced(tree, path, planted(value, 'base')) ?? tree)),
      start,
    )
  })

  test('the order of keys does not matter', () => {
    fc.assert(
      fc.property(layers, (layer) => {
        const [one, other] = [canonical(layer), canonical(reversed(layer))]
        expect(plain(one.tree)).toEqual(plain(other.tree))
        expect(one.problems.length).toBe(other.problems.length)
      }),
    )
  })

  test('rewriting twice is rewriting once', () => {
    fc.assert(
      fc.property(layers, (layer) => {
        const {tree} = canonical(layer)
        expect(plain(canonical(tree).tree)).toEqual(plain(tree))
        expect(at(tree, ['mesh', 'tracing', 'sampleRate'])).toBeUndefined()
      }),
    )
  })

  test('a path is told in its canonical spelling', () => {
    expect(canonicalPath(['meshSecurity', 'mutualTLS'])).toEqual(['mesh', 'security', 'mutualTLS'])
    expect(canonicalPath(['mesh', 'type'])).toEqual(['mesh', 'type'])
  })
})

function reversed(tree: Tree): Tree {
  if (tree.kind !== 'map') return tree
  return {...tree, entries: new Map([...tree.entries].reverse().map(([key, value]) => [key, reversed(value)]))}
}
