import type {Configuration} from '../../config/schema.ts'
import type {Finding} from '../finding.ts'
import type {Values} from '../values.ts'

/** What the neutral keys of a configuration mean to Consul: values to lay over the chart's, and what cannot be followed. */
export interface Neutral {
  readonly values: Values
  readonly findings: readonly Finding[]
}

export function readNeutral({mesh}: Configuration): Neutral {
  const findings: Finding[] = []
  const ignored = (key: string, message: string) => findings.push({kind: 'ignored', key, message})
  const {sidecarImage, sidecar, telemetry} = mesh

  const plainEnvoy = sidecarImage !== undefined && isPlainEnvoy(sidecarImage)
  if (plainEnvoy) {
    findings.push({
      kind: 'replaced',
      key: 'mesh.sidecarImage',
      message: "a plain Envoy cannot be Consul's dataplane, which brings its own; its image is used",
    })
  }
  const proxy = sidecar?.proxy?.config
  if (proxy?.statNameLength !== undefined) {
    ignored('mesh.sidecar.proxy.config.statNameLength', "Consul's dataplane does not let it be set")
  }
  if (proxy?.enableProfiling !== undefined) {
    ignored('mesh.sidecar.proxy.config.enableProfiling', "Consul's dataplane has no such switch")
  }
  if (telemetry?.metrics !== undefined) {
    ignored('mesh.telemetry.metrics', "Consul's sidecars export all metrics or none")
  }
  return {
    values: {
      ...(sidecarImage !== undefined && !plainEnvoy && {global: {imageConsulDataplane: sidecarImage}}),
      connectInject: {
        ...(sidecar?.resources !== undefined && {sidecarProxy: {resources: sidecar.resources}}),
        ...(telemetry?.enabled !== undefined && {metrics: {defaultEnabled: telemetry.enabled}}),
      },
    },
    findings,
  }
}

/** True for an image whose last path segment is `envoy`, whatever its tag or digest. */
function isPlainEnvoy(image: string): boolean {
  return /(?:^|\/)envoy(?::[^/]*)?(?:@[^/]*)?$/.test(image)
}
