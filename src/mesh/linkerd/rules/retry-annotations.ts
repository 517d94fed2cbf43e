import type {Retries, RetryCondition} from '../../../intent/intent.ts'
import type {StringMap} from '../../pod.ts'
import {linkerdDuration} from './duration.ts'
import type {Findings} from './findings.ts'

/** Annotations of a Service or a route that Linkerd reads retries from. */
export const retryPrefix = 'retry.linkerd.io/'

/**
 * Annotations of a route for its retries (policy-controller/k8s/index/src/outbound/index/{http,grpc}.rs). A limit alone
 * tries no status again; with a status list a refused stream is tried again as well, and a connection that fails never
 * is (linkerd2-proxy, app/outbound/src/http/logical/policy/route/retry.rs).
 */
export function retryAnnotations(retries: Retries, kind: 'http' | 'grpc', findings: Findings): StringMap {
  const {attempts, perTryTimeout, on, origin} = retries
  if (attempts === 0) {
    // A timeout without a limit would mean one retry.
    if (perTryTimeout !== undefined)
      findings.ignored(
        'MW6218',
        'per-try-timeout',
        origin,
        'without further tries Linkerd limits the call as a whole only',
      )
    return {}
  }
  const conditions = kind === 'http' ? httpConditions(on) : grpcConditions(on)
  const lost = on.filter(
    (condition) => neverRetried.has(condition) || (kind === 'grpc' && condition === 'retriable-4xx'),
  )
  if (conditions === undefined && !on.includes('refused-stream')) {
    findings.ignored(
      'MW6216',
      'retry-conditions',
      origin,
      `Linkerd tries nothing again on ${lost.join(' or ')}; there are no further tries`,
    )
    return {}
  }
  if (lost.length > 0)
    findings.approximated('MW6216', 'retry-conditions', origin, `Linkerd does not try again on ${lost.join(' or ')}`)
  if (kind === 'grpc' && conditions !== undefined)
    findings.approximated(
      'MW6219',
      'retry-conditions',
      origin,
      `gRPC answers fail by status: tried again are ${conditions.replaceAll(',', ' and ')}`,
    )
  findings.approximated('MW6217', 'retries', origin, 'a request with a body above 64 KiB is sent once')
  if (perTryTimeout !== undefined)
    findings.approximated(
      'MW6218',
      'per-try-timeout',
      origin,
      'the limit on a try ends with the headers of its answer, and the last try has none',
    )
  return {
    [`${retryPrefix}limit`]: String(attempts),
    ...(conditions !== undefined && {[`${retryPrefix}${kind}`]: conditions}),
    ...(perTryTimeout !== undefined && {[`${retryPrefix}timeout`]: linkerdDuration(perTryTimeout)}),
  }
}

const neverRetried: ReadonlySet<RetryCondition> = new Set<RetryCondition>(['reset', 'connect-failure'])

/** Statuses; 409 is the one that Envoy's retriable-4xx means. No spaces: the policy controller takes none. */
function httpConditions(on: readonly RetryCondition[]): string | undefined {
  const server = on.includes('5xx') ? '5xx' : on.includes('gateway-error') ? 'gateway-error' : undefined
  return joined([server, on.includes('retriable-4xx') ? '409' : undefined])
}

/** gRPC maps HTTP 502, 503 and 504 to unavailable, and a server's own failure is internal. */
function grpcConditions(on: readonly RetryCondition[]): string | undefined {
  const failure = on.includes('5xx')
  return joined([failure ? 'internal' : undefined, failure || on.includes('gateway-error') ? 'unavailable' : undefined])
}

function joined(conditions: readonly (string | undefined)[]): string | undefined {
  const said = conditions.filter((condition) => condition !== undefined)
  return said.length === 0 ? undefined : said.join(',')
}
