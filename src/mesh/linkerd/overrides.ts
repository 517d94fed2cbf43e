import type {Finding} from '../finding.ts'
import type {PodOverrides} from '../overrides.ts'
import {wholeCores} from './proxy-resources.ts'
import type {ProxySettings} from './settings.ts'
import type {Draft} from './annotations.ts'

const logLevels: Readonly<Record<NonNullable<PodOverrides['logLevel']>, string>> = {
  trace: 'warn,linkerd=trace,hickory=error',
  debug: 'warn,linkerd=debug,hickory=error',
  info: 'warn,linkerd=info,hickory=error',
  warning: 'warn,hickory=error',
  error: 'error',
  critical: 'error',
  off: 'off',
}

/** A pod's `meshwright.dev/` settings over everything else; the same settings come back where it has none. */
export function applyOverrides(settings: ProxySettings, overrides: PodOverrides, findings: Finding[]): ProxySettings {
  for (const _ in overrides) return apply({...settings}, overrides, findings)
  return settings
}

/**
 * Native annotations that say the same as the pod's `meshwright.dev/` settings: the destination controller and the CNI
 * plugin read them from the pod while it runs.
 */
export function nativeAnnotations({excludeInboundPorts, excludeOutboundPorts}: PodOverrides): [string, string][] {
  return [
    ...(excludeInboundPorts ? [skip('inbound', excludeInboundPorts)] : []),
    ...(excludeOutboundPorts ? [skip('outbound', excludeOutboundPorts)] : []),
  ]
}

function skip(direction: 'inbound' | 'outbound', ports: readonly number[]): [string, string] {
  return [`config.linkerd.io/skip-${direction}-ports`, ports.join(',')]
}

function apply(draft: Draft, overrides: PodOverrides, findings: Finding[]): ProxySettings {
  const {proxyCpuRequest, proxyCpuLimit, proxyMemoryRequest, proxyMemoryLimit, concurrency, logLevel} = overrides
  if (proxyCpuRequest !== undefined) {
    draft.cpuRequest = proxyCpuRequest
    draft.workersMinimum = wholeCores(proxyCpuRequest) ?? draft.workersMinimum
  }
  if (proxyCpuLimit !== undefined) {
    draft.cpuLimit = proxyCpuLimit
    draft.workersMaximum = wholeCores(proxyCpuLimit) ?? draft.workersMaximum
  }
  if (proxyMemoryRequest !== undefined) draft.memoryRequest = proxyMemoryRequest
  if (proxyMemoryLimit !== undefined) draft.memoryLimit = proxyMemoryLimit
  if (concurrency !== undefined) setWorkers(draft, concurrency)
  if (logLevel !== undefined) {
    draft.logLevel = logLevels[logLevel]
    if (logLevel === 'critical') {
      findings.push({
        kind: 'approximated',
        key: 'meshwright.dev/log-level',
        message: 'the proxy knows no level above error',
      })
    }
  }
  if (overrides.accessLog === true) draft.accessLog ||= 'apache'
  if (overrides.accessLog === false) draft.accessLog = ''
  if (overrides.excludeInboundPorts) draft.ignoreInboundPorts = overrides.excludeInboundPorts.join(',')
  if (overrides.excludeOutboundPorts) draft.ignoreOutboundPorts = overrides.excludeOutboundPorts.join(',')
  if (overrides.holdUntilReady !== undefined) draft.await = overrides.holdUntilReady
  if (overrides.nativeSidecar !== undefined) draft.nativeSidecar = overrides.nativeSidecar
  if (overrides.excludeOutboundCidrs) {
    findings.push({
      kind: 'ignored',
      key: 'meshwright.dev/exclude-outbound-cidrs',
      message: "Linkerd's skip-subnets is for inbound traffic only",
    })
  }
  if (overrides.samplingRate !== undefined) {
    findings.push({
      kind: 'ignored',
      key: 'meshwright.dev/sampling-rate',
      message: 'the proxy starts no traces; it follows those it is given',
    })
  }
  return draft
}

/** That many threads; 0 means as many as there are cores, which the proxy is told as a share of them. */
function setWorkers(draft: Draft, concurrency: number): void {
  draft.cores = 0n
  draft.workersMinimum = BigInt(Math.max(concurrency, 1))
  draft.workersMaximum = BigInt(concurrency)
  draft.workersRatio = concurrency === 0 ? 1 : 0
}
