/** A text, or every text that begins with it. */
export interface Literal {
  readonly kind: 'exact' | 'prefix'
  readonly value: string
}

/** A text as a regular expression of its own; Rust's engine lets every ASCII character but letters and digits be escaped. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}\-&~#]/g, '\\$&')
}

/**
 * A regular expression over every text that is none of the exact ones and begins with none of the prefixes. Its engine
 * has no look-ahead, so that the texts are taken apart by their first characters.
 */
export function outside(literals: readonly Literal[]): string {
  if (literals.length === 0) return '.*'
  const branches = new Map<string, Literal[]>()
  for (const {kind, value} of literals) {
    const [first] = value
    if (first === undefined) continue
    const branch = branches.get(first) ?? []
    branch.push({kind, value: value.slice(first.length)})
    branches.set(first, branch)
  }
  const first = [...branches.keys()].sort()
  const alternatives = [first.length === 0 ? '.+' : `[^${first.map(escaped).join('')}].*`]
  for (const character of first) {
    const rest = branches.get(character) ?? []
    if (!rest.some(({kind, value}) => kind === 'prefix' && value === ''))
      alternatives.push(`${escaped(character)}${outside(rest)}`)
  }
  // The empty text comes last: the engine takes the first alternative that fits.
  if (!literals.some(({value}) => value === '')) alternatives.push('')
  return alternatives.length === 1 ? `${alternatives[0]}` : `(?:${alternatives.join('|')})`
}
