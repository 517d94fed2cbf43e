import type {Match} from '../../../intent/intent.ts'
import {escaped} from './literal-regex.ts'
import {coversPath, exactPath, intersectPaths, pathKey, prefixPath, type PathPattern} from './path-pattern.ts'

/** Requests by path, method and headers; all of it must hold. */
export interface RequestMatch {
  readonly path: PathPattern | undefined
  readonly method: string | undefined
  /** Sorted by name; each name once. */
  readonly headers: readonly HeaderCondition[]
}

export interface HeaderCondition {
  /** In lower case. */
  readonly name: string
  readonly kind: 'exact' | 'prefix' | 'regex' | 'present'
  readonly value: string
}

export const everyRequest: RequestMatch = {path: undefined, method: undefined, headers: []}

/**
 * A match of an intent in this form, any of which may hold: a prefix, which is of whole elements on every mesh, takes two.
 * Undefined where it asks two different things of one header.
 */
export function requestMatches({path, method, headers}: Match): readonly RequestMatch[] | undefined {
  const conditions = new Map<string, HeaderCondition>()
  for (const {name, kind, value} of headers) {
    const condition = {name: name.toLowerCase(), kind, value: kind === 'present' ? '' : value}
    const before = conditions.get(condition.name)
    if (before !== undefined && !sameCondition(before, condition)) return undefined
    conditions.set(condition.name, condition)
  }
  const rest = {method, headers: sorted([...conditions.values()])}
  return pathsOf(path).map((one) => ({path: one, ...rest}))
}

function pathsOf(path: Match['path']): readonly (PathPattern | undefined)[] {
  if (path === undefined) return [undefined]
  const {kind, value} = path
  if (kind === 'exact') return [exactPath(value)]
  if (kind === 'regex') return [{kind, value}]
  if (kind === 'text-prefix') return [prefixPath(value)]
  const elements = value.replace(/\/+$/, '')
  return elements === '' ? [undefined] : [exactPath(elements), prefixPath(`${elements}/`)]
}

/** True where the match is the exact half of a prefix that is among `all`. */
export function isRootOfPrefix({path, method, headers}: RequestMatch, all: readonly RequestMatch[]): boolean {
  if (path?.kind !== 'exact') return false
  const below = matchKey({path: prefixPath(`${path.value}/`), method, headers})
  return all.some((other) => matchKey(other) === below)
}

export function matchKey({path, method = '', headers}: RequestMatch): string {
  return JSON.stringify([pathKey(path), method, headers.map(({name, kind, value}) => [name, kind, value])])
}

/** True only where every request of `inner` surely is one of `outer`. */
export function covers(outer: RequestMatch, inner: RequestMatch): boolean {
  return coversPath(outer.path, inner.path) && coversRest(outer, inner)
}

/** The same for everything but the path. */
export function coversRest(outer: RequestMatch, inner: RequestMatch): boolean {
  if (outer.method !== undefined && outer.method !== inner.method) return false
  return outer.headers.every((condition) => {
    const other = inner.headers.find(({name}) => name === condition.name)
    return other !== undefined && implies(other, condition)
  })
}

/** The requests of both; `unsayable` where there may be some and no match says which. */
export function intersect(one: RequestMatch, other: RequestMatch): RequestMatch | 'empty' | 'unsayable' {
  if (one.method !== undefined && other.method !== undefined && one.method !== other.method) return 'empty'
  const headers = new Map(one.headers.map((condition) => [condition.name, condition]))
  let unsayable = false
  for (const condition of other.headers) {
    const before = headers.get(condition.name)
    const both = before === undefined ? condition : bothConditions(before, condition)
    if (both === 'empty') return 'empty'
    if (both === 'unsayable') unsayable = true
    else headers.set(condition.name, both)
  }
  const path = intersectPaths(one.path, other.path)
  if (path === 'empty') return 'empty'
  if (path === 'unsayable' || unsayable) return 'unsayable'
  return {path: path.pattern, method: one.method ?? other.method, headers: sorted([...headers.values()])}
}

/** The condition as a route says it: by the whole value, or by a regular expression over it. */
export function headerRegex({kind, value}: HeaderCondition): string {
  if (kind === 'present') return '^.*$'
  if (kind === 'regex') return `^(?:${value})$`
  return kind === 'prefix' ? `^${escaped(value)}.*$` : `^${escaped(value)}$`
}

function sorted(conditions: readonly HeaderCondition[]): readonly HeaderCondition[] {
  return [...conditions].sort((one, other) => (one.name < other.name ? -1 : 1))
}

function sameCondition(one: HeaderCondition, other: HeaderCondition): boolean {
  return one.kind === other.kind && one.value === other.value
}

function implies(one: HeaderCondition, other: HeaderCondition): boolean {
  if (sameCondition(one, other) || other.kind === 'present') return true
  return other.kind === 'prefix' && one.kind !== 'regex' && one.kind !== 'present' && one.value.startsWith(other.value)
}

function bothConditions(one: HeaderCondition, other: HeaderCondition): HeaderCondition | 'empty' | 'unsayable' {
  if (implies(one, other)) return one
  if (implies(other, one)) return other
  return one.kind === 'regex' || other.kind === 'regex' ? 'unsayable' : 'empty'
}
