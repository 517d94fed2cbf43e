import type {Breaker, ServiceIntent, Subset} from '../../../intent/intent.ts'
import type {KubeObject} from '../../pod.ts'
import type {Values} from '../../values.ts'
import {byText} from '../../text-order.ts'
import {istioDuration} from './durations.ts'
import type {Findings} from './findings.ts'
import {hostOf} from './hosts.ts'
import {kinds, objectOf} from './kinds.ts'
import {proxiedPorts, spokenOn} from './ports.ts'
import type {RuleSettings} from './settings.ts'
import type {SubsetNames} from './subset-names.ts'

/** Envoy's max_ejection_time, which Istio passes nothing on to; a longer first ejection raises it. */
const longestEjection = 300_000
/** How often Envoy lets ejected endpoints back in, where that is not too seldom for the breaker. */
const sweep = 10_000

/** Versions and breaker of a service, and mutual TLS where clients must be told; undefined where there is nothing to say. */
export function destinationRule(
  intent: ServiceIntent,
  names: SubsetNames,
  settings: RuleSettings,
  findings: Findings,
): KubeObject | undefined {
  const {service, traffic} = intent
  const {subsets = [], breaker} = traffic ?? {}
  const tls = clientTLS(intent, settings)
  if (subsets.length === 0 && breaker === undefined && tls === undefined) return undefined
  const trafficPolicy: Values = {
    ...(breaker !== undefined && ejection(breaker, intent, settings, findings)),
    ...(tls !== undefined && {tls}),
  }
  return objectOf(kinds.destinationRule, service.namespace, service.name, {
    host: hostOf(service, settings.clusterDomain),
    ...(Object.keys(trafficPolicy).length > 0 && {trafficPolicy}),
    ...(subsets.length > 0 && {subsets: subsetsOf(subsets, names)}),
  })
}

/** Without istiod's automatic choice clients speak plainly unless told, and servers that are strict will not listen. */
export function clientTLS({mutualTLS}: ServiceIntent, {autoMutualTLS}: RuleSettings): Values | undefined {
  return !autoMutualTLS && mutualTLS?.value === true ? {mode: 'ISTIO_MUTUAL'} : undefined
}

function subsetsOf(subsets: readonly Subset[], names: SubsetNames): readonly Values[] {
  return subsets
    .map(({name, labels}) => ({name: names.nameOf(name) ?? name, labels}))
    .toSorted((one, other) => byText(one.name, other.name))
}

/**
 * Outlier detection per endpoint. Envoy counts 5xx answers, and what it makes of resets, timeouts and connections that
 * fail (503, 504), as one row of failures, unless splitExternalLocalOriginErrors is set; gateway errors are among them,
 * so that no count of their own is wanted. All endpoints may be out at once: the circuit is open then.
 */
function ejection(breaker: Breaker, intent: ServiceIntent, settings: RuleSettings, findings: Findings): Values {
  const {threshold, timeout, recovery, origin} = breaker
  const longest = Math.max(longestEjection, timeout)
  if (recovery !== longest) {
    const message =
      `each further ejection is longer by ${istioDuration(timeout)}, up to ${istioDuration(longest)} ` +
      `and not ${istioDuration(recovery)}`
    findings.approximated('MW6101', 'circuit-breaker-recovery', origin, message)
  }
  if (countsConnectionsOnly(intent)) {
    findings.approximated('MW6102', 'circuit-breaker', origin, 'only connections that cannot be made count as failures')
  }
  return {
    outlierDetection: {
      consecutive5xxErrors: threshold,
      interval: istioDuration(Math.min(sweep, timeout)),
      baseEjectionTime: istioDuration(timeout),
      maxEjectionPercent: 100,
      // No panic: ejected endpoints get nothing, however few are left.
      minHealthPercent: 0,
    },
    // With outlier detection istiod has callers prefer endpoints of their own zone, which nobody asked for here.
    ...(!prefersNear(intent, settings) && {loadBalancer: {localityLbSetting: {enabled: false}}}),
  }
}

/** Somebody chose, for the mesh or for the Service; a DestinationRule that speaks of it would win over both. */
function prefersNear({facts}: ServiceIntent, {localityChosen}: RuleSettings): boolean {
  if (localityChosen || facts?.trafficDistribution !== undefined) return true
  return facts !== undefined && Object.hasOwn(facts.annotations, 'networking.istio.io/traffic-distribution')
}

function countsConnectionsOnly({protocol, facts}: ServiceIntent): boolean {
  if (protocol === 'tcp' || facts === undefined) return protocol === 'tcp'
  const ports = proxiedPorts(facts)
  return ports.length > 0 && ports.every((port) => spokenOn(port) === 'bytes')
}
