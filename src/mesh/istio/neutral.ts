import type {MeshSection} from '../../config/schema.ts'
import type {Finding} from '../finding.ts'
import {isPlainEnvoy} from '../image.ts'
import type {Values} from '../values.ts'
import {lay} from './values.ts'

export interface NeutralSettings {
  /** The chart values that the neutral keys stand for; they win over what `mesh.istio.values` says. */
  readonly values: Values
  readonly findings: readonly Finding[]
  readonly proxy: 'istio' | 'envoy'
  readonly image: string | undefined
}

/** istiod serves discovery over TLS here; 15010 is the same in plaintext, which its own proxies do not speak. */
const securePort = 15012

/** What the mesh-neutral keys mean to Istio's sidecar. What only the controller acts on leaves no trace here. */
export function neutralSettings(section: MeshSection): NeutralSettings {
  const findings: Finding[] = []
  const image = sidecarImage(section, findings)
  const proxyConfig = section.sidecar?.proxy?.config
  const defaultConfig: Values = {
    ...discoveryAddress(section, image.proxy, findings),
    ...(proxyConfig?.statNameLength === undefined || image.proxy === 'envoy'
      ? {}
      : {statNameLength: proxyConfig.statNameLength}),
    ...(section.telemetry?.samplingRate === undefined
      ? {}
      : {tracing: {sampling: percent(section.telemetry.samplingRate)}}),
  }
  const meshConfig: Values = {
    ...(Object.keys(defaultConfig).length === 0 ? {} : {defaultConfig}),
    ...(section.telemetry?.enabled === false ? {enablePrometheusMerge: false} : {}),
  }
  if (proxyConfig?.enableProfiling !== undefined && image.proxy === 'istio') {
    findings.push({
      kind: 'ignored',
      key: 'mesh.sidecar.proxy.config.enableProfiling',
      message: "profiling is a flag of Istio's agent and not of the pod",
    })
  }
  if (section.serviceDiscovery?.healthCheckInterval !== undefined) {
    findings.push({
      kind: 'ignored',
      key: 'mesh.serviceDiscovery.healthCheckInterval',
      message: "Istio takes health from Kubernetes' probes",
    })
  }
  let values: Values = Object.keys(meshConfig).length === 0 ? {} : {meshConfig}
  const resources = section.sidecar?.resources
  if (resources !== undefined) values = lay(values, {global: {proxy: {resources}}})
  return {values, findings, ...image}
}

/** Rates are from 0 to 1, Istio's sampling is in per cent; 0.07 must not become 7.000000000000001. */
export function percent(rate: number): number {
  return Number((rate * 100).toPrecision(12))
}

function sidecarImage(
  section: MeshSection,
  findings: Finding[],
): {readonly proxy: 'istio' | 'envoy'; readonly image: string | undefined} {
  const image = section.sidecarImage
  if (image === undefined) return {proxy: 'istio', image}
  if (!isPlainEnvoy(image)) return {proxy: 'istio', image}
  if (section.security?.mutualTLS === true) {
    findings.push({
      kind: 'replaced',
      key: 'mesh.sidecarImage',
      message: "mesh.security.mutualTLS needs an identity, so Istio's own proxy image is used",
    })
    return {proxy: 'istio', image: undefined}
  }
  return {proxy: 'envoy', image}
}

function discoveryAddress(section: MeshSection, proxy: 'istio' | 'envoy', findings: Finding[]): Values {
  const {address, port} = section.controlPlane ?? {}
  if (address === undefined && port === undefined) return {}
  // The bare Envoy speaks plaintext gRPC to the very address and port.
  if (proxy === 'envoy') return {}
  if (port !== undefined && port !== securePort) {
    findings.push({
      kind: 'ignored',
      key: 'mesh.controlPlane.port',
      message: `Istio's proxies need ${securePort}, with TLS; the chart's address stays`,
    })
    return {}
  }
  return address === undefined ? {} : {discoveryAddress: `${address}:${securePort}`}
}
