import {plainScalar} from '../../config/scalar.ts'

/*
 * Istio's templates put text between double quotes of YAML, or bare, and then read the result as YAML. These give the text
 * that comes out, or undefined where the mesh would fail, or read something else than text: such a value is refused.
 */

const special = /["\\\p{Cc}\u2028\u2029\ufeff]/u
const control = /[\p{Cc}\u2028\u2029\ufeff]/u
const escapes = new Map([
  ['0', '\0'],
  ['a', '\x07'],
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\x1b'],
  [' ', ' '],
  ['"', '"'],
  ["'", "'"],
  ['/', '/'],
  ['\\', '\\'],
  ['N', '\u0085'],
  ['_', '\u00a0'],
  ['L', '\u2028'],
  ['P', '\u2029'],
])
const hexLengths = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

/** Between double quotes: backslashes escape, as in YAML. */
export function inQuotes(text: string): string | undefined {
  if (!special.test(text)) return text
  let result = ''
  for (let place = 0; place < text.length; place++) {
    const letter = text.charAt(place)
    if (letter === '"' || (letter !== '\t' && control.test(letter))) return undefined
    if (letter !== '\\') {
      result += letter
      continue
    }
    const name = text.charAt(++place)
    const plain = escapes.get(name)
    if (plain !== undefined) {
      result += plain
      continue
    }
    const length = hexLengths.get(name)
    const digits = text.slice(place + 1, place + 1 + (length ?? 0))
    if (length === undefined || digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) return undefined
    const point = Number.parseInt(digits, 16)
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined
    result += String.fromCodePoint(point)
    place += length
  }
  return result
}

/** Bare, after text that makes it a string, such as `--proxyLogLevel=`: spaces at the end go. */
export function afterText(text: string): string | undefined {
  if (control.test(text) || /:(?:\s|$)/.test(text)) return undefined
  let end = text.length
  while (text[end - 1] === ' ') end--
  return text.slice(0, end)
}

/** Bare and alone, where YAML has to take it for text. */
export function bare(text: string): string | undefined {
  const trimmed = afterText(text)?.trim()
  if (trimmed === undefined || /^(?:[-?:](?: |$)|[,[\]{}#&*!|>'"%@`]|---|\.\.\.)/.test(trimmed)) return undefined
  const scalar = plainScalar(trimmed)
  return scalar.ok && typeof scalar.value === 'string' ? scalar.value : undefined
}

/** A tenant's value in a sentence: short, and on one line. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value).replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
