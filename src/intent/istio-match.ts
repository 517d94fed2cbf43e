import {shown} from '../config/problem.ts'
import type {Path} from '../config/tree.ts'
import {isValues} from '../mesh/values.ts'
import {expressionFault} from '../rules/expression.ts'
import {httpMethods} from '../rules/value.ts'
import type {Match} from './intent.ts'
import type {Wording} from './wording.ts'

/**
 * One HTTPMatchRequest. Undefined where part of it is beyond neutral words: without that part it would be for more
 * requests than it was meant for.
 */
export function readMatch(value: unknown, path: Path, wording: Wording): Match | undefined {
  const match = wording.map(value, path)
  let sayable = !wording.noteOthers(match, path, ['name', 'uri', 'method', 'headers'])
  const unsaid = (at: Path): undefined => {
    wording.noteBeyond(at)
    sayable = false
  }
  const uri = isPresent(match['uri']) ? readUri(match['uri'], [...path, 'uri'], wording, unsaid) : undefined
  const method = isPresent(match['method'])
    ? readMethod(match['method'], [...path, 'method'], wording, unsaid)
    : undefined
  const headers = Object.entries(wording.map(match['headers'], [...path, 'headers'])).flatMap(([name, wanted]) => {
    const at = [...path, 'headers', name]
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
      wording.refuse('MW6005', 'route-header', at, `write the header ${shown(name)} in lower case`)
      return []
    }
    const text = isPresent(wanted) ? readText(wanted, at, wording) : {kind: 'present' as const, value: ''}
    if (text === undefined) return unsaid(at) ?? []
    return [{name, ...text}]
  })
  if (!sayable) return undefined
  return {
    ...(uri === undefined ? {} : {path: uri}),
    ...(method === undefined ? {} : {method}),
    headers: headers.sort((a, b) => (a.name < b.name ? -1 : 1)),
    origin: wording.origin(path),
  }
}

/** True where every request matches. */
export function isEverything({path, method, headers}: Match): boolean {
  return path === undefined && method === undefined && headers.length === 0
}

type Unsaid = (at: Path) => undefined

function readUri(value: unknown, path: Path, wording: Wording, unsaid: Unsaid): Match['path'] {
  const text = readText(value, path, wording)
  if (text === undefined || text.kind === 'present') return unsaid(path)
  const {kind, value: said} = text
  // No path begins otherwise, and other meshes would not take it.
  if (kind !== 'regex' && !said.startsWith('/')) return unsaid(path)
  return {kind: kind === 'prefix' && said !== '/' ? 'text-prefix' : kind, value: said}
}

function readMethod(value: unknown, path: Path, wording: Wording, unsaid: Unsaid): string | undefined {
  const text = readText(value, path, wording)
  if (text?.kind !== 'exact') return unsaid(path)
  return httpMethods.find((method) => method === text.value) ?? unsaid(path)
}

/** A StringMatch; an empty one asks only that something is there. */
function readText(
  value: unknown,
  path: Path,
  wording: Wording,
): {readonly kind: 'exact' | 'prefix' | 'regex' | 'present'; readonly value: string} | undefined {
  const match = wording.map(value, path)
  const [entry, ...others] = Object.entries(match)
  if (entry === undefined) return isValues(value) ? {kind: 'present', value: ''} : undefined
  const [kind, text] = entry
  if (others.length > 0 || (kind !== 'exact' && kind !== 'prefix' && kind !== 'regex')) return undefined
  if (typeof text !== 'string' || !/^[ -~]+$/.test(text)) return undefined
  const fault = kind === 'regex' ? expressionFault(text) : undefined
  if (fault !== undefined) wording.refuse('MW6005', 'route-path-regex', [...path, kind], `${shown(text)}: ${fault}`)
  return {kind, value: text}
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}
