import type {Match} from '../../../intent/intent.ts'
import type {Values} from '../../values.ts'
import {regexpProblem} from '../../go/regexp.ts'
import {byText} from '../../text-order.ts'
import type {Findings} from './findings.ts'

/** Consul turns down any other (isValidHTTPMethod in agent/structs/config_entry_discoverychain.go). */
export const consulMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
])

/** The `match` values that together hold where `match` does. */
export function httpMatches(match: Match, findings: Findings): readonly Values[] {
  // Each with values of its own: what is shared would become an anchor in YAML.
  return paths(match, findings).map((path) => ({
    http: {...path, ...headers(match, findings), ...methods(match, findings)},
  }))
}

function paths({path, origin}: Match, findings: Findings): readonly Values[] {
  if (path === undefined) return [{}]
  const {kind, value} = path
  if (kind === 'regex') {
    const problem = regexpProblem(value)
    if (problem !== undefined) findings.refused('MW6312', 'route-path-regex', origin, wrong(value, problem))
    // Envoy's full match of nothing; an empty pathRegex is none at all.
    return [{pathRegex: value === '' ? '^$' : value}]
  }
  if (!value.startsWith('/')) {
    const feature = kind === 'exact' ? 'route-path-exact' : 'route-path-prefix'
    findings.refused('MW6313', feature, origin, `the path ${JSON.stringify(value)} does not begin with /`)
  }
  if (kind === 'exact') return [{pathExact: value}]
  if (kind === 'text-prefix') return [{pathPrefix: value}]
  // By elements, as Gateway API has it: Envoy's own prefix would take /apiary for /api.
  const elements = value.replace(/\/+$/, '')
  return elements === '' ? [{pathPrefix: '/'}] : [{pathExact: elements}, {pathPrefix: `${elements}/`}]
}

function headers(match: Match, findings: Findings): Values {
  const header = match.headers.toSorted((one, other) => byText(one.name, other.name)).map(headerMatch)
  for (const {kind, name, value} of match.headers) {
    if (!/^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
      const message = `${JSON.stringify(name)} is no name of a header`
      findings.refused('MW6313', 'route-header', match.origin, message)
    }
    const problem = kind === 'regex' ? regexpProblem(value) : undefined
    if (problem !== undefined) findings.refused('MW6312', 'route-header-regex', match.origin, wrong(value, problem))
  }
  return header.length === 0 ? {} : {header}
}

/** Consul takes an empty text for none given, so the empty ones are said in other words. */
function headerMatch({name, kind, value}: Match['headers'][number]): Values {
  if (kind === 'present' || (kind === 'prefix' && value === '')) return {name, present: true}
  return value === '' ? {name, regex: '^$'} : {name, [kind]: value}
}

function methods({method, origin}: Match, findings: Findings): Values {
  if (method === undefined) return {}
  if (!consulMethods.has(method)) {
    findings.refused('MW6313', 'route-method', origin, `Consul knows no method ${JSON.stringify(method)}`)
  }
  return {methods: [method]}
}

function wrong(pattern: string, problem: string): string {
  return `Envoy cannot read the expression ${JSON.stringify(pattern)}: ${problem}`
}
