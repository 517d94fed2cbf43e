import type {KubeObject, StringMap} from '../../pod.ts'
import {isValues, type Values} from '../../values.ts'

/**
 * For tests: what the API server (limits of the CRDs) and Linkerd's policy controller (policy-controller/runtime/src/
 * admission.rs, k8s/index/src/outbound) would refuse, or take and silently drop. Throws with the reason.
 */
export function admit(desired: readonly KubeObject[]): void {
  for (const object of desired) admitOne(object, desired)
  admitServers(desired.filter(({kind}) => kind === 'Server'))
}

function admitOne(object: KubeObject, all: readonly KubeObject[]): void {
  const spec = map(object['spec'] ?? {})
  const annotations = object.metadata?.annotations ?? {}
  check(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(object.metadata?.name ?? ''), `name ${object.metadata?.name}`)
  switch (`${object.apiVersion} ${object.kind}`) {
    case 'v1 Service':
      check(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(object.metadata?.name ?? ''), `name ${object.metadata?.name}`)
      parseAccrual(annotations)
      parseRetry(annotations, 'http')
      return
    case 'gateway.networking.k8s.io/v1 HTTPRoute':
      admitRoute(spec, {rules: 16, matches: 64, least: 1}, all)
      parseRetry(annotations, 'http')
      check(annotations['retry.linkerd.io/grpc'] === undefined, 'retry.linkerd.io/grpc on an HTTPRoute')
      parseTimeouts(annotations)
      return
    case 'gateway.networking.k8s.io/v1 GRPCRoute':
      admitRoute(spec, {rules: 16, matches: 64, least: 0}, all)
      parseRetry(annotations, 'grpc')
      check(annotations['retry.linkerd.io/http'] === undefined, 'retry.linkerd.io/http on a GRPCRoute')
      parseTimeouts(annotations)
      return
    case 'policy.linkerd.io/v1beta3 HTTPRoute':
      admitRoute(spec, {rules: 16, matches: 8, least: 1}, all)
      return
    case 'policy.linkerd.io/v1beta3 Server':
      check(['deny', 'all-authenticated'].includes(text(spec['accessPolicy'])), 'accessPolicy')
      check(['unknown', 'HTTP/1', 'HTTP/2', 'opaque'].includes(text(spec['proxyProtocol'])), 'proxyProtocol')
      check(Object.keys(map(map(spec['podSelector'])['matchLabels'])).length > 0, 'a Server of all pods')
      return
    case 'policy.linkerd.io/v1alpha1 AuthorizationPolicy':
      admitAuthorization(spec, all)
      return
    case 'policy.linkerd.io/v1alpha1 MeshTLSAuthentication':
      check((spec['identities'] === undefined) !== (spec['identityRefs'] === undefined), 'identities xor identityRefs')
      check(list(spec['identities'] ?? spec['identityRefs']).length > 0, 'no identities configured')
      for (const ref of list(spec['identityRefs'] ?? []).map(map)) {
        check(
          ['ServiceAccount', 'Namespace'].includes(text(ref['kind'])),
          `invalid identity target kind: ${text(ref['kind'])}`,
        )
        check(ref['kind'] !== 'Namespace' || ref['namespace'] === undefined, 'Namespace is cluster-scoped')
      }
      return
    case 'policy.linkerd.io/v1alpha1 NetworkAuthentication':
      check(list(spec['networks']).length > 0, 'at least one network must be specified')
      return
    default:
      throw new Error(`unknown kind ${object.apiVersion} ${object.kind}`)
  }
}

interface Limits {
  readonly rules: number
  readonly matches: number
  readonly least: number
}

function admitRoute(spec: Values, limits: Limits, all: readonly KubeObject[]): void {
  const rules = list(spec['rules']).map(map)
  check(rules.length >= limits.least && rules.length <= limits.rules, `${rules.length} rules`)
  const matches = rules.map((rule) => list(rule['matches'] ?? []).map(map))
  check(
    matches.every((own) => own.length <= limits.matches),
    'too many matches of a rule',
  )
  check(matches.flat().length <= 128, 'more than 128 matches')
  for (const match of matches.flat()) admitMatch(match)
  for (const parent of list(spec['parentRefs']).map(map)) admitParent(parent, all)
  for (const rule of rules) {
    for (const backend of list(rule['backendRefs'] ?? []).map(map)) {
      check(
        Number(backend['port']) >= 1 && Number(backend['port']) <= 65535,
        'cannot reference a Service without a port',
      )
      check(Number(backend['weight']) >= 0 && Number(backend['weight']) <= 1_000_000, 'weight')
    }
    check(list(rule['backendRefs'] ?? []).length <= 16, 'more than 16 backends')
    const timeouts = map(rule['timeouts'] ?? {})
    if (timeouts['request'] !== undefined) {
      check(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text(timeouts['request'])), 'timeouts.request')
      check(parseDuration(text(timeouts['request'])) > 0, 'a timeout of zero means none')
    }
  }
}

function admitParent(parent: Values, all: readonly KubeObject[]): void {
  if (parent['kind'] === 'Service') check(parent['group'] === '', 'the default group is not that of Services')
  else {
    check(parent['port'] === undefined, 'route resource may not reference a parent by port')
    check(
      all.some(({kind, metadata}) => kind === 'Server' && metadata?.name === parent['name']),
      'no such Server',
    )
  }
}

