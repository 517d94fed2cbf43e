import type {RuleFinding} from '../mesh/translation.ts'
import type {MeshServiceSpec} from '../rules/mesh-service.ts'
import {lasting, nearestMillisecond} from './draft.ts'
import type {Governor} from './governance.ts'
import type {Registration, ServiceFacts, ServiceName} from './intent.ts'
import {faultsOf, ignored, refused} from './problem.ts'
import {leadsTo} from './protocol.ts'
import type {Registered} from './rule.ts'
import {shownService} from './unit.ts'
import {distinctVersions} from './versions.ts'
import type {View} from './view.ts'

/** What became of what a service says of itself. */
export interface RegistrationVerdict {
  readonly registration?: Registration
  readonly problems: readonly RuleFinding[]
  readonly held: boolean
}

export function registrationOf(service: ServiceName, governor: Governor, view: View): RegistrationVerdict {
  const rule = view.registered(service)
  if (rule === undefined) return {problems: [], held: false}
  if (!rule.reading.ok) return {problems: faultsOf(rule), held: true}
  const {spec} = rule.reading
  const origin = rule.site.at(['spec'])
  if (governor.configuration.mesh.serviceDiscovery?.enabled === false) {
    const message = 'mesh.serviceDiscovery.enabled is false, so that services are not registered'
    return {problems: [ignored('MW6018', 'registration', origin, message)], held: false}
  }
  if (view.isMissing(service)) {
    const message = `there is no Service ${shownService(service)}`
    return {problems: [refused('MW6001', 'registration', origin, message)], held: true}
  }
  const facts = view.facts(service)
  const wrongPort = portFault(spec, facts)
  if (wrongPort !== undefined) {
    return {problems: [refused('MW6019', 'registration', rule.site.at(['spec', 'port']), wrongPort)], held: true}
  }
  return {registration: read(rule, spec, governor), problems: [], held: false}
}

function portFault({port}: MeshServiceSpec, facts: ServiceFacts | undefined): string | undefined {
  if (facts === undefined || facts.ports.length === 0) return undefined
  if (facts.ports.some((own) => leadsTo(own, port, facts))) return undefined
  // Where a name leads is known from pods alone.
  if (facts.pods.length === 0 && facts.ports.some(({targetPort}) => typeof targetPort === 'string')) return undefined
  const told = facts.ports.map(({port, targetPort}) => (port === targetPort ? port : `${port} to ${targetPort}`))
  return `the Service has no port ${port}, and none that leads to it; it has ${told.join(', ')}`
}

function read({site}: Registered, spec: MeshServiceSpec, governor: Governor): Registration {
  const {port, versions = [], tags = [], metadata = {}, healthCheck} = spec
  const configured = governor.configuration.mesh.serviceDiscovery?.healthCheckInterval
  const usual = configured === undefined ? undefined : nearestMillisecond(configured)
  const {path, timeout} = healthCheck ?? {}
  const interval = healthCheck?.interval === undefined ? usual : lasting(healthCheck.interval)
  const origin =
    healthCheck === undefined
      ? governor.site.at(['mesh', 'serviceDiscovery', 'healthCheckInterval'])
      : site.at(['spec', 'healthCheck'])
  return {
    origin: site.at(['spec']),
    port,
    versions: distinctVersions(versions.map(({name}) => name)),
    tags: [...new Set(tags)],
    metadata: Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(healthCheck === undefined && usual === undefined
      ? {}
      : {
          healthCheck: {
            ...(path === undefined ? {} : {path}),
            ...(interval === undefined ? {} : {interval}),
            ...(timeout === undefined ? {} : {timeout: lasting(timeout)}),
            origin,
          },
        }),
  }
}
