import {goJson} from '../go/struct.ts'
import type {PodOverrides} from '../overrides.ts'
import type {Container} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {sidecarName} from './keys.ts'
import type {Wishes} from './wishes.ts'

/** Where Envoy serves a container's HTTP probes under transparent proxy: the first container's ports. */
const probePorts = {livenessProbe: 20300, readinessProbe: 20400, startupProbe: 20500} as const
export type ProbeName = keyof typeof probePorts
export const probeNames = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const satisfies readonly ProbeName[]

export const proxyHealthPort = 21000
export const proxyInboundPort = 20000
const proxyOutboundPort = 15001
export const dnsPort = 8600

export function probePort(probe: ProbeName, index: number): number {
  return probePorts[probe] + index
}

/** The lists of what interception leaves out that a pod asks for; undefined where it says nothing. */
export interface Exclusions {
  readonly inboundPorts: readonly string[]
  readonly outboundPorts: readonly string[]
  readonly outboundCidrs: readonly string[]
  readonly uids: readonly string[]
}

export function readExclusions(annotations: Annotations, overrides: PodOverrides): Exclusions {
  return {
    inboundPorts:
      overrides.excludeInboundPorts?.map(String) ?? annotations.list('transparent-proxy-exclude-inbound-ports'),
    outboundPorts:
      overrides.excludeOutboundPorts?.map(String) ?? annotations.list('transparent-proxy-exclude-outbound-ports'),
    outboundCidrs: overrides.excludeOutboundCidrs ?? annotations.list('transparent-proxy-exclude-outbound-cidrs'),
    uids: annotations.list('transparent-proxy-exclude-uids'),
  }
}

/**
 * The rules of traffic interception as JSON text: iptables.Config of consul/sdk, in the order and with the nulls of Go.
 * `containers` are the application's; `dnsAddress` is '' without DNS redirection.
 */
export function redirectConfig(
  containers: readonly Container[],
  wishes: Wishes,
  exclusions: Exclusions,
  prometheusPort: number,
  users: {readonly proxy: number; readonly init: number},
  dnsAddress: string,
): string {
  const inbound: string[] = []
  if (wishes.metrics) inbound.push(String(prometheusPort))
  if (wishes.proxyHealthCheck) inbound.push(String(proxyHealthPort))
  if (wishes.overwriteProbes) {
    let index = 0
    for (const container of containers) {
      if (container.name === sidecarName) continue
      for (const probe of probeNames) {
        if (container[probe]?.httpGet !== undefined) inbound.push(String(probePort(probe, index)))
      }
      index++
    }
  }
  return goJson({
    ConsulDNSIP: dnsAddress,
    ConsulDNSPort: dnsAddress === '' ? 0 : dnsPort,
    ProxyUserID: String(users.proxy),
    ProxyInboundPort: proxyInboundPort,
    ProxyOutboundPort: proxyOutboundPort,
    ExcludeInboundPorts: orNull([...inbound, ...exclusions.inboundPorts]),
    ExcludeOutboundPorts: orNull(exclusions.outboundPorts),
    ExcludeOutboundCIDRs: orNull(exclusions.outboundCidrs),
    ExcludeUIDs: [String(users.init), ...exclusions.uids],
    NetNS: '',
    IptablesProvider: null,
  })
}

function orNull(list: readonly string[]): readonly string[] | null {
  return list.length > 0 ? list : null
}