function admitMatch(match: Values): void {
  const path = map(match['path'] ?? {})
  const value = text(path['value'] ?? '/')
  check(value.length <= 1024, 'a path of more than 1024 characters')
  if (path['type'] === 'RegularExpression') compile(value)
  else {
    check(/^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/.test(value), `path ${value}`)
    check(value.startsWith('/') && !/\/\/|\/\.\/|\/\.\.\/|%2f|%2F|#|\/\.\.$|\/\.$/.test(value), `path ${value}`)
  }
  const headers = list(match['headers'] ?? []).map(map)
  check(headers.length <= 16, 'more than 16 headers')
  check(new Set(headers.map(({name}) => name)).size === headers.length, 'a header twice')
  for (const header of headers) {
    check(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/.test(text(header['name'])), 'name of a header')
    check(text(header['value']) !== '' && text(header['value']).length <= 4096, 'value of a header')
    if (header['type'] === 'RegularExpression') compile(text(header['value']))
  }
  const rpc = map(match['method'] !== undefined && typeof match['method'] === 'object' ? match['method'] : {})
  if (rpc['service'] !== undefined) check(/^\.?[a-z_]\w*(\.[a-z_]\w*)*$/i.test(text(rpc['service'])), 'service')
  if (rpc['method'] !== undefined) check(/^[A-Za-z_]\w*$/.test(text(rpc['method'])), 'method')
}

function admitAuthorization(spec: Values, all: readonly KubeObject[]): void {
  const target = map(spec['targetRef'])
  check(
    ['Server', 'HTTPRoute'].includes(text(target['kind'])) && target['group'] === 'policy.linkerd.io',
    'invalid targetRef',
  )
  const named = all.filter(({apiVersion}) => apiVersion?.startsWith('policy.linkerd.io/'))
  check(
    named.some(({kind, metadata}) => kind === target['kind'] && metadata?.name === target['name']),
    'no such target',
  )
  const refs = list(spec['requiredAuthenticationRefs']).map(map)
  for (const kind of ['MeshTLSAuthentication', 'NetworkAuthentication'])
    check(refs.filter((ref) => ref['kind'] === kind).length <= 1, `only a single ${kind} may be set`)
  for (const ref of refs)
    check(
      named.some(({kind, metadata}) => kind === ref['kind'] && metadata?.name === ref['name']),
      'a missing ref voids the policy',
    )
}

/** Two Servers for one port of the same pods; by number, where a name may hide it. */
function admitServers(servers: readonly KubeObject[]): void {
  const keys = servers.map(({spec}) => JSON.stringify([map(spec)['podSelector'], map(spec)['port']]))
  check(new Set(keys).size === keys.length, 'Server already defines a policy for the port')
}

function parseAccrual(annotations: StringMap): void {
  const key = 'balancer.linkerd.io/failure-accrual'
  if (annotations[key] === undefined) return
  check(annotations[key] === 'consecutive', 'unsupported failure accrual mode')
  check(/^[0-9]+$/.test(annotations[`${key}-consecutive-max-failures`] ?? '7'), 'max-failures')
  const least = parseDuration(annotations[`${key}-consecutive-min-penalty`] ?? '1s')
  const longest = parseDuration(annotations[`${key}-consecutive-max-penalty`] ?? '60s')
  const jitter = Number(annotations[`${key}-consecutive-jitter-ratio`] ?? '0.5')
  check(least <= longest, 'min_penalty cannot exceed max_penalty')
  check(longest > 0, 'max_penalty cannot be zero')
  check(jitter >= 0 && jitter <= 100, 'jitter')
}

function parseRetry(annotations: StringMap, kind: 'http' | 'grpc'): void {
  const limit = annotations['retry.linkerd.io/limit']
  if (limit !== undefined) check(/^[0-9]+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= 65535, 'limit')
  const timeout = annotations['retry.linkerd.io/timeout']
  if (timeout !== undefined) check(limit !== undefined && parseDuration(timeout) > 0, 'a timeout alone means one retry')
  const conditions = annotations[`retry.linkerd.io/${kind}`]
  if (conditions === undefined) return
  const known =
    kind === 'http'
      ? /^(5xx|gateway-error|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$/
      : /^(cancelled|deadline-exceeded|internal|resource-exhausted|unavailable)$/
  for (const condition of conditions.split(',')) check(known.test(condition), `invalid retry condition: ${conditions}`)
}

function parseTimeouts(annotations: StringMap): void {
  for (const kind of ['request', 'response', 'idle']) {
    const value = annotations[`timeout.linkerd.io/${kind}`]
    if (value !== undefined) parseDuration(value)
  }
}

const units: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** As policy-controller/k8s/index/src/outbound/index.rs reads it, in milliseconds. */
export function parseDuration(value: string): number {
  const [, magnitude = '', unit = ''] = /^([0-9]+)([a-z]*)$/.exec(value) ?? []
  const size = units.get(unit)
  if (magnitude === '' || size === undefined) throw new Error(`duration ${value}`)
  return Number(magnitude) * size
}

/** Rust's syntax is nearly this one. */
function compile(pattern: string): RegExp {
  return new RegExp(pattern)
}

function check(holds: boolean, reason: string): void {
  if (!holds) throw new Error(reason)
}

function map(value: unknown): Values {
  if (!isValues(value)) throw new Error(`no map: ${JSON.stringify(value)}`)
  return value
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`)
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`no text: ${JSON.stringify(value)}`)
  return value
}
