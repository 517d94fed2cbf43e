import {parseUnsigned} from '../go/int.ts'
import type {Container, PodSpec, Probe} from '../pod.ts'

/** Init containers first, as Linkerd 2.20 walks them. */
export function containersOf({initContainers, containers}: PodSpec): readonly Container[] {
  return initContainers === undefined || initContainers.length === 0 ? containers : [...initContainers, ...containers]
}

/**
 * The ports that the proxy discovers policy for: every container port, whatever its protocol, and the numeric ports of
 * HTTP liveness and readiness probes. Linkerd sorts them as texts.
 */
export function inboundPorts(containers: readonly Container[]): string {
  const ports = new Set<number>()
  for (const {ports: listed, readinessProbe, livenessProbe} of containers) {
    for (const {containerPort} of listed ?? []) ports.add(containerPort ?? 0)
    addProbePort(readinessProbe, ports)
    addProbePort(livenessProbe, ports)
  }
  return [...ports].map(String).sort().join(',')
}

/** The containers' ports that are opaque by default, with repetitions, in the order of the containers. */
export function defaultOpaquePorts(containers: readonly Container[], opaque: ReadonlySet<string>): string {
  const found: number[] = []
  for (const {ports} of containers) {
    for (const {containerPort = 0} of ports ?? []) if (opaque.has(String(containerPort))) found.push(containerPort)
  }
  return found.join(',')
}

/** An opaque-ports annotation as the proxy wants it: ports and ranges; names are looked up, what is neither is dropped. */
export function resolveOpaquePorts(text: string, containers: readonly Container[]): string {
  let named: Map<string, number> | undefined
  const resolved: string[] = []
  for (const item of text.replace(/,$/, '').split(',')) {
    const range = item.trim()
    named ??= namedPorts(containers)
    const port = named.get(range)
    const printed = port === undefined ? portRange(range) : String(port)
    if (printed !== undefined) resolved.push(printed)
  }
  return resolved.join(',')
}

function portRange(text: string): string | undefined {
  // Nearly always, and there may be a hundred thousand.
  if (/^[1-9][0-9]{0,3}$/.test(text)) return text
  const [from = '', to = from, ...more] = text.split('-', 3)
  const lower = parseUnsigned(from, 10, 16)
  const upper = parseUnsigned(to, 10, 16)
  if (more.length > 0 || !lower.ok || !upper.ok || upper.value < lower.value) return undefined
  return lower.value === upper.value ? String(lower.value) : `${lower.value}-${upper.value}`
}

/** The last port of a name wins. */
function namedPorts(containers: readonly Container[]): Map<string, number> {
  const named = new Map<string, number>()
  for (const {ports} of containers) {
    for (const {name, containerPort = 0} of ports ?? [])
      if (name !== undefined && name !== '') named.set(name, containerPort)
  }
  return named
}

function addProbePort(probe: Probe | undefined, ports: Set<number>): void {
  const http = probe?.httpGet
  if (http === undefined) return
  const {port = 0} = http
  if (typeof port === 'number') ports.add(port)
}
