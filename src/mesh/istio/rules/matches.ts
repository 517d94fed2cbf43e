import type {Feature} from '../../../intent/features.ts'
import type {Match} from '../../../intent/intent.ts'
import {regexpProblem} from '../../go/regexp.ts'
import type {Values} from '../../values.ts'
import {byText} from '../../text-order.ts'
import type {Findings} from './findings.ts'

/** Istio's own limit on a regular expression (pkg/config/validation). */
const longestPattern = 1024

/**
 * A match as HTTPMatchRequests, any of which may hold. The prefix `/api` is of whole elements, as in the Gateway API and
 * on every mesh: `/api`, `/api/` and `/api/x`, not `/apix`. Istio's prefix is one of characters, so it takes two.
 */
export function matchRequests(match: Match, findings: Findings): readonly Values[] {
  const {method, headers} = match
  const rest: Values = {
    ...(method !== undefined && {method: {exact: method}}),
    ...(headers.length > 0 && {
      headers: Object.fromEntries(
        headers
          .toSorted((one, other) => byText(one.name, other.name))
          .map((header) => [header.name, valueMatch(header, match, findings)]),
      ),
    }),
  }
  return pathMatches(match, findings).map((uri) => ({...(uri !== undefined && {uri}), ...rest}))
}

function pathMatches(match: Match, findings: Findings): readonly (Values | undefined)[] {
  const {path, origin} = match
  if (path === undefined) return [undefined]
  const {kind, value} = path
  if (kind === 'regex') {
    checkPattern(value, 'route-path-regex', match, findings)
    return [{regex: value}]
  }
  if (/[?#]/.test(value)) {
    const message = `${JSON.stringify(value)} goes on behind the end of a path`
    findings.refused('MW6109', kind === 'exact' ? 'route-path-exact' : 'route-path-prefix', origin, message)
  }
  if (kind === 'exact') return [{exact: value}]
  if (kind === 'text-prefix') return [{prefix: value}]
  const elements = withoutSlash(value)
  return elements === '' ? [{prefix: '/'}] : [{exact: elements}, {prefix: `${elements}/`}]
}

/** A prefix as its elements: `/api/` is `/api`, `/` is nothing. */
export function withoutSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '')
}

function valueMatch({kind, value, name}: Match['headers'][number], match: Match, findings: Findings): Values {
  // No kind of match at all is Istio's word for a header that is there.
  if (kind === 'present') return {}
  if (kind === 'regex') checkPattern(value, 'route-header-regex', match, findings, name)
  return {[kind]: value}
}

function checkPattern(pattern: string, feature: Feature, {origin}: Match, findings: Findings, header?: string): void {
  const problem = pattern.length > longestPattern ? `it has ${pattern.length} characters` : regexpProblem(pattern)
  if (problem === undefined) return
  const about = header === undefined ? 'the path' : `header ${header}`
  findings.refused('MW6108', feature, origin, `the regular expression over ${about} cannot be used: ${problem}`)
}
