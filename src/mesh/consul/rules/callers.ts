import type {Access, AccessRule, Peer, ServiceName} from '../../../intent/intent.ts'
import {byText} from '../../text-order.ts'
import type {Findings} from './findings.ts'
import {areConfused, isSame, namespaceOf, reference} from './names.ts'
import type {RuleSettings} from './settings.ts'

/** A caller as an intention names it: a service, all services of a Consul namespace, or everybody. */
export interface Caller {
  readonly name: string
  readonly namespace?: string
  /** What it is called by in rules; absent for everybody. */
  readonly peer?: Peer
}

/** Every caller that rules name, once, and everybody else last; in an order that depends on nothing but the names. */
export function callersOf(
  {rules}: Access,
  service: ServiceName,
  settings: RuleSettings,
  findings: Findings,
): readonly Caller[] {
  const callers = new Map<string, Caller>()
  const peers = rules.flatMap(({from, action}) => from.map((peer) => ({peer, action})))
  for (const {peer, action} of peers.toSorted((one, other) => byText(peerKey(one.peer), peerKey(other.peer)))) {
    const caller = peer.kind === 'service' ? named(peer.service) : anyOf(peer.namespace)
    if (caller === undefined) {
      const message =
        "Consul knows no namespaces without Consul Enterprise's mirroring: name the services of " +
        `${peerKey(peer)} one by one`
      findings.refused('MW6340', action === 'ALLOW' ? 'allow-namespace' : 'deny', peer.origin, message)
    } else {
      checkName(peer, action)
      callers.set(`${caller.name} ${caller.namespace ?? ''}`, {...caller, peer})
    }
  }
  const everybody: Caller = {name: '*', ...(settings.namespaces !== undefined && {namespace: '*'})}
  return [...[...callers].toSorted(([one], [other]) => byText(one, other)).map(([, caller]) => caller), everybody]

  function named(caller: ServiceName): Caller {
    return reference(settings, service.namespace, caller)
  }

  function anyOf(namespace: string): Caller | undefined {
    const inConsul = settings.namespaces?.mirroring === true ? namespaceOf(settings, namespace) : undefined
    return inConsul === undefined ? undefined : {name: '*', namespace: inConsul}
  }

  /** Callers that Consul takes for one would share what only one of them was given. */
  function checkName(peer: Peer, action: AccessRule['action']): void {
    if (peer.kind !== 'service') return
    const known = [
      service,
      ...[...callers.values()].flatMap(({peer}) => (peer?.kind === 'service' ? [peer.service] : [])),
    ]
    const twin = known.find((other) => areConfused(settings, other, peer.service))
    if (twin === undefined) return
    const [one, other] = [twin, peer.service].map((name) => `${name.namespace}/${name.name}`).sort(byText)
    const message = `Consul has one name for ${one} and ${other}, so it cannot tell them apart`
    findings.refused('MW6301', action === 'ALLOW' ? 'allow-service' : 'deny', peer.origin, message)
  }
}

/** `shop` or `shop/user-service`. */
function peerKey(peer: Peer): string {
  return peer.kind === 'namespace' ? peer.namespace : `${peer.service.namespace}/${peer.service.name}`
}

/** True where the rule speaks of the caller: everybody is spoken of only by rules for everybody. */
export function appliesTo({from}: AccessRule, {peer}: Caller): boolean {
  if (from.length === 0) return true
  if (peer === undefined) return false
  return from.some((other) => {
    if (other.kind === 'namespace') {
      return other.namespace === (peer.kind === 'namespace' ? peer.namespace : peer.service.namespace)
    }
    return peer.kind === 'service' && isSame(other.service, peer.service)
  })
}
