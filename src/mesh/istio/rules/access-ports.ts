import {carries} from '../../../intent/versions.ts'
import type {AccessRule, ServiceFacts, ServiceIntent} from '../../../intent/intent.ts'
import {reservedPorts} from '../version.ts'
import type {Findings} from './findings.ts'
import {proxiedPorts, shownPort, sidesOf, spokenOn, targetsOf} from './ports.ts'

/**
 * Ports of the pods that rules on a service are about: without them a rule would hold for whatever else the pods listen
 * on, and a DENY by method or path would turn away all that is not HTTP.
 */
export interface AccessPorts {
  /** Every port of the service; empty where one of them is not known: all ports of the pods. */
  readonly all: readonly number[]
  /** Those on which Istio sees requests. */
  readonly requests: readonly number[]
}

export function accessPorts(intent: ServiceIntent, facts: ServiceFacts, findings: Findings): AccessPorts {
  const ports = proxiedPorts(facts)
  const {requests} = sidesOf(facts)
  const lost = ports.filter((port) => targetsOf(port, facts).length === 0)
  const numbers = (some: typeof ports) => {
    const found = some.flatMap((port) => targetsOf(port, facts))
    return lost.length > 0 ? [] : [...new Set(found)].toSorted((one, other) => one - other)
  }
  const all = numbers(ports)
  const rules = intent.access?.rules ?? []
  const [first] = rules
  if (first !== undefined && lost.length > 0) {
    const names = lost.map(({targetPort}) => targetPort).join(', ')
    const message = `no pod of ${intent.service.name} has a port named ${names}, so the rule holds for all ports`
    findings.approximated('MW6119', featureOf(first), first.origin, message)
    // Istio's own validation warns of it.
    const denying = rules.find(({action, methods, paths}) => action === 'DENY' && methods.length + paths.length > 0)
    if (denying !== undefined) {
      findings.approximated('MW6119', 'deny', denying.origin, 'on all of them it turns away what is not HTTP as well')
    }
  }
  const allowing = rules.find(({action}) => action === 'ALLOW')
  if (allowing !== undefined) tellClosedPorts(allowing, all, facts, findings)
  if (first !== undefined) tellSharedPorts(first, all, facts, findings)
  return {all, requests: numbers(requests)}
}

/** False where methods and paths cannot be said of the service; a finding tells. */
export function checkRequests(
  {action, methods, origin}: AccessRule,
  {protocol, service}: ServiceIntent,
  facts: ServiceFacts,
  findings: Findings,
): boolean {
  const feature = methods.length > 0 ? 'access-method' : 'access-path'
  const {requests, bytes} = sidesOf(facts)
  if (protocol === 'tcp' || requests.length === 0) {
    findings.refused('MW6117', feature, origin, `Istio sees no requests on the ports of ${service.name}`)
    return false
  }
  if (bytes.length > 0) {
    const message = `Istio takes a port for bytes, where no method and no path holds: ${bytes.map(shownPort).join(', ')}`
    findings.approximated('MW6105', feature, origin, message)
  }
  const detected = requests.filter((port) => spokenOn(port) === 'detected')
  if (action === 'DENY' && detected.length > 0) {
    const shown = detected.map(shownPort).join(', ')
    findings.approximated(
      'MW6106',
      feature,
      origin,
      `what is not HTTP is turned away as well: port ${shown} says no protocol`,
    )
  }
  return true
}

export function featureOf({action, from}: AccessRule): 'allow-service' | 'allow-namespace' | 'deny' {
  if (action === 'DENY') return 'deny'
  return from.length > 0 && from.every(({kind}) => kind === 'namespace') ? 'allow-namespace' : 'allow-service'
}

/** What an ALLOW does not open it closes, for the pods as a whole. */
function tellClosedPorts(rule: AccessRule, open: readonly number[], {pods}: ServiceFacts, findings: Findings): void {
  if (open.length === 0) return
  const others = pods.flatMap(({ports}) => ports.map(({port}) => port))
  const closed = [...new Set(others)].filter((port) => !open.includes(port) && !reservedPorts.has(port))
  if (closed.length === 0) return
  const shown = closed.toSorted((one, other) => one - other).join(', ')
  findings.approximated(
    'MW6120',
    featureOf(rule),
    rule.origin,
    `ports of the pods that are not of the service are closed too: ${shown}`,
  )
}

/** Istio's rules are about pods and ports, not about the Service by which somebody came. */
function tellSharedPorts(rule: AccessRule, own: readonly number[], facts: ServiceFacts, findings: Findings): void {
  const sharing = facts.neighbours.filter(({managedFor, selector = {}, ports = []}) => {
    if (managedFor !== undefined || Object.keys(selector).length === 0) return false
    const isSamePort = ports.some((port) => targetsOf(port, facts).some((number) => own.includes(number)))
    return isSamePort && facts.pods.some((pod) => carries(pod, selector))
  })
  if (sharing.length === 0) return
  const names = sharing.map(({name}) => name).toSorted()
  const message = `the rule holds for callers of ${names.join(', ')} as well, which leads to the same port of the same pods`
  findings.approximated('MW6121', featureOf(rule), rule.origin, message)
}
