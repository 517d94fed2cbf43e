/** How a quantity was written, which is how Go prints it again: 12Mi, 12M or 12e6. */
export type QuantityFormat = 'binary' | 'decimal' | 'exponent'

/** A Kubernetes quantity: `unscaled` x 10^`exponent`. */
export interface Quantity {
  readonly unscaled: bigint
  readonly exponent: number
  readonly format: QuantityFormat
  /** The text as written, where Go takes it for canonical already and prints it unchanged. */
  readonly text?: string
}

/** Go bounds neither; beyond these no resource makes sense, and work on hostile text stays small. */
const longestText = 128
const largestExponent = 400

const shape = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)$/
const decimalExponents = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const decimalSuffixes = new Map([...decimalExponents].map(([suffix, exponent]) => [exponent, suffix]))
const binaryPowers = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
])
const binarySuffixes = ['', ...binaryPowers.keys()]
const largestBinary = 2n ** 63n - 1n

/**
 * Reads text as resource.ParseQuantity does (k8s.io/apimachinery 0.35); undefined where that returns an error.
 * Anything finer than a billionth is rounded up, away from zero.
 */
export function parseQuantity(text: string): Quantity | undefined {
  if (text === '' || text.length > longestText) return undefined
  const match = shape.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match
  const scale = readSuffix(suffix)
  if (scale === undefined || Math.abs(scale.power) > largestExponent) return undefined
  const digits = (whole.replace(/^0+/, '') || '0') + fraction
  const magnitude = BigInt(digits)
  const unscaled = sign === '-' ? -magnitude : magnitude
  const {format, power} = scale
  const exponent = format === 'binary' ? -fraction.length : power - fraction.length

  if (isShort(digits, fraction, scale, exponent)) {
    const kept = isCanonical(digits, magnitude, format, exponent) ? {text} : {}
    return {unscaled: format === 'binary' ? unscaled << BigInt(power) : unscaled, exponent, format, ...kept}
  }
  if (whole === '' && fraction === '') return undefined
  return capped(format === 'binary' ? magnitude << BigInt(power) : magnitude, exponent, format, sign === '-')
}

/** The text that Go prints for a quantity: the largest suffix that needs no fraction. */
export function printQuantity(quantity: Quantity): string {
  const {text, unscaled, exponent, format} = quantity
  if (text !== undefined) return text
  if (unscaled === 0n) return '0'
  if (format === 'binary') {
    const whole = exponent <= 0 ? unscaled / tenTo(-exponent) : unscaled * tenTo(exponent)
    const exact = exponent >= 0 || whole * tenTo(-exponent) === unscaled
    if (exact && (whole <= -1024n || whole >= 1024n)) return printBinary(whole)
  }
  return printDecimal(unscaled, exponent, format === 'exponent')
}

/** `parseQuantity` and `printQuantity` in one, without the arithmetic for the spellings that nearly everybody uses. */
export function canonicalQuantity(text: string): string | undefined {
  if (/^[1-9][0-9]{0,8}[mkMG]?$/.test(text) && !/000[mkMG]?$/.test(text)) return text
  if (/^(?:[1-9][0-9]{0,2}|10[01][0-9])[KMG]i$/.test(text)) return text
  const quantity = parseQuantity(text)
  return quantity === undefined ? undefined : printQuantity(quantity)
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const exponent = Math.min(a.exponent, b.exponent)
  const left = a.unscaled * tenTo(a.exponent - exponent)
  const right = b.unscaled * tenTo(b.exponent - exponent)
  if (left === right) return 0
  return left < right ? -1 : 1
}

/**
 * The quantity in units of 10^`exponent`, rounded up, away from zero: 0 for whole cores or bytes, -3 for thousandths.
 * Go's ScaledValue without its overflow.
 */
export function scaledValue({unscaled, exponent}: Quantity, unit: 0 | -3): bigint {
  if (exponent >= unit) return unscaled * tenTo(exponent - unit)
  return divideUp(unscaled, tenTo(unit - exponent))
}

interface Scale {
  readonly format: QuantityFormat
  /** Of two where the format is binary, else of ten. */
  readonly power: number
}

function readSuffix(suffix: string): Scale | undefined {
  const exponent = decimalExponents.get(suffix)
  if (exponent !== undefined) return {format: 'decimal', power: exponent}
  const power = binaryPowers.get(suffix)
  if (power !== undefined) return {format: 'binary', power}
  return /^[eE][+-]?[0-9]+$/.test(suffix) ? {format: 'exponent', power: Number(suffix.slice(1))} : undefined
}

/** Go's fast path, which neither rounds nor caps; only there may the text be kept. */
function isShort(digits: string, fraction: string, {format, power}: Scale, exponent: number): boolean {
  if (format !== 'binary') return digits.length <= 18 && exponent >= -9
  return fraction === '' && digits.length + (power * 3) / 10 <= 14
}

function isCanonical(digits: string, magnitude: bigint, format: QuantityFormat, exponent: number): boolean {
  if (format === 'binary') return (magnitude & 7n) !== 0n
  return exponent % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0')
}

function capped(magnitude: bigint, exponent: number, format: QuantityFormat, negative: boolean): Quantity {
  let unscaled = exponent < -9 ? divideUp(magnitude, tenTo(-9 - exponent)) : magnitude
  let power = Math.max(exponent, -9)
  let kept = format
  if (format === 'binary') {
    // Binary text has no exponent of ten, so `power` counts the places after the point and is never positive.
    const one = tenTo(-power)
    if (unscaled > largestBinary * one) {
      unscaled = largestBinary
      power = 0
    } else if (unscaled < one && unscaled > 0n) {
      kept = 'decimal'
    }
  }
  return {unscaled: negative ? -unscaled : unscaled, exponent: power, format: kept}
}

function printBinary(whole: bigint): string {
  let mantissa = whole
  let step = 0
  while (mantissa % 1024n === 0n) {
    mantissa /= 1024n
    step++
  }
  return `${mantissa}${binarySuffixes[step] ?? ''}`
}

function printDecimal(unscaled: bigint, exponent: number, scientific: boolean): string {
  let mantissa = unscaled
  let power = exponent
  while (mantissa % 10n === 0n) {
    mantissa /= 10n
    power++
  }
  while (power % 3 !== 0) {
    mantissa *= 10n
    power--
  }
  if (power === 0) return String(mantissa)
  return scientific ? `${mantissa}e${power}` : `${mantissa}${decimalSuffixes.get(power) ?? ''}`
}

function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  if (quotient * divisor === value) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}

function tenTo(exponent: number): bigint {
  return 10n ** BigInt(exponent)
}
