import fc from 'fast-check'
import {expect, test} from 'vitest'
import {outside, type Literal} from './literal-regex.ts'
import {
  coversPath,
  exactPath,
  intersectPaths,
  pathRegex,
  prefixPath,
  withoutPath,
  type PathPattern,
} from './path-pattern.ts'

const text = fc.string({unit: fc.constantFrom('a', 'b', '/', '.', '-', '^', ']', '\\'), maxLength: 5})
const literal: fc.Arbitrary<Literal> = fc.record({kind: fc.constantFrom('exact', 'prefix'), value: text})
const pattern = literal.map(({kind, value}): PathPattern | undefined =>
  kind === 'exact' ? exactPath(value) : prefixPath(value),
)
const matches = (pattern: PathPattern | undefined, path: string) =>
  pattern === undefined || new RegExp(pathRegex(pattern)).test(path)

test('a regular expression outside of texts matches all others', () => {
  fc.assert(
    fc.property(fc.array(literal, {maxLength: 5}), text, (literals, path) => {
      fc.pre(!literals.some(({kind, value}) => kind === 'prefix' && value === ''))
      const within = literals.some(({kind, value}) => (kind === 'exact' ? path === value : path.startsWith(value)))
      expect(new RegExp(`^${outside(literals)}$`).test(path)).toBe(!within)
    }),
    {numRuns: 1000},
  )
})

test('two patterns meet in what both match, and leave what only one does', () => {
  fc.assert(
    fc.property(pattern, pattern, fc.array(text, {minLength: 5}), (one, other, paths) => {
      const both = intersectPaths(one, other)
      const rest = withoutPath(one, other)
      expect([both, rest]).not.toContain('unsayable')
      for (const path of paths) {
        const inBoth = typeof both === 'object' && matches(both.pattern, path)
        expect(inBoth).toBe(matches(one, path) && matches(other, path))
        const inRest = typeof rest === 'object' && matches(rest.pattern, path)
        expect(inRest).toBe(matches(one, path) && !matches(other, path))
        if (coversPath(one, other) && matches(other, path)) expect(matches(one, path)).toBe(true)
      }
    }),
    {numRuns: 1000},
  )
})

test('nobody can tell where a regular expression meets another pattern', () => {
  const regex: PathPattern = {kind: 'regex', value: '/a+'}
  expect(intersectPaths(regex, prefixPath('/a'))).toBe('unsayable')
  expect(withoutPath(prefixPath('/a'), regex)).toBe('unsayable')
  expect(intersectPaths(regex, regex)).toEqual({pattern: regex})
})
