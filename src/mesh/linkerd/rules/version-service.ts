import {sha256} from '@noble/hashes/sha2.js'
import {bytesToHex, utf8ToBytes} from '@noble/hashes/utils.js'
import type {ServiceFacts, ServiceName, Subset} from '../../../intent/intent.ts'
import {opaquePortsAnnotation, own} from '../annotations.ts'
import type {Desired} from '../../translation.ts'
import type {Findings} from './findings.ts'
import {objectOf, serviceKind} from './kinds.ts'

/** Says which version a generated Service is for, as it was written. */
export const versionAnnotation = 'meshwright.dev/version'

const longestName = 63

/**
 * Names of the Services that stand for the versions of a service, by the versions as written. `v1.1.0` becomes
 * `-v1-1-0`; where another version is written so, or a name grows too long, a hash keeps them apart.
 */
export function versionServiceNames(service: string, versions: readonly string[]): ReadonlyMap<string, string> {
  const plain = new Map<string, string[]>()
  for (const version of new Set(versions)) {
    const name = legal(`${service}-${version}`)
    plain.set(name, [...(plain.get(name) ?? []), version])
  }
  const named = new Map<string, string>()
  for (const [name, alike] of plain) {
    for (const version of alike) {
      const asWritten = name === `${service}-${version}`
      const clear = name.length <= longestName && (alike.length === 1 || asWritten)
      named.set(version, clear ? name : hashed(name, `${service}/${version}`))
    }
  }
  return named
}

/** A Service for each version: the ports of the service, and pods that carry the version's labels as well. */
export function versionServices(
  {namespace, name: service}: ServiceName,
  facts: ServiceFacts,
  subsets: readonly Subset[],
  findings: Findings,
): readonly Desired[] {
  const names = versionServiceNames(
    service,
    subsets.map(({name}) => name),
  )
  const desired: Desired[] = []
  for (const subset of [...subsets].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const name = names.get(subset.name)
    if (name === undefined || !isSayable(name, service, facts, subset, findings)) continue
    findings.approximated(
      'MW6201',
      'subsets',
      subset.origin,
      `version ${subset.name} becomes the Service ${name}: it has an address of its own, and metrics count it by that name`,
    )
    const opaque = own(facts.annotations, opaquePortsAnnotation)
    const annotations = {
      [versionAnnotation]: subset.name,
      ...(opaque !== undefined && {[opaquePortsAnnotation]: opaque}),
    }
    const ports = facts.ports.map(({name: portName, port, targetPort, protocol, appProtocol}) => ({
      ...(portName !== undefined && {name: portName}),
      port,
      targetPort,
      protocol,
      ...(appProtocol !== undefined && {appProtocol}),
    }))
    const spec = {selector: {...facts.selector, ...subset.labels}, ports}
    desired.push({object: objectOf(serviceKind, namespace, name, spec, annotations), mode: 'own'})
  }
  return desired
}

function isSayable(name: string, service: string, facts: ServiceFacts, subset: Subset, findings: Findings): boolean {
  const {origin} = subset
  if (Object.keys(facts.selector).length === 0) {
    findings.refused(
      'MW6203',
      'subsets',
      origin,
      `Service ${service} has no selector that version ${subset.name} could narrow`,
    )
    return false
  }
  const against = Object.entries(subset.labels).find(([key, value]) => (own(facts.selector, key) ?? value) !== value)
  if (against !== undefined) {
    const [key, value] = against
    findings.refused(
      'MW6203',
      'subsets',
      origin,
      `label ${key}: ${value} contradicts the selector of Service ${service}`,
    )
    return false
  }
  const taken = facts.neighbours.find((neighbour) => neighbour.name === name)
  if (taken === undefined || taken.managedFor === service) return true
  const owner = taken.managedFor === undefined ? 'is not made by Meshwright' : `is made for ${taken.managedFor}`
  findings.refused(
    'MW6202',
    'subsets',
    origin,
    `version ${subset.name} needs a Service ${name}, and the one there ${owner}`,
  )
  return false
}

function legal(text: string): string {
  const clean = text.toLowerCase().replace(/[^a-z0-9-]/g, '-')
  return clean.replace(/-+$/, '')
}

function hashed(name: string, text: string): string {
  const hash = bytesToHex(sha256(utf8ToBytes(text))).slice(0, 8)
  return `${name.slice(0, longestName - hash.length - 1).replace(/-+$/, '')}-${hash}`
}
