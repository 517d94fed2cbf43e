import {flatText} from '../mesh/flat.ts'

/** One RFC 6902 operation; paths are RFC 6901 pointers. */
export type Operation =
  | {readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown}
  | {readonly op: 'remove'; readonly path: string}

/**
 * The operations that turn `before` into `after`: few and small, because parts that the two share by reference are not
 * looked at and list items are matched by identity and name instead of by position.
 *
 * `literal` is false where `before` is what was read rather than what came in, such as the text of an annotation `true`:
 * nothing is written again then that did not change.
 */
export function patch(before: object, after: object, literal = true): Operation[] {
  const difference: Difference = {operations: [], literal}
  diff(before, after, '', 'replace', difference)
  return difference.operations
}

interface Difference {
  readonly operations: Operation[]
  readonly literal: boolean
}

type Fields = Readonly<Record<string, unknown>>

/**
 * How a value is written whole: a list's item is replaced, an object's member is added, which replaces it where it is there
 * and is right too where the object as it came lacks it (what was read as empty may have been absent or null).
 */
type Whole = 'add' | 'replace'

function diff(before: unknown, after: unknown, path: string, whole: Whole, into: Difference): void {
  if (before === after) return
  if (Array.isArray(before) && Array.isArray(after)) diffLists(before, after, path, whole, into)
  else if (isFields(before) && isFields(after)) diffFields(before, after, path, whole, into)
  else into.operations.push({op: whole, path, value: after})
}

function diffFields(before: Fields, after: Fields, path: string, whole: Whole, into: Difference): void {
  if (into.literal && cheaperWhole(before, after)) {
    into.operations.push({op: whole, path, value: after})
    return
  }
  // Most members are the same, so they are compared first: nothing of JSON equals what a key finds in a prototype.
  for (const key of Object.keys(before)) {
    const value = before[key]
    if (value !== undefined && value !== after[key] && !present(after, key))
      into.operations.push({op: 'remove', path: below(path, escape(key))})
  }
  for (const key of Object.keys(after)) {
    const value = after[key]
    if (value === undefined || value === before[key]) continue
    if (!present(before, key)) into.operations.push({op: 'add', path: below(path, escape(key)), value})
    else diff(before[key], value, below(path, escape(key)), 'add', into)
  }
}

/** What one more operation costs beside its value: `{"op":"add","path":"/metadata/annotations/","value":},`. */
const operationOverhead = 50

/** True for a map of strings where writing all of it again takes fewer bytes than one operation for each new key. */
function cheaperWhole(before: Fields, after: Fields): boolean {
  let added = 0
  let kept = 0
  for (const key of Object.keys(after)) {
    const value = after[key]
    if (typeof value !== 'string') return false
    if (!Object.hasOwn(before, key)) added++
    else if (before[key] === value) kept += key.length + value.length + 6
  }
  return added > 1 && kept < (added - 1) * operationOverhead
}

function diffLists(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  whole: Whole,
  into: Difference,
): void {
  const origin = align(before, after)
  const kept = origin.filter((index) => index >= 0)
  if (kept.length === 0) {
    if (before.length > 0 || after.length > 0) into.operations.push({op: whole, path, value: after})
    return
  }
  for (let i = before.length - 1, last = kept.length - 1; i >= 0; i--) {
    if (kept[last] === i) last--
    else into.operations.push({op: 'remove', path: below(path, i)})
  }
  // Removals are done and everything left of i stands already, so index i means the same before and after.
  for (let i = 0; i < after.length; i++) {
    const index = origin[i] ?? -1
    if (index < 0) into.operations.push({op: 'add', path: below(path, i), value: after[i]})
    else if (before[index] !== after[i]) diff(before[index], after[i], below(path, i), 'replace', into)
  }
}

/** Up to this length a list is searched from end to end: cheaper than an index of it. */
const shortList = 16

/** For each item of `after` the index in `before` that it continues, or -1; indices ascend, so nothing has to move. */
function align(before: readonly unknown[], after: readonly unknown[]): number[] {
  const find = before.length > shortList ? indexed(before) : (item: unknown, from: number) => search(before, item, from)
  let next = 0
  return after.map((item) => {
    // Nearly always a list goes on as it was.
    const index = before[next] === item && next < before.length ? next : find(item, next)
    if (index >= 0) next = index + 1
    return index
  })
}

function search(before: readonly unknown[], item: unknown, from: number): number {
  const same = before.indexOf(item, from)
  const name = same < 0 ? nameOf(item) : undefined
  return name === undefined ? same : before.findIndex((other, i) => i >= from && nameOf(other) === name)
}

function indexed(before: readonly unknown[]): (item: unknown, from: number) => number {
  const places = new Map<unknown, number>()
  const names = new Map<string, number>()
  for (let i = before.length - 1; i >= 0; i--) {
    places.set(before[i], i)
    const name = nameOf(before[i])
    if (name !== undefined) names.set(name, i)
  }
  return (item, from) => {
    const name = nameOf(item)
    const index = places.get(item) ?? (name === undefined ? undefined : names.get(name)) ?? -1
    return index >= from ? index : -1
  }
}

function nameOf(item: unknown): string | undefined {
  return isFields(item) && typeof item['name'] === 'string' ? item['name'] : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function present(fields: Fields, key: string): boolean {
  return Object.hasOwn(fields, key) && fields[key] !== undefined
}

/** Flat, for the first path in parts would have the whole patch printed the slow way. */
function below(path: string, step: string | number): string {
  return flatText(path, '/', step)
}

function escape(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key
}
