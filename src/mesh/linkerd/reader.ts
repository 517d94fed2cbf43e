import type {SettingsProblem} from '../mesh.ts'
import {isValues, type Values} from '../values.ts'
import {quoted} from './quoted.ts'

/** What an integer value may be: the Go type of the field in pkg/charts/linkerd2/values.go, narrowed to what Kubernetes takes. */
export interface Range {
  readonly least: number
  readonly most: number
}

/** Reads chart values the way Linkerd's Go struct does, and keeps every problem with its path. */
export class ValuesReader {
  readonly problems: SettingsProblem[] = []
  readonly #values: Values

  constructor(values: Values) {
    this.#values = values
  }

  /** A text; numbers and booleans are read as the text they print, absent is empty. */
  text(...path: string[]): string {
    const value = this.raw(path)
    return printScalar(value) ?? this.#absent(path, value, 'a text', '')
  }

  flag(...path: string[]): boolean {
    const value = this.raw(path)
    return typeof value === 'boolean' ? value : this.#absent(path, value, 'true or false', false)
  }

  integer({least, most}: Range, ...path: string[]): number {
    const value = this.raw(path)
    const expected = `a whole number from ${least} to ${most}`
    if (typeof value !== 'number') return this.#absent(path, value, expected, 0)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    this.problem(path, `${printNumber(value)} is not ${expected}`)
    return least
  }

  /** A number, or undefined where it is absent. */
  number(...path: string[]): number | undefined {
    const value = this.raw(path)
    return typeof value === 'number' ? value : this.#absent(path, value, 'a number', undefined)
  }

  map(...path: string[]): Values {
    const value = this.raw(path)
    return isValues(value) ? value : this.#absent(path, value, 'a map', {})
  }

  list(...path: string[]): readonly unknown[] {
    const value = this.raw(path)
    return Array.isArray(value) ? value : this.#absent(path, value, 'a list', [])
  }

  /** The templates look into these maps without asking whether they are there. */
  require(...path: string[]): void {
    if (!isValues(this.raw(path))) this.problem(path, 'must be a map; Linkerd cannot render a proxy without it')
  }

  problem(path: readonly (string | number)[], message: string): void {
    this.problems.push({path: ['mesh', 'linkerd', 'values', ...path], message})
  }

  raw(path: readonly string[]): unknown {
    let at: unknown = this.#values
    for (const key of path) at = isValues(at) && Object.hasOwn(at, key) ? at[key] : undefined
    return at
  }

  #absent<T>(path: readonly string[], value: unknown, expected: string, zero: T): T {
    if (value !== undefined && value !== null) this.problem(path, `${describe(value)} is not ${expected}`)
    return zero
  }
}

/**
 * A number as text: as Go prints it, but without its exponent for whole numbers of seven digits or more, which Linkerd
 * hands to its containers as 1.00066e+09.
 */
export function printNumber(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude === 0 || magnitude >= 1e-4) return Number.isInteger(value) ? BigInt(value).toString() : String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** A text, a number or a switch as text; undefined of everything else. */
export function printScalar(value: unknown): string | undefined {
  if (typeof value === 'number') return printNumber(value)
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value : undefined
}

function describe(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  return printScalar(value) ?? (Array.isArray(value) ? 'a list' : 'a map')
}
