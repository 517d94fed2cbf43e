import fastJsonPatch from 'fast-json-patch'
import {describe, expect, it} from 'vitest'
import * as fc from 'fast-check'
import {patch} from '../admission/patch.ts'
import {Failure} from './failure.ts'
import {readDocuments, type ManifestDocument} from './manifest-document.ts'

function one(text: string): ManifestDocument {
  const [document] = readDocuments('a.yaml', text)
  if (document === undefined) throw new Error('no document')
  return document
}

/** The document after its value has become `after`, as text. */
function turned(text: string, after: object): string {
  const document = one(text)
  const {value} = document
  if (typeof value !== 'object' || value === null) throw new Error('no object')
  document.edit([], patch(value, after))
  return document.text()
}

/** fast-json-patch takes no path through a prototype. */
function usable(value: object): boolean {
  return !JSON.stringify(value).includes('__proto__')
}

describe('reading', () => {
  it('gives back every byte of a stream that nobody edits', () => {
    const text = '# licence\n---\n# one\na:   1 # odd\n---\n\n---\nb: {x: y}\n...\n---\n{"json": true}\n# end\n'
    const documents = readDocuments('a.yaml', text)
    expect(documents.map((document) => document.text()).join('')).toBe(text)
  })

  it('reads scalars as Kubernetes does', () => {
    const text = 'a: yes\nb: 0755\nc: 2026-01-31\nd: 22:22\ne: 1.10\nf: ~\ng: "yes"\nh: !!str 1\non: x\n1: one\n'
    expect(one(text).value).toEqual({
      a: true,
      b: 493,
      c: '2026-01-31',
      d: '22:22',
      e: 1.1,
      f: null,
      g: 'yes',
      h: '1',
      true: 'x',
      1: 'one',
    })
  })

  it.each([
    ['an alias', 'a: &x b\nc: *x\n', 'm.yaml:2:4: YAML aliases are not taken, found "*x"; write the value out'],
    ['a key that is there twice', 'a: 1\nb:\n  c: 1\n  c: 2\n', 'm.yaml:4:3: the key "c" is here twice'],
    ['deep nesting in brackets', '['.repeat(100_000), 'm.yaml:1:65: nested deeper than 64 levels'],
    ['deep nesting in dashes', '- '.repeat(100_000), 'nested deeper than 64 levels'],
    ['a carriage return alone', 'a: 1\r\nkind: Pod\r', 'm.yaml:2:10: a carriage return without a line feed'],
    ['one in a comment', '# a\rkind: Pod\nb: 1\n', 'm.yaml:1:4: a carriage return without a line feed'],
    ['text that is no YAML', 'a: [1\n', 'm.yaml:2:1: Flow sequence'],
  ])('refuses %s and names the place', (_, text, message) => {
    expect(() => readDocuments('m.yaml', text)).toThrow(Failure)
    expect(() => readDocuments('m.yaml', text)).toThrow(message)
  })

  it('takes keys that prototypes have for keys like any other', () => {
    const {value} = one('__proto__: {polluted: true}\nconstructor: 1\n')
    expect(Object.keys(value ?? {})).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })
})

describe('editing', () => {
  it('writes a key without a value outside of braces as null, which it means', () => {
    const text = 'metadata: {a b}\n'
    expect(turned(text, {metadata: {'a b': null, labels: {c: 'd'}}})).toBe(
      'metadata:\n  a b: null\n  labels:\n    c: d\n',
    )
  })

  it('keeps the comments of everything that it does not touch', () => {
    const text = `# the pod
metadata:
  # who it is
  name: web # a name
  annotations:
    # why
    team: a # ours
spec:
  containers:
  # the first
  - name: web
    image: old # pinned
    mode: 0755
    version: 1.10
    big: 12345678901234567890
`
    const edited = turned(text, {
      metadata: {name: 'web', annotations: {team: 'a', x: '1', y: 'yes', z: 'plain'}},
      spec: {
        containers: [
          {name: 'web', image: 'new', mode: 493, version: 1.1, big: '12345678901234567890'},
          {name: 'sidecar', args: ['-v'], env: []},
        ],
      },
    })
    expect(edited).toBe(`# the pod
metadata:
  # who it is
  name: web # a name
  annotations:
    # why
    team: a # ours
    x: "1"
    "y": "yes"
    z: plain
spec:
  containers:
  # the first
  - name: web
    image: new # pinned
    mode: 0755
    version: 1.10
    big: 12345678901234567890
  - name: sidecar
    args:
    - -v
    env: []
`)
  })

  it('opens a collection written in one line where something has to be added', () => {
    expect(
      turned('metadata: {labels: {app: web}, name: x}\n', {metadata: {labels: {app: 'web', a: 'b'}, name: 'x'}}),
    ).toBe('metadata:\n  labels:\n    app: web\n    a: b\n  name: x\n')
  })

  it('keeps the indentation of the text', () => {
    expect(turned('a:\n    b:\n        c: d\n', {a: {b: {c: 'd', e: {f: 'g'}}}})).toBe(
      'a:\n    b:\n        c: d\n        e:\n            f: g\n',
    )
    expect(turned('a:\n- b\n', {a: ['b', 'c']})).toBe('a:\n- b\n- c\n')
    expect(turned('a:\n  - b\n', {a: ['b', 'c']})).toBe('a:\n  - b\n  - c\n')
  })

  it('quotes what some YAML reader would not take for text', () => {
    const words = [
      'yes',
      'N',
      '0x10',
      '1e3',
      '22:22',
      '2026-01-31',
      '1_000',
      '',
      'null',
      '~',
      '.inf',
      '- a',
      'a: b',
      '#',
    ]
    const edited = turned('a: {}\n', {a: Object.fromEntries(words.map((word, index) => [`k${index}`, word]))})
    expect(one(edited).value).toEqual({a: Object.fromEntries(words.map((word, index) => [`k${index}`, word]))})
    const lines = edited.split('\n')
    for (const [index, word] of words.entries()) expect(lines).toContain(`  k${index}: "${word}"`)
  })

  it('makes of any document what fast-json-patch makes of its value', {timeout: 60_000}, () => {
    const json = fc.object({
      key: fc.oneof(fc.string(), fc.constantFrom('a/b', '~0', 'yes', '1', 'meshwright.dev/inject')),
      values: [
        fc.string({unit: 'binary'}),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.constant('a\n  b\n'),
        fc.constantFrom('on', '017', '# x'),
      ],
      maxDepth: 3,
      maxKeys: 4,
    })
    fc.assert(
      fc.property(json.filter(usable), json.filter(usable), (before, after) => {
        fc.pre(Object.keys(before).length > 0)
        const document = one(JSON.stringify(before))
        const operations = patch(before, after)
        fc.pre(operations.every(({path}) => path !== ''))
        document.edit([], operations)
        const patched = fastJsonPatch.applyPatch(structuredClone(before), operations as fastJsonPatch.Operation[])
        expect(document.edited()).toEqual(patched.newDocument)
        expect(one(document.text()).value).toEqual(patched.newDocument)
      }),
    )
  })
})
