import {flatText} from '../flat.ts'
import type {Annotations} from './annotations.ts'
import type {PodPorts} from './ports.ts'
import type {Metrics} from './settings.ts'

export function metricsEnabled(annotations: Annotations, {enabled}: Metrics): boolean {
  return annotations.flagUnlessEmpty('enable-metrics') ?? enabled
}

export function mergingEnabled(annotations: Annotations, {merging}: Metrics): boolean {
  return annotations.flagUnlessEmpty('enable-metrics-merging') ?? merging
}

export function scrapePort(annotations: Annotations, ports: PodPorts, {scrapePort: otherwise}: Metrics): number {
  return ports.annotated(annotations, 'prometheus-scrape-port', otherwise, 1024)
}

export function scrapePath(annotations: Annotations, {scrapePath: otherwise}: Metrics): string {
  return annotations.text('prometheus-scrape-path') ?? otherwise
}

/**
 * The sidecar's arguments for serving the application's metrics beside Envoy's; none where merging is off or the
 * application has no port. `servicePort` is the value of `connect-service-port`, '' without one.
 */
export function mergingArgs(
  annotations: Annotations,
  ports: PodPorts,
  metrics: Metrics,
  servicePort: string,
  loopback: string,
): readonly string[] {
  const enabled = metricsEnabled(annotations, metrics)
  const merging = mergingEnabled(annotations, metrics)
  // Read for every pod, so that a bad port is refused even where nothing is merged.
  const port = ports.annotated(annotations, 'service-metrics-port', servicePort || '0', 1)
  if (!enabled || !merging || port <= 0) return []

  const mergedPort = ports.annotated(annotations, 'merged-metrics-port', metrics.mergedPort, 1024)
  const path = annotations.text('service-metrics-path') ?? '/metrics'
  const host = loopback.includes(':') ? `[${loopback}]` : loopback
  return [
    flatText('-telemetry-prom-merge-port=', mergedPort),
    flatText('-telemetry-prom-service-metrics-url=http://', host, ':', port, path),
    ...prometheusTls(annotations),
  ]
}

function prometheusTls(annotations: Annotations): readonly string[] {
  const caFile = annotations.text('prometheus-ca-file') ?? ''
  const caPath = annotations.text('prometheus-ca-path') ?? ''
  const certFile = annotations.text('prometheus-cert-file') ?? ''
  const keyFile = annotations.text('prometheus-key-file') ?? ''
  if (caFile === '' && caPath === '' && certFile === '' && keyFile === '') return []
  const needed =
    caFile === '' && caPath === ''
      ? 'prometheus-ca-file or prometheus-ca-path'
      : certFile === ''
        ? 'prometheus-cert-file'
        : keyFile === ''
          ? 'prometheus-key-file'
          : undefined
  if (needed !== undefined) {
    annotations.refuse(`TLS for Prometheus is incomplete: annotation consul.hashicorp.com/${needed} must be given too`)
  }
  return [
    `-telemetry-prom-ca-certs-file=${caFile}`,
    `-telemetry-prom-ca-certs-path=${caPath}`,
    `-telemetry-prom-cert-file=${certFile}`,
    `-telemetry-prom-key-file=${keyFile}`,
  ]
}
