const letters: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** Go's strconv.Quote: what Unicode does not print, and every blank but the ASCII one, is escaped. */
export function quote(text: string): string {
  let quoted = '"'
  for (const character of text.toWellFormed()) {
    quoted += letters[character] ?? (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character) ? character : escaped(character))
  }
  return `${quoted}"`
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
