import type {Finding} from '../finding.ts'
import type {PodOverrides} from '../overrides.ts'
import type {Wishes} from './wishes.ts'

/** The per-pod overrides that Consul cannot follow, or not to the letter. */
export function overrideFindings(overrides: PodOverrides, wishes: Wishes): readonly Finding[] {
  const findings: Finding[] = []
  const {accessLog, samplingRate, logLevel, holdUntilReady} = overrides
  if (accessLog !== undefined) {
    findings.push(ignored('access-log', 'Consul logs access for all proxies or none (ProxyDefaults)'))
  }
  if (samplingRate !== undefined) {
    findings.push(ignored('sampling-rate', 'Consul samples for all proxies alike (ProxyDefaults)'))
  }
  if (logLevel === 'critical' || logLevel === 'off') {
    findings.push({
      kind: 'approximated',
      key: 'meshwright.dev/log-level',
      message: `Consul's dataplane has no ${logLevel}; error is its quietest level`,
    })
  }
  if (holdUntilReady === true && !wishes.nativeSidecar) {
    findings.push(ignored('hold-until-ready', 'Consul holds back only with meshwright.dev/native-sidecar'))
  }
  if (holdUntilReady === false && wishes.nativeSidecar) {
    findings.push(ignored('hold-until-ready', 'a native sidecar always holds the application back'))
  }
  return findings
}

function ignored(setting: string, message: string): Finding {
  return {kind: 'ignored', key: `meshwright.dev/${setting}`, message}
}
