import type {Backend, ServiceFacts, ServiceName, ServicePort} from '../../../intent/intent.ts'
import type {Findings} from './findings.ts'
import {tcpPorts} from './port.ts'
import {versionServiceNames} from './version-service.ts'

const most = 16

/** What a route of a service may send requests to. */
export interface BackendScope {
  readonly service: ServiceName
  readonly facts: ServiceFacts | undefined
  /** Versions of the service with the names of their Services. */
  readonly versions: ReadonlyMap<string, string>
}

/** True where the requests stay with the service that was called, so that its ports need not be known. */
export function staysHome(backends: readonly Backend[], {service}: BackendScope): boolean {
  return backends.every(
    (backend) => isSame(backend.service, service) && backend.subset === undefined && backend.port === undefined,
  )
}

/** The backends of one rule for callers of one port. Linkerd asks no ReferenceGrant for another namespace's Service. */
export function backendRefs(
  backends: readonly Backend[],
  port: ServicePort,
  scope: BackendScope,
  findings: Findings,
): readonly object[] {
  if (backends.length > most) {
    const [first] = backends
    if (first !== undefined)
      findings.refused(
        'MW6211',
        'split',
        first.origin,
        `a route has at most ${most} backends, and here are ${backends.length}`,
      )
    return []
  }
  return backends.flatMap((backend) => {
    const name = backendName(backend, scope, findings)
    const at = backendPort(backend, port, scope, findings)
    if (name === undefined || at === undefined) return []
    const elsewhere = backend.service.namespace !== scope.service.namespace
    return [
      {
        group: '',
        kind: 'Service',
        name,
        ...(elsewhere && {namespace: backend.service.namespace}),
        port: at,
        weight: backend.weight,
      },
    ]
  })
}

function backendName({service, subset, origin}: Backend, scope: BackendScope, findings: Findings): string | undefined {
  if (subset === undefined) return service.name
  if (!isSame(service, scope.service)) {
    const name = versionServiceNames(service.name, [subset]).get(subset)
    findings.approximated(
      'MW6220',
      'other-service',
      origin,
      `Service ${name ?? ''} exists only while a rule for ${service.name} names version ${subset}; without it these requests fail`,
    )
    return name
  }
  const name = scope.versions.get(subset)
  if (name === undefined)
    findings.refused('MW6203', 'subsets', origin, `no labels say what version ${subset} of ${service.name} is`)
  return name
}

function backendPort(
  {service, port, origin}: Backend,
  called: ServicePort,
  {service: own, facts}: BackendScope,
  findings: Findings,
): number | undefined {
  const home = isSame(service, own)
  const neighbour =
    service.namespace === own.namespace ? facts?.neighbours.find(({name}) => name === service.name) : undefined
  const known = home ? facts?.ports : neighbour?.ports
  if (known === undefined) {
    if (port === undefined)
      findings.approximated(
        'MW6213',
        'other-service',
        origin,
        `${service.name} is taken to listen on port ${called.port}, as this service does`,
      )
    return port ?? called.port
  }
  const ports = known.filter(({protocol}) => protocol === 'TCP' || protocol === '').map((one) => one.port)
  const [only] = ports
  const found = port ?? (ports.includes(called.port) ? called.port : ports.length === 1 ? only : undefined)
  if (found !== undefined && ports.includes(found)) return found
  const listed = ports.length === 0 ? 'none' : ports.join(', ')
  findings.refused(
    'MW6213',
    home ? 'split' : 'other-service',
    origin,
    `Service ${service.name} has no port ${port ?? called.port} (it has ${listed})`,
  )
  return undefined
}

export function isSame(one: ServiceName, other: ServiceName): boolean {
  return one.namespace === other.namespace && one.name === other.name
}

/** The ports of a service that routes may be made for; undefined where nobody knows. */
export function knownPorts(facts: ServiceFacts | undefined): readonly ServicePort[] | undefined {
  return facts === undefined ? undefined : tcpPorts(facts)
}
