import type {MeshSection} from '../../../config/schema.ts'
import type {Finding} from '../../finding.ts'
import type {Subject} from '../../mesh.ts'
import {keys, own} from '../annotations.ts'
import type {Rendering} from '../rendering.ts'
import type {Chart} from '../values.ts'
import {envoyImage} from './image.ts'
import {keepsOwnScrape} from './metrics.ts'
import {collectorAt, plaintextPort, securePort} from './settings.ts'

/**
 * What a plain Envoy loses, and which of the configuration's keys it cannot follow. Of what istiod must be told only that
 * is named which the configuration does not say yet. Measured with istiod 1.31 and Envoy 1.40: otherwise Envoy rejects
 * istiod's clusters and listeners, or waits for certificates that nobody serves and never becomes ready, also those of
 * the inbound listener, which accepts mutual TLS unless a PeerAuthentication disables it.
 */
export function envoyFindings(section: MeshSection, chart: Chart): Finding[] {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], key: string, message: string) => findings.push({kind, key, message})
  const image = (message: string) => find('approximated', 'mesh.sidecarImage', message)

  image('a plain Envoy has no workload identity: no certificate, no mutual TLS')
  image('no agent: no probe rewriting, no merged metrics, no DNS capture, no drain on exit')
  for (const name of ['PILOT_ENABLE_METADATA_EXCHANGE', 'PILOT_ENABLE_ALPN_FILTER']) {
    if (chart.text(`env.${name}`) !== 'false') image(`istiod must run with ${name}=false`)
  }
  if (chart.at('meshConfig.enableAutoMtls') !== false) image("istiod's mesh config must say enableAutoMtls: false")
  image('its pods need a PeerAuthentication of mtls mode DISABLE, or they never become ready')

  const config = section.sidecar?.proxy?.config
  if (config?.accessLogFile !== undefined && config.accessLogFile !== '/dev/stdout') {
    find('ignored', 'mesh.sidecar.proxy.config.accessLogFile', 'its files are read-only; use /dev/stdout')
  }
  if (config?.statNameLength !== undefined) {
    find('ignored', 'mesh.sidecar.proxy.config.statNameLength', 'Envoy does not limit names of metrics')
  }
  if (section.telemetry?.metrics !== undefined) {
    find('ignored', 'mesh.telemetry.metrics', "a plain Envoy has its own metrics and not Istio's")
  }
  if (section.controlPlane?.port === securePort) {
    find('replaced', 'mesh.controlPlane.port', `${securePort} wants a certificate, so ${plaintextPort} is used`)
  }
  const {enabled, endpoint} = section.tracing ?? {}
  if (endpoint !== undefined && enabled !== false) {
    if (collectorAt(endpoint) === undefined) find('ignored', 'mesh.tracing.endpoint', 'it must be host:port')
    else if (chart.at('meshConfig.enableTracing') !== true) {
      find('approximated', 'mesh.tracing.endpoint', "used once istiod's mesh config says enableTracing: true")
    }
  }
  return findings
}

/** Annotations that pilot-agent reads, or that choose what only Istio's own image has. */
const agentKeys = [
  keys.bootstrapOverride,
  keys.proxyImageType,
  keys.rewriteProbers,
  keys.userVolume,
  keys.userVolumeMount,
  'sidecar.istio.io/extraStatTags',
  'sidecar.istio.io/statsFlushInterval',
  'sidecar.istio.io/statsHistogramBuckets',
  'sidecar.istio.io/statsInclusionPrefixes',
  'sidecar.istio.io/statsInclusionRegexps',
  'sidecar.istio.io/statsInclusionSuffixes',
]

/** What one pod asks for and a plain Envoy cannot follow. */
export function envoyPodFindings(
  {pod, overrides}: Subject,
  {settings, annotations, native, hold}: Rendering,
): Finding[] {
  const findings: Finding[] = []
  for (const key of agentKeys) {
    if (own(annotations, key) === undefined) continue
    findings.push({kind: 'ignored', key, message: 'it is for an agent, and a plain Envoy has none'})
  }
  const image = own(annotations, keys.proxyImage)
  if (image !== undefined && image !== envoyImage({settings, annotations})) {
    findings.push({kind: 'ignored', key: keys.proxyImage, message: 'the sidecar is a plain Envoy; name one'})
  }
  if (keepsOwnScrape(pod.metadata.annotations ?? {}, settings)) {
    findings.push({
      kind: 'approximated',
      key: 'prometheus.io/port',
      message: "kept; the sidecar's metrics are on 15090",
    })
  }
  if (hold && !native) {
    const key =
      overrides.holdUntilReady === true ? 'meshwright.dev/hold-until-ready' : 'holdApplicationUntilProxyStarts'
    findings.push({kind: 'approximated', key, message: 'the sidecar starts first, but nothing waits until it is ready'})
  }
  return findings
}
