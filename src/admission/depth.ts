const [quote, backslash, openList, closeList, openMap, closeMap, comma] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x2c]

export interface Bounds {
  /** Lists and maps within each other. */
  readonly depth: number
  /** Maps, lists, and commas: about as many as there are values. */
  readonly values: number
}

/**
 * Which bound JSON text exceeds, the one that it exceeds first. Reads bytes only, so it holds before anything that recurses
 * or makes objects sees the value; of text that is not JSON it says something, and quickly.
 */
export function exceeded(text: Uint8Array, bounds: Bounds): keyof Bounds | undefined {
  const {length} = text
  let depth = 0
  let values = 0
  let i = 0
  while (i < length) {
    const byte = text[i++]
    if (byte === quote) {
      i = afterString(text, i)
    } else if (byte === comma) {
      if (++values > bounds.values) return 'values'
    } else if (byte === openMap || byte === openList) {
      if (++depth > bounds.depth) return 'depth'
      if (++values > bounds.values) return 'values'
    } else if (byte === closeMap || byte === closeList) {
      depth--
    }
  }
  return undefined
}

/** Where the text goes on behind the string that `from` is in. */
export function afterString(text: Uint8Array, from: number): number {
  const {length} = text
  let i = from
  while (i < length) {
    const byte = text[i++]
    if (byte === quote) break
    if (byte === backslash) i++
  }
  return i
}
