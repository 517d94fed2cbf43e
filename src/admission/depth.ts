const [quote, backslash, openList, closeList, openMap, closeMap] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/**
 * True where JSON text nests deeper than `limit` lists and maps. Reads bytes only, so it holds before anything that
 * recurses sees the value; of text that is not JSON it says something, and quickly.
 */
export function nestsDeeper(text: Uint8Array, limit: number): boolean {
  const {length} = text
  let depth = 0
  let i = 0
  while (i < length) {
    const byte = text[i++]
    if (byte === quote) {
      while (i < length) {
        const inside = text[i++]
        if (inside === quote) break
        if (inside === backslash) i++
      }
    } else if (byte === openMap || byte === openList) {
      if (++depth > limit) return true
    } else if (byte === closeMap || byte === closeList) {
      depth--
    }
  }
  return false
}
