import type {Neighbour, PodFacts, ServiceFacts, ServicePort} from '../../../intent/intent.ts'
import type {StringMap} from '../../pod.ts'
import {own} from '../annotations.ts'
import type {InstalledPolicy} from './installed-policy.ts'
import {containerPorts, opaqueContainerPort, portKind, tcpPorts} from './port.ts'

/** A port of the pods, which one Server may be made for; several ports of a Service may lead to it. */
export interface ServerPort {
  /** The Service's port that names the Server: the lowest. */
  readonly port: number
  readonly target: number | string
  /** The container ports it stands for; empty where no pod is known that has the name. */
  readonly containers: readonly number[]
  /** What its Server says; `unknown` looks at each connection, as the proxy does without a Server. */
  readonly protocol: 'unknown' | 'HTTP/1' | 'HTTP/2' | 'opaque'
}

/** Each port of the pods once: the policy controller takes the first Server of a port, and says so in its log only. */
export function serverPorts(
  facts: ServiceFacts,
  plainTcp: boolean,
  {opaquePorts}: InstalledPolicy,
): readonly ServerPort[] {
  const found: ServerPort[] = []
  for (const port of [...tcpPorts(facts)].sort((one, other) => one.port - other.port)) {
    const containers = containerPorts(port.targetPort, facts.pods)
    const known = found.some(
      ({target, containers: before}) => target === port.targetPort || before.some((one) => containers.includes(one)),
    )
    if (known) continue
    const opaque = containers.some((container) => opaqueContainerPort(container, facts.pods, opaquePorts))
    const protocol = opaque ? 'opaque' : protocolOf(port, facts, plainTcp, opaquePorts)
    found.push({port: port.port, target: port.targetPort, containers, protocol})
  }
  return found
}

function protocolOf(
  port: ServicePort,
  facts: ServiceFacts,
  plainTcp: boolean,
  opaqueByDefault: string,
): ServerPort['protocol'] {
  const {kind} = portKind(port, facts, opaqueByDefault)
  if (kind === 'http1') return 'HTTP/1'
  if (kind === 'http2') return 'HTTP/2'
  return kind === 'opaque' || plainTcp ? 'opaque' : 'unknown'
}

/** Another Service whose own rules ask something of the same port of the same pods. */
export function sharing({containers}: ServerPort, {selector, pods, neighbours}: ServiceFacts): readonly Neighbour[] {
  return neighbours.filter((neighbour) => {
    if (neighbour.guarded === undefined || neighbour.selector === undefined || neighbour.managedFor !== undefined)
      return false
    const both = pods.filter(({labels}) => neighbour.selector !== undefined && picks(neighbour.selector, labels))
    if (both.length === 0 && !(pods.length === 0 && isAlike(neighbour.selector, selector))) return false
    return (neighbour.ports ?? []).some(({targetPort}) => reaches(targetPort, both, containers))
  })
}

function reaches(target: number | string, pods: readonly PodFacts[], containers: readonly number[]): boolean {
  return containerPorts(target, pods).some((port) => containers.includes(port))
}

function picks(selector: StringMap, labels: StringMap): boolean {
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => own(labels, key) === value)
}

function isAlike(one: StringMap, other: StringMap): boolean {
  return picks(one, other) && picks(other, one)
}

/** The paths that the kubelet asks the port for; undefined where nobody looked. */
export function probePaths({containers}: ServerPort, pods: readonly PodFacts[]): readonly string[] | undefined {
  if (pods.some(({probes}) => probes === undefined)) return undefined
  const found = pods.flatMap((pod) =>
    (pod.probes ?? [])
      .filter(({port}) => containerPorts(port, [pod]).some((one) => containers.includes(one)))
      // A route looks at the path alone.
      .map(({path}) => path.replace(/[?#].*$/s, '') || '/'),
  )
  return [...new Set(found)].sort()
}
