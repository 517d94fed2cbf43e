import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {formatProblems} from './problem.ts'
import {readYaml} from './read.ts'
import {at, plain} from './tree.ts'

const read = (text: string) => readYaml({file: 'mesh.yaml', text})
const problemsOf = (text: string) => formatProblems(read(text).problems)
const valueOf = (text: string) => {
  const {tree} = read(text)
  return tree && plain(tree)
}

/** Nine levels of nine aliases each: 400 million items, were they expanded. */
function bomb(): string {
  const levels = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 9; level++) {
    const [name, below] = ['abcdefghi'.charAt(level), 'abcdefghi'.charAt(level - 1)]
    levels.push(`${name}: &${name} [${Array.from({length: 9}, () => `*${below}`).join(', ')}]`)
  }
  return levels.join('\n')
}

describe('reading YAML', () => {
  test('every value knows its line and column, and the key that leads to it', () => {
    const {tree} = read('mesh:\n  telemetry:\n    samplingRate: 0.1\n')
    const leaf = at(tree, ['mesh', 'telemetry', 'samplingRate'])
    expect(leaf?.place).toEqual({file: 'mesh.yaml', line: 3, column: 19})
    expect(leaf?.keyPlace).toEqual({file: 'mesh.yaml', line: 3, column: 5})
  })

  test('JSON is YAML', () => {
    expect(valueOf('{"mesh": {"type": "istio", "port": 1.5e1, "on": [true, null]}}')).toEqual({
      mesh: {type: 'istio', port: 15, on: [true, null]},
    })
  })

  test.each(['', '# nothing\n', '---\n', '---\n...\n'])('%j holds nothing, which is no problem', (text) => {
    expect(read(text)).toEqual({problems: []})
  })

  test('a byte order mark and Windows line ends do no harm', () => {
    expect(valueOf('\ufeffa: 1\r\nb: x\r\n')).toEqual({a: 1, b: 'x'})
  })

  test('quoted text stays text', () => {
    expect(valueOf('{a: "yes", b: \'0644\', c: !!str 5}')).toEqual({a: 'yes', b: '0644', c: '5'})
  })

  test('keys of the prototype are keys like any other', () => {
    const value = valueOf('__proto__: {polluted: true}\nconstructor: 1\n')
    expect(Object.keys(Object(value))).toEqual(['__proto__', 'constructor'])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('a duplicate key is told with both lines', () => {
    expect(problemsOf('a: 1\nb: 2\na: 3\n')).toBe('mesh.yaml:3:1 MW4005 duplicate key "a"; it stands on line 1 already')
  })

  test('60,000 keys are read without comparing each with each', () => {
    const text = Array.from({length: 60_000}, (_, index) => `k${index}: 1`).join('\n')
    const start = performance.now()
    expect(read(text).problems).toEqual([])
    // With the check of the library it is some 20 s.
    expect(performance.now() - start).toBeLessThan(8000)
  })

  test.each([
    ['a: [', 'mesh.yaml:1:5 MW4004'],
    ['a: b: c', 'mesh.yaml:1:4 MW4004'],
    ['a:\n\t- b', 'mesh.yaml:2:1 MW4004'],
    ['a: 1\n---\nb: 2\n', 'mesh.yaml:3:1 MW4007'],
    ['a: !!binary aGk=', 'mesh.yaml:1:13 MW4006'],
    ['a: !secret x', 'mesh.yaml:1:12 MW4006'],
    ['a: *b', 'mesh.yaml:1:4 MW4006'],
    ['a: &b 1', 'mesh.yaml:1:4 MW4006'],
    ['[x]: 1', 'mesh.yaml:1:1 MW4008'],
    ['a: .inf', 'mesh.yaml:1:4 MW4009'],
  ])('%j is refused with its place', (text, start) => {
    expect(problemsOf(text)).toMatch(start)
  })

  test('stars and ampersands in text are not aliases', () => {
    expect(valueOf('a: |\n  *x\n  &y\nb: "*z"\nc: a*b&c\n')).toEqual({a: '*x\n&y\n', b: '*z', c: 'a*b&c'})
  })

  test('a carriage return alone is refused where it stands, for Kubernetes breaks the line there', () => {
    expect(problemsOf('a: 1\r\nb: 2\r')).toMatch(/2:5.*MW4004.*carriage return without a line feed/)
    expect(problemsOf('a: 1\r\nb: 2\r\n')).toBe('')
  })

  test('several mistakes are told at once', () => {
    expect(problemsOf('a: 1\na: 2\nb: .nan\nc: !x 1').split('\n')).toHaveLength(3)
  })

  test.each([
    ['aliases', bomb()],
    ['brackets', '['.repeat(200_000)],
    ['dashes', '- '.repeat(200_000)],
    ['questions', '? '.repeat(200_000)],
    ['braces', '{a: '.repeat(200_000)],
  ])('a bomb of %s is refused within 50 ms', (_, text) => {
    read('warm: up')
    const times = Array.from({length: 5}, () => {
      const start = performance.now()
      expect(read(text).tree).toBeUndefined()
      return performance.now() - start
    })
    expect(Math.min(...times)).toBeLessThan(50)
  })

  test('64 levels are read, 65 are refused', () => {
    expect(problemsOf('['.repeat(64) + ']'.repeat(64))).toBe('')
    expect(problemsOf('['.repeat(65) + ']'.repeat(65))).toMatch('MW4016')
  })

  test('more than 1 MiB is refused, counted in bytes', () => {
    expect(problemsOf(`# ${'ü'.repeat(524_288)}`)).toBe('mesh.yaml:1:1 MW4002 the file is larger than 1 MiB')
    expect(problemsOf(`#${'x'.repeat(1024 * 1024 - 1)}`)).toBe('')
  })

  test('no text makes it throw', () => {
    const pieces = fc.constantFrom(
      ...Array.from('{}[]:-,?&*!|>%@`#"\'\n\t \r'),
      '- ',
      ': ',
      '\n  ',
      'a',
      '1',
      '---\n',
      '...\n',
      '<<: ',
      '\u2028',
      '\0',
    )
    const texts = fc.oneof(
      fc.string({unit: 'binary'}),
      fc.array(pieces, {maxLength: 60}).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => void read(text)),
      {numRuns: 2000},
    )
  })

  test('what JSON holds is read as JSON reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({maxDepth: 5}), (value) => {
        const json = JSON.stringify(value)
        fc.pre(value !== null && !/[0-9]{16}/.test(json))
        expect(valueOf(json)).toEqual(JSON.parse(json))
      }),
    )
  })
})
