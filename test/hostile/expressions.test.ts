import {join} from 'node:path'
import {checkSync} from 'recheck'
import {describe, expect, test} from 'vitest'
import {expressionsIn, type Expression} from './expressions.ts'

const {literals, made} = expressionsIn(join(import.meta.dirname, '..', '..'), 'src')

/** Those that the checker has doubts about, and why nobody can make them slow. By their source. */
const bounded: ReadonlyMap<string, string> = new Map([
  [String.raw`^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)$`, 'a quantity is at most 128 characters'],
  [String.raw`\/+$`, 'a unit is made of names of Kubernetes objects, at most 253 characters each'],
  ['[^a-zA-Z0-9]+$', 'of a label, at most 63 characters'],
  ['[^a-z0-9]+$', 'of a name cut at 200 characters'],
  [
    String.raw`\p{Lu}+(?=\p{Lu}(?!\p{Lu})\p{L})|\p{Lu}{2,}|\p{Lu}(?:(?!\p{Lu})\p{L})*`,
    "the keys of the administrator's own values",
  ],
  ['^-+|-+$', 'of the name of the project that somebody is in'],
  ['-+$', 'of the name of a version, at most 63 characters'],
  ['^,+|,+$', "the administrator's own list of networks"],
  [
    String.raw`^( *)[^\s#-][^\n]*:[ \t]*\n(?=(?:[ \t]*(?:#[^\n]*)?\n)*( *)([^\s#]))`,
    'over manifests that somebody edits on their own machine',
  ],
  ['-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----', 'begins with what no certificate repeats'],
  [
    String.raw`User "(?<user>[^"]*)" cannot (?<verb>\S+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]*)")?`,
    'over what the API server says',
  ],
  [
    String.raw`^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})$`,
    "the administrator's own address of a collector",
  ],
])

/** The same expression at several places is one. */
const distinct = [...new Map(literals.map((one) => [`/${one.source}/${one.flags}`, one])).values()]

describe('every regular expression of the sources', () => {
  test('is found', () => {
    expect(distinct.length).toBeGreaterThan(150)
  })

  test('takes time in proportion to its text, or has a text that is short', {timeout: 400_000}, () => {
    const slow = distinct.filter(({source}) => !bounded.has(source)).filter(isSlow)
    expect(slow.map(({place, source}) => `${place} /${source}/`)).toEqual([])
  })

  test('of those that are excused is still there', () => {
    const sources = new Set(literals.map(({source}) => source))
    expect([...bounded.keys()].filter((source) => !sources.has(source))).toEqual([])
  })
})

test('expressions are made of texts at these places only, each of which says whose texts they are', () => {
  expect(made).toEqual([
    // Of words of its own.
    'src/cli/manifest-selector.ts',
    'src/mesh/go/regexp.ts',
    'src/mesh/istio/envoy/command-line.ts',
    // Of a rule's own expression: to see whether it is one, never to run it over a text.
    'src/rules/expression.ts',
    // To run it over requests of the very process whose rules they are.
    'src/sdk/local/route.ts',
  ])
})

function isSlow({source, flags}: Expression): boolean {
  return checkSync(source, flags, {timeout: 20_000}).status !== 'safe'
}
