import type {Match} from '../../../intent/intent.ts'
import {withoutSlash} from './matches.ts'

type Header = Match['headers'][number]

/** True where `earlier` surely takes every request that `later` does, so that `later` is never reached. */
export function covers(earlier: Match, later: Match): boolean {
  return (
    coversPath(earlier.path, later.path) &&
    (earlier.method === undefined || earlier.method === later.method) &&
    earlier.headers.every((header) => later.headers.some((other) => coversHeader(header, other)))
  )
}

/** True for a match that every request meets, such as the prefix `/`. */
export function takesAll({path, method, headers}: Match): boolean {
  return coversPath(path, undefined) && method === undefined && headers.length === 0
}

function coversPath(earlier: Match['path'], later: Match['path']): boolean {
  if (earlier === undefined) return true
  if (later === undefined) return earlier.kind === 'prefix' && withoutSlash(earlier.value) === ''
  if (earlier.kind === 'prefix') {
    const elements = withoutSlash(earlier.value)
    if (elements === '') return true
    if (later.kind === 'regex') return false
    const path = later.kind === 'prefix' ? withoutSlash(later.value) : later.value
    return (path === elements && later.kind !== 'text-prefix') || path.startsWith(`${elements}/`)
  }
  if (earlier.kind === 'text-prefix' && later.kind !== 'regex') {
    return (later.kind === 'prefix' ? withoutSlash(later.value) : later.value).startsWith(earlier.value)
  }
  return earlier.kind === later.kind && earlier.value === later.value
}

function coversHeader(earlier: Header, later: Header): boolean {
  if (earlier.name !== later.name) return false
  if (earlier.kind === 'present') return true
  if (earlier.kind === 'prefix' && (later.kind === 'exact' || later.kind === 'prefix')) {
    return later.value.startsWith(earlier.value)
  }
  return earlier.kind === later.kind && earlier.value === later.value
}
