/** Why Go's strconv refused a number, in its own words. */
export type IntError = 'invalid syntax' | 'value out of range'
export type ParsedInt = {readonly ok: true; readonly value: bigint} | {readonly ok: false; readonly error: IntError}

const invalid: ParsedInt = {ok: false, error: 'invalid syntax'}
const outOfRange: ParsedInt = {ok: false, error: 'value out of range'}
const bases: Readonly<Record<string, {digits: RegExp; prefix: string}>> = {
  '0x': {digits: /^0[xX](_?[0-9a-fA-F])+$/, prefix: '0x'},
  '0b': {digits: /^0[bB](_?[01])+$/, prefix: '0b'},
  '0o': {digits: /^0[oO](_?[0-7])+$/, prefix: '0o'},
}

/** Go's strconv.ParseInt. `base` 0 takes 0x, 0b, 0o and a leading 0 for octal, and underscores between digits. */
export function parseInteger(text: string, base: 0 | 10, bits: 32 | 64): ParsedInt {
  const sign = text.startsWith('-') ? -1n : 1n
  const magnitude = unsigned(/^[+-]/.test(text) ? text.slice(1) : text, base)
  if (magnitude === undefined) return invalid
  const value = sign * magnitude
  const limit = 1n << BigInt(bits - 1)
  return value >= -limit && value < limit ? {ok: true, value} : outOfRange
}

/** Go's strconv.ParseUint; no sign is allowed. */
export function parseUnsigned(text: string, base: 0 | 10, bits: 16 | 32 | 64): ParsedInt {
  const value = unsigned(text, base)
  if (value === undefined) return invalid
  return value < 1n << BigInt(bits) ? {ok: true, value} : outOfRange
}

function unsigned(digits: string, base: 0 | 10): bigint | undefined {
  // Longer text cannot fit 64 bits unless it is padding; the cap keeps hostile megabytes away from BigInt.
  if (digits.length > 4096) return undefined
  if (base === 10) return /^[0-9]+$/.test(digits) ? BigInt(digits) : undefined
  const marked = bases[digits.slice(0, 2).toLowerCase()]
  if (marked !== undefined) {
    return marked.digits.test(digits) ? BigInt(marked.prefix + digits.slice(2).replaceAll('_', '')) : undefined
  }
  if (/^0(_?[0-7])+$/.test(digits)) return BigInt('0o' + digits.slice(1).replaceAll('_', ''))
  return /^([1-9](_?[0-9])*|0)$/.test(digits) ? BigInt(digits.replaceAll('_', '')) : undefined
}
