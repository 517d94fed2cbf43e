import {leadsTo} from '../../../intent/protocol.ts'
import type {Registration, ServiceIntent} from '../../../intent/intent.ts'
import type {Part} from '../../translation.ts'
import {partOf} from '../../part.ts'
import {Findings} from './findings.ts'
import type {InstalledPolicy} from './installed-policy.ts'
import {portKind} from './port.ts'

/** Linkerd registers nothing: it knows a service by its Kubernetes Service, and its protocol by looking. */
export function registrationPart(intent: ServiceIntent, installed: InstalledPolicy): Part | undefined {
  const {registration} = intent
  if (registration === undefined) return undefined
  const findings = new Findings()
  comparePort(intent, registration, installed, findings)
  const {origin, versions, tags, metadata, healthCheck} = registration
  if (versions.length > 0)
    findings.ignored(
      'MW6245',
      'registration-versions',
      origin,
      'Linkerd registers no versions; a TrafficPolicy makes Services of them',
    )
  if (tags.length > 0) findings.ignored('MW6245', 'tags', origin, 'Linkerd has no tags')
  if (Object.keys(metadata).length > 0)
    findings.ignored('MW6245', 'metadata', origin, 'Linkerd has no metadata of services')
  if (healthCheck?.interval !== undefined || healthCheck?.timeout !== undefined)
    findings.ignored(
      'MW6246',
      'health-check',
      healthCheck.origin,
      "the kubelet's probes keep their own intervals and timeouts",
    )
  return partOf('registration', [origin], findings)
}

function comparePort(
  {facts, service, protocol}: ServiceIntent,
  {origin, port}: Registration,
  {opaquePorts}: InstalledPolicy,
  findings: Findings,
): void {
  if (facts === undefined) return
  const found = facts.ports.find((one) => leadsTo(one, port, facts))
  if (found === undefined) {
    const listed = facts.ports.map((one) => one.port).join(', ') || 'none'
    findings.approximated(
      'MW6247',
      'registration',
      origin,
      `Service ${service.name} has no port ${port}; callers reach those it has (${listed})`,
    )
    return
  }
  const kind = portKind(found, facts, opaquePorts)
  if (protocol !== 'tcp' && kind.kind === 'opaque')
    findings.approximated(
      'MW6247',
      'registration',
      origin,
      `Linkerd carries port ${port} as opaque TCP: ${kind.because}`,
    )
  if (protocol === 'tcp' && kind.kind !== 'opaque')
    findings.approximated(
      'MW6247',
      'registration',
      origin,
      `Linkerd looks for HTTP on port ${port} first, which delays a server that speaks first; config.linkerd.io/opaque-ports on Service and pods says otherwise`,
    )
}
