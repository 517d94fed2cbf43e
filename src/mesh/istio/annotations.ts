import {parseBool} from '../go/bool.ts'
import {parseUnsigned} from '../go/int.ts'
import {canonicalQuantity} from '../go/quantity.ts'
import type {StringMap} from '../pod.ts'
import {isPrefix} from './address.ts'
import {interfaceName, longestInterfaceName} from './version.ts'
import {shown} from './yaml-text.ts'

/** The value of a key that a tenant may have written, never one of a prototype. */
export function own(map: StringMap | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined
}

export const keys = {
  agentLogLevel: 'sidecar.istio.io/agentLogLevel',
  bootstrapOverride: 'sidecar.istio.io/bootstrapOverride',
  capNetBindService: 'sidecar.istio.io/capNetBindService',
  componentLogLevel: 'sidecar.istio.io/componentLogLevel',
  datadogEnv: 'apm.datadoghq.com/env',
  defaultContainer: 'kubectl.kubernetes.io/default-container',
  defaultLogsContainer: 'kubectl.kubernetes.io/default-logs-container',
  excludeInboundPorts: 'traffic.sidecar.istio.io/excludeInboundPorts',
  excludeInterfaces: 'traffic.sidecar.istio.io/excludeInterfaces',
  excludeOutboundIPRanges: 'traffic.sidecar.istio.io/excludeOutboundIPRanges',
  excludeOutboundPorts: 'traffic.sidecar.istio.io/excludeOutboundPorts',
  failureThreshold: 'readiness.status.sidecar.istio.io/failureThreshold',
  includeInboundPorts: 'traffic.sidecar.istio.io/includeInboundPorts',
  includeOutboundIPRanges: 'traffic.sidecar.istio.io/includeOutboundIPRanges',
  includeOutboundPorts: 'traffic.sidecar.istio.io/includeOutboundPorts',
  initialDelaySeconds: 'readiness.status.sidecar.istio.io/initialDelaySeconds',
  inject: 'sidecar.istio.io/inject',
  interceptionMode: 'sidecar.istio.io/interceptionMode',
  kubevirtInterfaces: 'traffic.sidecar.istio.io/kubevirtInterfaces',
  logLevel: 'sidecar.istio.io/logLevel',
  mergeMetrics: 'prometheus.istio.io/merge-metrics',
  nativeSidecar: 'sidecar.istio.io/nativeSidecar',
  networks: 'k8s.v1.cni.cncf.io/networks',
  overrides: 'proxy.istio.io/overrides',
  periodSeconds: 'readiness.status.sidecar.istio.io/periodSeconds',
  proxyConfig: 'proxy.istio.io/config',
  proxyCPU: 'sidecar.istio.io/proxyCPU',
  proxyCPULimit: 'sidecar.istio.io/proxyCPULimit',
  proxyImage: 'sidecar.istio.io/proxyImage',
  proxyImageType: 'sidecar.istio.io/proxyImageType',
  proxyMemory: 'sidecar.istio.io/proxyMemory',
  proxyMemoryLimit: 'sidecar.istio.io/proxyMemoryLimit',
  rerouteInterfaces: 'istio.io/reroute-virtual-interfaces',
  revision: 'istio.io/rev',
  rewriteProbers: 'sidecar.istio.io/rewriteAppHTTPProbers',
  status: 'sidecar.istio.io/status',
  statusPort: 'status.sidecar.istio.io/port',
  templates: 'inject.istio.io/templates',
  userVolume: 'sidecar.istio.io/userVolume',
  userVolumeMount: 'sidecar.istio.io/userVolumeMount',
} as const

/** Says what was expected, or nothing where the value is good. */
type Check = (value: string) => string | undefined

/** The annotations that istiod checks before it injects (pkg/kube/inject/validate.go); proxy.istio.io/config has its own reader. */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  [
    keys.interceptionMode,
    (value) => (['REDIRECT', 'TPROXY', 'NONE'].includes(value) ? undefined : 'use REDIRECT, TPROXY or NONE'),
  ],
  [keys.statusPort, (value) => (isPort(value) ? undefined : 'use a port')],
  [keys.initialDelaySeconds, seconds],
  [keys.periodSeconds, seconds],
  [keys.failureThreshold, seconds],
  [keys.includeOutboundIPRanges, (value) => (value === '*' ? undefined : prefixes(value))],
  [keys.excludeOutboundIPRanges, prefixes],
  [keys.includeInboundPorts, (value) => (value === '*' ? undefined : ports(value))],
  [keys.excludeInboundPorts, ports],
  [keys.excludeOutboundPorts, ports],
  [keys.excludeInterfaces, interfaces],
  [keys.kubevirtInterfaces, interfaces],
  [keys.rerouteInterfaces, interfaces],
  [keys.mergeMetrics, (value) => (parseBool(value) === undefined ? 'use true or false' : undefined)],
  [keys.proxyCPU, quantity],
  [keys.proxyMemory, quantity],
  [keys.proxyCPULimit, quantity],
  [keys.proxyMemoryLimit, quantity],
])

/** The first annotation that istiod would refuse the pod for, as a sentence. */
export function annotationProblem(annotations: StringMap): string | undefined {
  for (const key of Object.keys(annotations)) {
    const value = annotations[key]
    const fault = value === undefined ? undefined : checks.get(key)?.(value)
    if (value !== undefined && fault !== undefined) return invalid(key, value, fault)
  }
  return undefined
}

export function invalid(key: string, value: string, fault: string): string {
  return `invalid value ${shown(value)} for annotation ${key}: ${fault}`
}

function isPort(value: string): boolean {
  return parseUnsigned(value.trim(), 10, 16).ok
}

function ports(value: string): string | undefined {
  const list = value.trim()
  return list === '' || list.split(',').every(isPort) ? undefined : 'use ports from 0 to 65535 with commas between'
}

function prefixes(value: string): string | undefined {
  return value === '' || value.split(',').every(isPrefix)
    ? undefined
    : 'use address ranges such as 10.0.0.0/8 with commas and no spaces between'
}

function interfaces(value: string): string | undefined {
  return value === '' || value.split(',').every((item) => isInterface(item.trim()))
    ? undefined
    : `use names of network interfaces, at most ${longestInterfaceName} characters each, with commas between`
}

function isInterface(name: string): boolean {
  return name.length <= longestInterfaceName && interfaceName.test(name)
}

function seconds(value: string): string | undefined {
  return parseUnsigned(value, 10, 32).ok ? undefined : 'use a whole number'
}

function quantity(value: string): string | undefined {
  return canonicalQuantity(value) === undefined ? 'use a quantity such as 100m or 128Mi' : undefined
}
