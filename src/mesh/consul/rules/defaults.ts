import type {ServiceIntent, ServicePort} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Part} from '../../translation.ts'
import {parseBool} from '../../go/bool.ts'
import {keyPrefix} from '../keys.ts'
import {owned, partOf} from '../../part.ts'
import {upstreamConfig} from './breaker.ts'
import {Findings} from './findings.ts'
import {isDetailed} from './intentions.ts'
import {entry, kinds} from './kinds.ts'
import {valueOf} from './service-meta.ts'
import type {RuleSettings} from './settings.ts'

/** What the ServiceDefaults says beside what it says on behalf of routes. */
export interface Defaults {
  readonly findings: Findings
  part(localRequestTimeout: number | undefined): Part
}

/** The one ServiceDefaults of a service; undefined where there is nothing to say in it. */
export function serviceDefaults(intent: ServiceIntent, settings: RuleSettings): Defaults | undefined {
  const {service, protocol, mutualTLS} = intent
  const findings = new Findings()
  const upstreams = upstreamConfig(intent, settings, findings)
  if (mutualTLS?.value === false) {
    const message = isIntercepted(intent, settings)
      ? 'plain connections are accepted beside mutual TLS, and who may call is not enforced on them'
      : "without transparent proxy plain connections go past Consul's sidecar, and who may call is not enforced on them"
    findings.approximated('MW6330', 'plaintext', mutualTLS.origin, message)
  }
  const spec = {
    ...(isToBeTold(intent) && {protocol}),
    ...(mutualTLS !== undefined && {mutualTLSMode: mutualTLS.value ? 'strict' : 'permissive'}),
    ...(upstreams !== undefined && {upstreamConfig: upstreams}),
  }
  if (Object.keys(spec).length === 0) return undefined
  return {
    findings,
    part: (localRequestTimeout) =>
      partOf(
        'defaults',
        originsOf(intent),
        findings,
        owned(
          entry(kinds.defaults, service.namespace, service.name, {
            ...spec,
            ...(localRequestTimeout !== undefined && {localRequestTimeoutMs: localRequestTimeout}),
          }),
        ),
      ),
  }
}

/**
 * Without a protocol in the ServiceDefaults Consul takes tcp, whatever ProxyDefaults says (hashicorp/consul#11457): it
 * compiles no split and no route, sees no 5xx and takes no permission by path. But where nobody said that HTTP is spoken
 * and nothing needs it, telling a database's sidecar so would break it.
 */
function isToBeTold({
  protocol,
  registration,
  traffic,
  access,
  calls,
  mutualTLS,
  routed,
  facts,
}: ServiceIntent): boolean {
  const isNeeded = routed === true || traffic !== undefined || access?.rules.some(isDetailed) === true
  const isSaid = protocol !== 'http' || registration !== undefined || facts?.ports.some(saysHttp) === true
  const isAllThatIsWanted = access === undefined && mutualTLS === undefined && calls.length === 0
  return isNeeded || isSaid || isAllThatIsWanted
}

/** As Kubernetes and Istio have it: by `appProtocol`, or by what the port's name begins with. */
function saysHttp({appProtocol, name = ''}: ServicePort): boolean {
  return appProtocol !== undefined || /^http(?:-|$)/.test(name)
}

/** True where the sidecar takes in what comes to the service's own port; a pod's annotation is above the chart's value. */
function isIntercepted({facts}: ServiceIntent, {transparentProxy}: RuleSettings): boolean {
  const pods = facts?.pods ?? []
  const one = (text: string | undefined) => (text === undefined ? undefined : parseBool(text)) ?? transparentProxy
  if (pods.length === 0) return transparentProxy
  return pods.some(({annotations}) => one(valueOf(annotations, `${keyPrefix}transparent-proxy`)))
}

/** Where the service's rules are written: all of them need its protocol, and its name in Consul. */
export function originsOf({registration, traffic, access, mutualTLS, calls}: ServiceIntent): readonly Origin[] {
  return [
    ...(registration === undefined ? [] : [registration.origin]),
    ...(traffic === undefined ? [] : [traffic.origin]),
    ...(access?.rules ?? []).map(({origin}) => origin),
    ...(mutualTLS === undefined ? [] : [mutualTLS.origin]),
    ...calls.map(({breaker}) => breaker.origin),
  ]
}
