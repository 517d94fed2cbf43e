import type {Configuration} from '../../config/schema.ts'
import type {Finding} from '../finding.ts'
import {isPlainEnvoy} from '../image.ts'
import {overlay, type Values} from '../values.ts'

/** What the neutral keys of a configuration mean to Consul: values to lay over the chart's, and what cannot be followed. */
export interface Neutral {
  readonly values: Values
  /** For each chart value that is given here, the neutral key that the user wrote. */
  readonly origins: ReadonlyMap<string, string>
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
  const laid = [
    {key: 'mesh.sidecarImage', chart: 'global.imageConsulDataplane', value: plainEnvoy ? undefined : sidecarImage},
    {key: 'mesh.sidecar.resources', chart: 'connectInject.sidecarProxy.resources', value: sidecar?.resources},
    {key: 'mesh.telemetry.enabled', chart: 'connectInject.metrics.defaultEnabled', value: telemetry?.enabled},
  ].filter(({value}) => value !== undefined)
  return {
    values: laid.reduce<Values>((values, {chart, value}) => overlay(values, nested(chart, value)), {}),
    origins: new Map(laid.map(({chart, key}) => [chart, key])),
    findings,
  }
}

function nested(path: string, value: unknown): Values {
  const [key = '', ...rest] = path.split('.')
  return {[key]: rest.length === 0 ? value : nested(rest.join('.'), value)}
}
