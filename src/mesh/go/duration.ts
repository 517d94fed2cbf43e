/** Nanoseconds in each unit that Go knows; micro may be written with u, U+00B5 or U+03BC. */
const units = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const largest = (1n << 63n) - 1n
/** One number with its unit, from where the last one ended: at least one digit on either side of the point. */
const part = /([0-9]*)(?:(\.)([0-9]*))?([^0-9.]+)/y

/**
 * Go's time.ParseDuration (go1.26 time/format.go): nanoseconds, or undefined where Go returns an error. What is
 * smaller than a nanosecond is cut off, as there; more than 63 bits is an error.
 */
export function parseDuration(text: string): bigint | undefined {
  // A number that fits has 19 digits; the cap keeps hostile megabytes away from BigInt.
  if (text.length > 1024) return undefined
  const negative = text.startsWith('-')
  const body = /^[+-]/.test(text) ? text.slice(1) : text
  if (body === '0') return 0n
  if (body === '') return undefined
  let total = 0n
  part.lastIndex = 0
  while (part.lastIndex < body.length) {
    const match = part.exec(body)
    if (match === null) return undefined
    const [, whole = '', , fraction = '', name = ''] = match
    const unit = units.get(name)
    if (unit === undefined || (whole === '' && fraction === '')) return undefined
    const nanoseconds = BigInt(whole) * unit + decimals(fraction, unit)
    total += nanoseconds
    if (BigInt(whole) > largest + 1n || nanoseconds > largest + 1n || total > largest + 1n) return undefined
  }
  // The smallest int64 is one further from zero than the largest.
  if (negative) return -total
  return total > largest ? undefined : total
}

/** Go reads the fraction into an int64 as far as its digits fit and scales it by a float64, so the last digits can differ. */
function decimals(fraction: string, unit: bigint): bigint {
  if (fraction === '') return 0n
  let digits = 0n
  let scale = 1
  for (const digit of fraction) {
    const next = digits * 10n + BigInt(digit)
    if (digits > largest / 10n || next > largest + 1n) break
    digits = next
    scale *= 10
  }
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / scale)))
}
