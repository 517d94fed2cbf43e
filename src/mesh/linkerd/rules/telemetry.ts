import type {NamespaceIntent} from '../../../intent/intent.ts'
import type {Feature} from '../../../intent/features.ts'
import type {LinkerdRuleCode} from '../../../codes/rules-linkerd.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Part} from '../../translation.ts'
import {partOf} from '../../part.ts'
import {Findings} from './findings.ts'

const byRequestOnly = ['request_size', 'response_size'] as const

/** Linkerd keeps nothing of it in objects: what it can do at all is done to the sidecar at injection. */
export function telemetryPart({settings, originOf}: NamespaceIntent): Part | undefined {
  const findings = new Findings()
  const origins: Origin[] = []
  const ignored = (code: LinkerdRuleCode, feature: Feature, path: string, message: string) =>
    findings.ignored(code, feature, wrote(path), message)
  const wrote = (path: string): Origin => {
    const origin = originOf(path)
    origins.push(origin)
    return origin
  }
  const {telemetry, tracing, serviceDiscovery, sidecar} = settings
  if (telemetry?.enabled === false)
    ignored('MW6240', 'metrics-off', 'mesh.telemetry.enabled', "Linkerd's proxies always serve their metrics")
  if (telemetry?.metrics !== undefined) {
    const missing = byRequestOnly.filter((metric) => telemetry.metrics?.includes(metric))
    const sizes = missing.length === 0 ? '' : `, and ${missing.join(' and ')} are sums of frames, not a distribution`
    findings.approximated(
      'MW6240',
      'metrics-list',
      wrote('mesh.telemetry.metrics'),
      `Linkerd's proxies serve all their metrics${sizes}`,
    )
  }
  if (telemetry?.samplingRate !== undefined)
    ignored(
      'MW6241',
      'sampling',
      'mesh.telemetry.samplingRate',
      'Linkerd samples nothing: it follows the traces that applications start',
    )
  if (tracing?.enabled === true && tracing.endpoint === undefined)
    ignored('MW6242', 'tracing', 'mesh.tracing.enabled', 'without mesh.tracing.endpoint no proxy sends traces')
  const file = sidecar?.proxy?.config?.accessLogFile
  const filePath = 'mesh.sidecar.proxy.config.accessLogFile'
  if (file === '/dev/stdout')
    findings.approximated(
      'MW6243',
      'access-log',
      wrote(filePath),
      "the log has Linkerd's own format, and starts when a pod is injected",
    )
  else if (file !== undefined)
    ignored('MW6244', 'access-log-file', filePath, `Linkerd's proxy cannot log to ${JSON.stringify(file)}`)
  if (serviceDiscovery?.healthCheckInterval !== undefined)
    ignored(
      'MW6246',
      'health-check',
      'mesh.serviceDiscovery.healthCheckInterval',
      'the probes of each container keep their own interval',
    )
  return origins.length === 0 ? undefined : partOf('telemetry', origins, findings)
}
