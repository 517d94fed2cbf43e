import {leadsTo} from '../../../intent/protocol.ts'
import {versionsOf} from '../../../intent/versions.ts'
import type {Protocol, Registration, ServiceFacts, ServiceIntent} from '../../../intent/intent.ts'
import {sameVersion} from '../../../rules/version.ts'
import type {Part} from '../../translation.ts'
import {partOf} from '../../part.ts'
import {byText} from '../../text-order.ts'
import {Findings} from './findings.ts'
import {proxiedPorts, shownPort, spokenOn, type Spoken} from './ports.ts'

/**
 * What Istio makes of a registration. Its registry is Kubernetes': there is nothing to write and all to check. The
 * Service's own ports decide what is spoken, the pods' labels which version they are.
 */
export function registrationPart(intent: ServiceIntent): Part | undefined {
  const {registration, facts, protocol} = intent
  if (registration === undefined) return undefined
  const findings = new Findings()
  if (facts !== undefined) checkProtocol(registration, protocol, facts, findings)
  checkVersions(registration, facts, findings)
  const {tags, metadata, healthCheck, origin} = registration
  if (tags.length > 0)
    findings.ignored('MW6127', 'tags', origin, `Istio has no tags: ${tags.toSorted(byText).join(', ')}`)
  const keys = Object.keys(metadata)
  if (keys.length > 0) {
    findings.ignored(
      'MW6127',
      'metadata',
      origin,
      `Istio has no metadata of services: ${keys.toSorted(byText).join(', ')}`,
    )
  }
  if (healthCheck !== undefined) {
    const message = 'the kubelet checks pods, by the readinessProbe of their containers; proxies go by what it finds'
    findings.ignored('MW6128', 'health-check', healthCheck.origin, message)
  }
  return partOf('registration', [origin], findings)
}

/** What a port must be for the protocol to be what it says. */
const asProtocol: Readonly<Record<Protocol, readonly Spoken[]>> = {
  http: ['http', 'http2'],
  http2: ['http2', 'grpc'],
  grpc: ['grpc', 'http2'],
  tcp: ['bytes'],
}

function checkProtocol(
  {port, origin}: Registration,
  protocol: Protocol,
  facts: ServiceFacts,
  findings: Findings,
): void {
  for (const own of proxiedPorts(facts).filter((one) => leadsTo(one, port, facts))) {
    const spoken = spokenOn(own)
    if (asProtocol[protocol].includes(spoken)) continue
    if (spoken === 'detected') {
      // What is HTTP is found out; bytes of a server that speaks first, or that look like HTTP, are not.
      if (protocol !== 'tcp') continue
      const message = `port ${shownPort(own)} says no protocol: connections that look like HTTP are taken for it`
      findings.approximated('MW6106', 'registration', origin, message)
    } else {
      const said = spoken === 'bytes' ? 'bytes' : spoken
      findings.ignored(
        'MW6129',
        'registration',
        origin,
        `port ${shownPort(own)} of the Service says ${said}, and not ${protocol}`,
      )
    }
  }
}

/** Telemetry and graphs of Istio know versions by this label. */
function checkVersions({versions, origin}: Registration, facts: ServiceFacts | undefined, findings: Findings): void {
  if (facts === undefined || facts.pods.length === 0) return
  const known = versionsOf(facts.pods)
  const missing = versions.filter((version) => !known.some((other) => sameVersion(version, other)))
  if (missing.length === 0) return
  const message = `no pod has the label version: ${missing.toSorted(byText).join(' or ')}, by which Istio knows versions`
  findings.ignored('MW6127', 'registration-versions', origin, message)
}
