import {shown} from '../config/problem.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import type {AccessPolicySpec} from '../rules/access-policy.ts'
import type {ConfiguredAccess} from './configured.ts'
import type {AccessRule, Account, Peer, ServiceName} from './intent.ts'
import type {Origin} from './origin.ts'
import {refused} from './problem.ts'
import type {Site} from './site.ts'
import {shownService} from './unit.ts'

/** What is asked about callers. */
export interface Callers {
  /** The ServiceAccounts of the pods of a service; a code and a sentence where there are none to be had. */
  identify(service: ServiceName): Identified
}

export type Identified =
  | {readonly ok: true; /** Absent where nobody knows the cluster. */ readonly accounts?: readonly Account[]}
  | {readonly ok: false; readonly code: 'MW6001' | 'MW6008'; readonly message: string}

export type AccessReading =
  | {readonly ok: true; readonly rule: AccessRule}
  | {readonly ok: false; readonly problems: readonly RuleFinding[]}

/** An AccessPolicy of the namespace `home`, whose spec was found good. */
export function readAccessPolicy(spec: AccessPolicySpec, site: Site, home: string, callers: Callers): AccessReading {
  const problems: RuleFinding[] = []
  const named = new Set<string>()
  const from = (spec.from ?? []).flatMap(({service, namespace = home}, index): readonly Peer[] => {
    // A mesh may take a caller once only.
    const key = `${namespace}/${service ?? '*'}`
    if (named.has(key)) return []
    named.add(key)
    const origin = site.at(['spec', 'from', index])
    if (service === undefined) return [{kind: 'namespace', namespace, origin}]
    const peer = servicePeer({namespace, name: service}, origin, featureOf(spec.action), callers)
    if ('code' in peer) problems.push(peer)
    return 'code' in peer ? [] : [peer]
  })
  if (problems.length > 0) return {ok: false, problems}
  const {action, methods = [], paths = []} = spec
  return {
    ok: true,
    rule: {
      action,
      from,
      methods: [...new Set(methods)].sort(),
      paths: [...new Set(paths)].sort(),
      origin: site.at(['spec']),
    },
  }
}

/** One of `meshSecurity.authorizationPolicy`. */
export function readConfiguredAccess(
  {action, caller, path}: ConfiguredAccess,
  site: Site,
  callers: Callers,
): AccessReading {
  const peer = servicePeer(caller, site.at([...path, 'source']), featureOf(action), callers)
  if ('code' in peer) return {ok: false, problems: [peer]}
  return {ok: true, rule: {action, from: [peer], methods: [], paths: [], origin: site.at(path)}}
}

export function featureOf(action: 'ALLOW' | 'DENY'): 'allow-service' | 'deny' {
  return action === 'ALLOW' ? 'allow-service' : 'deny'
}

function servicePeer(
  service: ServiceName,
  origin: Origin,
  feature: RuleFinding['feature'],
  callers: Callers,
): Peer | RuleFinding {
  const identified = callers.identify(service)
  if (!identified.ok) {
    return refused(identified.code, feature, origin, `${shown(shownService(service))} ${identified.message}`)
  }
  const {accounts} = identified
  return {kind: 'service', service, ...(accounts === undefined ? {} : {accounts}), origin}
}
