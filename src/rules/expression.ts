/** What JavaScript has and RE2, which every mesh reads expressions with, has not: looking around, and back references. */
const unknownToRe2 = /\(\?(=|!|<=|<!)|\\[1-9]|\\k</
/** What RE2 has and JavaScript has not: flags for what follows, and names after a P. */
const flags = /\(\?[imsU]*(-[imsU]+)?(:|\))/g
const names = /\(\?P<\w+>/g
const counts = /\{([0-9]+)(?:,([0-9]*))?\}/g
const mostRepetitions = 1000

/** Why no mesh could read the regular expression; undefined where all can. */
export function expressionFault(text: string): string | undefined {
  const bare = text.replace(/\\\\/g, '')
  if (unknownToRe2.test(bare)) return 'RE2 has neither lookaround nor back references'
  for (const [, least = '', most = ''] of bare.matchAll(counts)) {
    if (Number(least) > mostRepetitions || Number(most) > mostRepetitions) return 'RE2 repeats at most 1000 times'
  }
  const expression = text.replace(names, '(').replace(flags, (_, __, end) => (end === ':' ? '(?:' : ''))
  return isWellFormed(expression) ? undefined : 'it is not well-formed'
}

function isWellFormed(expression: string): boolean {
  try {
    return new RegExp(expression) instanceof RegExp
  } catch {
    return false
  }
}
