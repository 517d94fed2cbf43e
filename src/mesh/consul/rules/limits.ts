import type {Route} from '../../../intent/intent.ts'
import {retryConditions} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Values} from '../../values.ts'
import {goDuration} from './durations.ts'
import type {Findings} from './findings.ts'

/** Envoy's limit on a request at the destination's sidecar, where Consul sets none. */
const localTimeout = 15_000
/** Envoy's limit on a stream on which nothing moves. */
const idleTimeout = 300_000

/** Timeouts and tries, as a route's `destination` says them; empty where none are asked for. */
export function limitsOf({timeout, retries}: Route): Values {
  const tries = retries !== undefined && retries.attempts > 0 ? retries : undefined
  return {
    ...(timeout !== undefined && {requestTimeout: goDuration(timeout)}),
    ...(timeout !== undefined && timeout > idleTimeout && {idleTimeout: goDuration(timeout)}),
    // Consul sets retry_on to what is listed and no more: without a list nothing is ever tried again.
    ...(tries !== undefined && {
      numRetries: tries.attempts,
      retryOn: retryConditions.filter((condition) => tries.on.includes(condition)),
    }),
  }
}

/**
 * `localRequestTimeoutMs` of the destination's ServiceDefaults: as long as the longest timeout where that is beyond
 * Envoy's own, or the limit on each try, which Consul has nowhere else (ServiceRouteDestination has no such field).
 */
export function localRequestTimeout(routes: readonly Route[], findings: Findings): number | undefined {
  const perTry = perTryTimeout(routes, findings)
  for (const {timeout, origin} of routes) {
    if (timeout !== undefined && timeout > idleTimeout) {
      const message = "the destination's sidecar still ends a request on which nothing moves for five minutes"
      findings.approximated('MW6316', 'timeout', origin, message)
    }
  }
  const longest = routes.reduce((most, {timeout = 0}) => Math.max(most, timeout), 0)
  return perTry ?? (longest > localTimeout ? longest : undefined)
}

/** One limit for all requests is all that the sidecar has: it helps only where every route has one. */
function perTryTimeout(routes: readonly Route[], findings: Findings): number | undefined {
  const limits = routes.map(tryLimit)
  const origins = limits.flatMap((limit) => (limit === undefined ? [] : [limit.origin]))
  if (origins.length === 0) return undefined
  const perTry = limits.map((limit) => limit?.perTry)
  const longest = perTry.reduce<number>((most, limit = Infinity) => Math.max(most, limit), 0)
  if (longest === Infinity || routes.at(-1)?.matches.length !== 0) {
    for (const origin of origins) {
      const message =
        'Consul limits tries only for all requests of a service alike, and other routes have no such limit'
      findings.ignored('MW6315', 'per-try-timeout', origin, message)
    }
    return undefined
  }
  const message =
    `each try is cut off after ${goDuration(longest)} by the destination's sidecar, whoever calls: it answers 504, ` +
    'and the time on the way there does not count'
  for (const origin of origins) findings.approximated('MW6314', 'per-try-timeout', origin, message)
  return longest
}

function tryLimit({retries}: Route): {readonly perTry: number; readonly origin: Origin} | undefined {
  if (retries?.perTryTimeout === undefined || retries.attempts === 0) return undefined
  return {perTry: retries.perTryTimeout, origin: retries.origin}
}
