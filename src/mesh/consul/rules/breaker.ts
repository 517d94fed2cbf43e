import type {Breaker, Call, ServiceIntent} from '../../../intent/intent.ts'
import type {Part} from '../../translation.ts'
import type {Values} from '../../values.ts'
import {partOf} from '../../part.ts'
import {goDuration} from './durations.ts'
import {Findings} from './findings.ts'
import {areConfused, byService, reference, shownService} from './names.ts'
import type {RuleSettings} from './settings.ts'

/** Envoy's max_ejection_time, which Consul passes nothing on to; a longer first ejection raises it. */
const longestEjection = 300_000
/** How often Envoy lets ejected endpoints back in. */
const sweep = 10_000

/**
 * What becomes of a service's breaker, on the service's own side: Consul keeps it with each caller, in the caller's
 * ServiceDefaults, so there is nothing to write here and much to say.
 */
export function breakerPart({service, traffic}: ServiceIntent): Part | undefined {
  const breaker = traffic?.breaker
  if (traffic === undefined || breaker === undefined) return undefined
  const findings = new Findings()
  const callers = traffic.callers.toSorted((one, other) => byService(one.service, other.service))
  const unreachable = callers.filter(({reachable}) => !reachable)
  const names = unreachable.map(({service: caller}) => shownService(caller, service.namespace)).join(', ')
  if (callers.length === 0) {
    const message = `Consul keeps breakers with the callers, and no ALLOW rule names a caller of ${service.name}`
    findings.refused('MW6320', 'circuit-breaker', breaker.origin, message)
  } else if (unreachable.length === callers.length) {
    const message = `Consul keeps breakers with the callers, and none of them may be touched: ${names}`
    findings.refused('MW6321', 'circuit-breaker', breaker.origin, message)
  } else if (unreachable.length > 0) {
    const message = `callers that may not be touched go without the breaker: ${names}`
    findings.approximated('MW6321', 'circuit-breaker', breaker.origin, message)
  }
  if (!isExact(breaker)) {
    const message =
      `each further ejection is longer by ${goDuration(breaker.timeout)}, up to ` +
      `${goDuration(Math.max(longestEjection, breaker.timeout))} and not ${goDuration(breaker.recovery)}`
    findings.approximated('MW6322', 'circuit-breaker-recovery', breaker.origin, message)
  }
  return partOf('breaker', [breaker.origin], findings)
}

function isExact({timeout, recovery}: Breaker): boolean {
  return recovery === Math.max(longestEjection, timeout)
}

/** `upstreamConfig` of a caller's ServiceDefaults; undefined where it calls nothing with a breaker. */
export function upstreamConfig(
  {service, calls}: ServiceIntent,
  settings: RuleSettings,
  findings: Findings,
): Values | undefined {
  const kept: Call[] = []
  for (const call of calls.toSorted((one, other) => byService(one.destination, other.destination))) {
    const {destination, breaker} = call
    // Where approximations are refused, the destination's own side says so: nothing of its rule may be written here.
    if (settings.strict && !isExact(breaker)) continue
    const twin = kept.find((other) => areConfused(settings, other.destination, destination))
    if (twin === undefined) kept.push(call)
    else {
      const [one, other] = [twin.destination, destination].map((name) => `${name.namespace}/${name.name}`)
      const message = `Consul has one name for ${one} and ${other}; calls to both get the breaker of ${one}`
      findings.ignored('MW6323', 'circuit-breaker', breaker.origin, message)
    }
  }
  if (kept.length === 0) return undefined
  return {
    overrides: kept.map(({destination, breaker}) => ({
      ...reference(settings, service.namespace, destination),
      passiveHealthCheck: healthCheck(breaker),
    })),
  }
}

/** Envoy ejects at most a tenth of the endpoints where it is not told otherwise. */
function healthCheck({threshold, timeout}: Breaker): Values {
  return {
    interval: goDuration(Math.min(sweep, timeout)),
    maxFailures: threshold,
    baseEjectionTime: goDuration(timeout),
    enforcingConsecutive5xx: 100,
    maxEjectionPercent: 100,
  }
}
