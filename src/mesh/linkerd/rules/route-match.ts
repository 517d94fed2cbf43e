import type {Match} from '../../../intent/intent.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Findings} from './findings.ts'
import {pathRegex, type PathPattern} from './path-pattern.ts'
import {headerRegex, requestMatches, type HeaderCondition, type RequestMatch} from './request-match.ts'
import {regexProblem} from './rust-regex.ts'

const longestPath = 1024
const longestValue = 4096
const mostHeaders = 16

/** The match as those of which any may hold, or undefined with a refusal where no route can hold it. */
export function sayableMatches(match: Match, findings: Findings): readonly RequestMatch[] | undefined {
  const {origin, path, method, headers} = match
  const refuse = (code: 'MW6209' | 'MW6212', feature: Feature, message: string): undefined => {
    findings.refused(code, feature, origin, message)
  }
  if (path?.kind === 'regex') {
    const problem = regexProblem(path.value)
    if (problem !== undefined) return refuse('MW6209', 'route-path-regex', `the path's regular expression: ${problem}`)
  }
  if (method !== undefined && !knownMethods.has(method))
    return refuse('MW6212', 'route-method', `a route knows no method ${method}`)
  for (const {name, kind, value} of headers) {
    const feature = kind === 'regex' ? 'route-header-regex' : 'route-header'
    if (!/^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/.test(name))
      return refuse('MW6212', feature, `${JSON.stringify(name)} is no name of a header that a route can look at`)
    if (!/^[\t -~]*$/.test(value))
      return refuse('MW6212', feature, `the value of header ${name} is not printable ASCII`)
    const problem = kind === 'regex' ? regexProblem(value) : undefined
    if (problem !== undefined) return refuse('MW6209', feature, `the regular expression for header ${name}: ${problem}`)
  }
  const said = requestMatches(match)
  if (said === undefined) return refuse('MW6212', 'route-header', 'one header cannot be asked for twice')
  if (said.some((one) => one.headers.length > mostHeaders))
    return refuse('MW6212', 'route-header', `a match holds at most ${mostHeaders} headers`)
  if (said.some((one) => one.headers.some((header) => headerRegex(header).length > longestValue)))
    return refuse('MW6212', 'route-header', `a header's value has at most ${longestValue} characters`)
  return said
}

/** The CRD's enum. */
const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
])

/** A match of an HTTPRoute; undefined where the path grows too long for one. */
export function httpMatch({path, method, headers}: RequestMatch): object | undefined {
  const said = path === undefined ? {type: 'PathPrefix', value: '/'} : pathMatch(path)
  if (said.value.length > longestPath) return undefined
  return {
    path: said,
    ...(headers.length > 0 && {headers: headers.map(headerMatch)}),
    ...(method !== undefined && {method}),
  }
}

/**
 * Prefixes become regular expressions: those here compare characters and may have holes, and by a PathPrefix of its own
 * length a proxy would rank a match, not by the order of the routes.
 */
function pathMatch(path: PathPattern): {readonly type: string; readonly value: string} {
  if (path.kind === 'exact' && isPlainPath(path.value)) return {type: 'Exact', value: path.value}
  return {type: 'RegularExpression', value: pathRegex(path)}
}

/** What the CRD's rules let stand in an exact path. */
function isPlainPath(path: string): boolean {
  if (!/^\/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/.test(path)) return false
  return !/\/\/|\/\.\.?(?:\/|$)|%2f/i.test(path)
}

function headerMatch(header: HeaderCondition): object {
  const {name, kind, value} = header
  if (kind === 'exact' && value !== '') return {type: 'Exact', name, value}
  return {type: 'RegularExpression', name, value: headerRegex(header)}
}

/** The match of a GRPCRoute, in the same form but without a method; undefined where services and methods cannot say it. */
export function grpcForm(match: RequestMatch): RequestMatch | undefined {
  if (match.method !== undefined && match.method !== 'POST') return undefined
  if (match.path !== undefined && rpcOf(match.path) === undefined) return undefined
  return {...match, method: undefined}
}

/** A match of a GRPCRoute; empty where it is every call. */
export function grpcMatch({path, headers}: RequestMatch): object {
  const rpc = path === undefined ? undefined : rpcOf(path)
  return {
    ...(rpc !== undefined && {method: {type: 'Exact', ...rpc}}),
    ...(headers.length > 0 && {headers: headers.map(headerMatch)}),
  }
}

/** `/package.Service/` or `/package.Service/Method`. */
function rpcOf(path: PathPattern): {readonly service: string; readonly method?: string} | undefined {
  const [, service = '', method = ''] =
    /^\/(\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\/([A-Za-z_]\w*)?$/.exec(path.value) ?? []
  if (service === '') return undefined
  if (path.kind === 'exact') return method === '' ? undefined : {service, method}
  return path.kind === 'prefix' && path.holes.length === 0 && method === '' ? {service} : undefined
}
