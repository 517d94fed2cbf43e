const [backslash, letterU, letterD] = [0x5c, 0x75, 0x64]
/** The first byte of U+2028 and U+2029, which have three. */
const lead = 0xe2
const escapes = new Map(
  ['<', '>', '&', '\u2028', '\u2029'].map((character) => {
    const code = character.charCodeAt(0)
    return [code, Buffer.from(`\\u${code.toString(16).padStart(4, '0')}`)] as const
  }),
)
const replacement = Buffer.from('\\ufffd')
const written = replacement.length

/**
 * JSON text of `JSON.stringify` as Go's encoding/json writes it. By bytes: there may be a million of these characters, and a
 * call for each takes five times as long.
 */
export function goEscaped(text: string): string {
  const from = Buffer.from(text)
  const {length} = from
  let growth = 0
  for (let i = 0; i < length; i++) {
    const byte = from[i] ?? 0
    if (byte === lead || (byte < 0x40 && escapes.has(byte))) growth += written - 1
  }
  const into = Buffer.allocUnsafe(length + growth)
  let end = 0
  for (let i = 0; i < length; i++) {
    const byte = from[i] ?? 0
    if (byte === backslash && (from[i + 1] !== letterU || from[i + 2] !== letterD)) {
      into[end++] = byte
      into[end++] = from[++i] ?? 0
      continue
    }
    const width = byte === backslash ? written : byte === lead ? 3 : 1
    const escape =
      byte === backslash ? replacement : byte < 0x40 || byte === lead ? escapes.get(codeAt(from, i)) : undefined
    if (escape === undefined) {
      into[end++] = byte
      continue
    }
    for (let k = 0; k < written; k++) into[end++] = escape[k] ?? 0
    i += width - 1
  }
  return into.toString('utf8', 0, end)
}

/** Of what is escaped; of other characters it may be any. */
function codeAt(bytes: Uint8Array, i: number): number {
  const byte = bytes[i] ?? 0
  return byte === lead ? (bytes[i + 1] === 0x80 ? 0x2000 + (bytes[i + 2] ?? 0) - 0x80 : 0) : byte
}
