import {isDeepStrictEqual} from 'node:util'
import {compareQuantities, parseQuantity} from '../../src/mesh/go/quantity.ts'
import {isValues} from '../../src/mesh/values.ts'
import type {Operation} from './audit.ts'

/**
 * Every place where the stored object does not say what the patch wrote, a sentence each. The API server drops fields that
 * it does not know without a word; what it may do is to leave out Go's zero values, to fill in defaults, to write
 * quantities in another form, and to put its own items behind ours.
 */
export function lostOf(stored: unknown, patch: readonly Operation[]): string[] {
  return patch.flatMap(({op, path, value}) => {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    const found = keys.reduce<unknown>(child, stored)
    if (op !== 'remove') return lost(found, value, path)
    // An index that was removed may be another item's by now; a key is gone.
    const parent = keys.slice(0, -1).reduce<unknown>(child, stored)
    return isValues(parent) && found !== undefined ? [`${path} was to be removed and is there`] : []
  })
}

function child(at: unknown, key: string): unknown {
  if (Array.isArray(at)) return at[Number(key)]
  return isValues(at) && Object.hasOwn(at, key) ? at[key] : undefined
}

function lost(stored: unknown, written: unknown, path: string): string[] {
  if (isDeepStrictEqual(stored, written)) return []
  if (stored === undefined && isZero(written) && !path.endsWith('/emptyDir')) return []
  if (Array.isArray(stored) && Array.isArray(written)) {
    const complete = written.every(isValues) ? stored.length >= written.length : false
    return complete
      ? written.flatMap((item, i) => lost(stored[i], item, `${path}/${i}`))
      : [differ(stored, written, path)]
  }
  if (isValues(stored) && isValues(written)) {
    return Object.entries(written).flatMap(([key, value]) => lost(stored[key], value, `${path}/${key}`))
  }
  return /\/(limits|requests)\/[^/]+$/.test(path) && sameQuantity(stored, written)
    ? []
    : [differ(stored, written, path)]
}

function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === 0 || value === false || value === '') return true
  return Array.isArray(value) ? value.length === 0 : isValues(value) && Object.values(value).every(isZero)
}

function sameQuantity(a: unknown, b: unknown): boolean {
  const [x, y] = [parseQuantity(String(a)), parseQuantity(String(b))]
  return x !== undefined && y !== undefined && compareQuantities(x, y) === 0
}

function differ(stored: unknown, written: unknown, path: string): string {
  return `${path} is ${JSON.stringify(stored)}, and the patch wrote ${JSON.stringify(written)}`
}
