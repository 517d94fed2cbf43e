const quantifier = /[*+?]/
/** What RE2 leaves out of Perl's syntax, and what it is called. */
const leftOut: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, 'a look-around'],
  [/^\(\?>/, 'an atomic group'],
  [/^\(\?\(/, 'a condition'],
  [/^\(\?[#&R0-9|]/, 'a group of a kind'],
  [/^\\(?:[89kg]|[1-7](?![0-7]))/, 'a back-reference'],
  [/^\\[^\W\d_dDwWsSpPbBAzafnrtvxQ]/, 'an escape'],
]
/** RE2's most repetitions. */
const mostRepetitions = 1000

/**
 * Why RE2, whose expressions Envoy and Go read, would turn `pattern` down; undefined for what it takes. A wrong one
 * costs more than its own rule: Envoy refuses all routes that came with it. Character classes by name are not looked up.
 */
export function regexProblem(pattern: string): string | undefined {
  const problem = findProblem(pattern)
  return problem === undefined ? undefined : `${JSON.stringify(pattern)} is no RE2 expression: ${problem}`
}

function findProblem(pattern: string): string | undefined {
  let depth = 0
  /** A quantifier needs something before it, and takes one `?` after it. */
  let operand: 'none' | 'atom' | 'quantified' | 'lazy' = 'none'
  let at = 0
  while (at < pattern.length) {
    const rest = pattern.slice(at, at + 64)
    const known = leftOut.find(([shape]) => shape.test(rest))
    if (known !== undefined) return `it has ${known[1]} that RE2 does not have, at ${rest.slice(0, 8)}`
    const character = pattern.charAt(at)
    const repetition = character === '{' ? /^\{([0-9]+)(,([0-9]*))?\}/.exec(rest) : null
    if (character === '\\') {
      if (at + 1 === pattern.length) return 'a backslash ends it'
      if (rest.startsWith('\\Q')) {
        const end = pattern.indexOf('\\E', at + 2)
        at = end < 0 ? pattern.length : end + 2
      } else at += /^\\x\{[0-9A-Fa-f]*\}/.exec(rest)?.[0].length ?? 2
      operand = 'atom'
    } else if (character === '[') {
      const end = endOfClass(pattern, at)
      if (end === undefined) return 'a [ is not closed'
      at = end
      operand = 'atom'
    } else if (character === '(') {
      depth += 1
      const group = /^\(\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|[imsU]*(?:-[imsU]+)?[:)])/.exec(rest)
      if (rest.startsWith('(?') && group === null) return `the group ${rest.slice(0, 8)} has no form that RE2 has`
      if (group?.[0].endsWith(')') === true) depth -= 1
      at += group?.[0].length ?? 1
      operand = 'none'
    } else if (character === ')') {
      depth -= 1
      if (depth < 0) return 'a ) closes nothing'
      at += 1
      operand = 'atom'
    } else if (quantifier.test(character) || repetition !== null) {
      if (operand === 'none') return `${repetition?.[0] ?? character} repeats nothing`
      const isLazy: boolean = character === '?' && operand === 'quantified'
      if (operand !== 'atom' && !isLazy) return `${repetition?.[0] ?? character} repeats a repetition`
      const [least, most] = [Number(repetition?.[1] ?? 0), Number(repetition?.[3] || repetition?.[1] || 0)]
      if (least > mostRepetitions || most > mostRepetitions) return `it repeats more than ${mostRepetitions} times`
      if (most < least) return `${repetition?.[0] ?? character} has its bounds the wrong way round`
      at += repetition?.[0].length ?? 1
      operand = isLazy ? 'lazy' : 'quantified'
    } else {
      at += 1
      operand = character === '|' ? 'none' : 'atom'
    }
  }
  return depth > 0 ? 'a ( is not closed' : undefined
}

/** The position after a character class that begins at `start`; a `]` in its first place belongs to it. */
function endOfClass(pattern: string, start: number): number | undefined {
  let at = start + (pattern.charAt(start + 1) === '^' ? 2 : 1)
  if (pattern.charAt(at) === ']') at += 1
  while (at < pattern.length) {
    const character = pattern.charAt(at)
    if (character === ']') return at + 1
    const named = character === '[' ? /^\[:\^?[a-z]+:\]/.exec(pattern.slice(at, at + 16)) : null
    at += named?.[0].length ?? (character === '\\' ? 2 : 1)
  }
  return undefined
}
