import {afterString} from './depth.ts'

const [quote, openList, closeList, openMap, closeMap] = [0x22, 0x5b, 0x5d, 0x7b, 0x7d]
const [colon, blank] = [0x3a, 0x20]
/** Bytes within which `headOf` looks. */
const longestHead = 64 * 1024
const objectKey = Buffer.from('object')

/**
 * A review without the object that it is about, as JSON text: what is before `request.object`, which is where the API server
 * says which review it is and of what. Undefined where the object does not begin within 64 KiB.
 */
export function headOf(text: Buffer): string | undefined {
  const length = Math.min(text.length, longestHead)
  let depth = 0
  let i = 0
  while (i < length) {
    const byte = text[i++]
    if (byte === quote) {
      const start = i
      i = afterString(text, i)
      if (depth !== 2 || !objectKey.equals(text.subarray(start, i - 1))) continue
      while ((text[i] ?? colon) <= blank) i++
      if (text[i] === colon) return `${text.toString('utf8', 0, start - 1).replace(/,\s*$/, '')}}}`
    } else if (byte === openMap || byte === openList) {
      depth++
    } else if (byte === closeMap || byte === closeList) {
      depth--
    }
  }
  return undefined
}
