import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {loadConfiguration} from './load.ts'
import {formatProblems} from './problem.ts'
import {readYaml} from './read.ts'
import {differences, renderYaml, text} from './render.ts'
import {plain, planted, type Tree} from './tree.ts'

function provenance(file: string, environment?: string): Tree {
  const result = loadConfiguration([{file: 'mesh.yaml', text: file}])
  const resolution = result.ok ? result.loaded.resolve(environment) : result
  if (!resolution.ok) throw new Error(formatProblems(resolution.problems))
  return resolution.resolved.provenance
}

describe('a rendered configuration', () => {
  test('tells of each value who said it and where', () => {
    const file = `mesh:
  autoInject: true
  injectionNamespace: [a, b]
environments:
  p: {use: secure, mesh: {autoInject: false}}
`
    expect(renderYaml(provenance(file, 'p'))).toBe(`mesh:
  autoInject: false # mesh.yaml:5:39 (environment p)
  injectionNamespace:
    - a # mesh.yaml:3:24 (base)
    - b # mesh.yaml:3:27 (base)
  security:
    mutualTLS: true # (template secure)
  sidecar:
    proxy:
      config:
        enableProfiling: false # (template secure)
  type: istio # (default)
`)
  })

  test('reads back as the same configuration, whatever its texts and keys look like', () => {
    const ambiguous = fc.constantFrom(
      'yes',
      'n',
      '0644',
      '1_000',
      '1:30',
      '2026-01-31',
      '',
      '~',
      '- a',
      '# x',
      '<<',
      'a: b',
      '!t',
      '&a',
      '*a',
      'x\ny\n',
      '\t',
      '\u2028',
      '"',
      '.5',
      '+1',
      '0x1',
      '1e3',
    )
    const texts = fc.oneof(ambiguous, fc.string({unit: 'grapheme', maxLength: 12}))
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        {maxDepth: 3},
        texts,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), {maxLength: 3}),
        tie('map'),
      ),
      map: fc.dictionary(texts, tie('value'), {maxKeys: 4}),
    }))
    fc.assert(
      fc.property(values.map, (map) => {
        const rendered = renderYaml(planted(map, 'base'))
        const {tree, problems} = readYaml({file: 'rendered.yaml', text: rendered})
        expect(problems).toEqual([])
        expect(tree === undefined ? {} : plain(tree)).toEqual(map)
      }),
      {numRuns: 500},
    )
  })
})

describe('the differences of two environments', () => {
  const file = `mesh: {autoInject: true, sidecarImage: a, injectionNamespace: [a]}
environments:
  p: {mesh: {autoInject: false, sidecarImage: null, telemetry: {samplingRate: 1}}}
`
  test('are the values that one of them does not share', () => {
    const found = differences(provenance(file), provenance(file, 'p'))
    expect(found.map(({path, from, to}) => [path.join('.'), from && text(from), to && text(to)])).toEqual([
      ['mesh.autoInject', 'true', 'false'],
      ['mesh.sidecarImage', '"a"', undefined],
      ['mesh.telemetry.samplingRate', undefined, '1'],
    ])
  })

  test('are none between an environment and itself', () => {
    expect(differences(provenance(file, 'p'), provenance(file, 'p'))).toEqual([])
  })
})
