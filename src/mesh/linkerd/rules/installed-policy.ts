import type {Configuration} from '../../../config/schema.ts'
import {chartDefaults} from '../defaults.ts'
import {isValues, overlay, type Values} from '../../values.ts'

/** What rules need to know of how Linkerd was installed (chart linkerd-control-plane). */
export interface InstalledPolicy {
  /** `proxy.opaquePorts`: of Services and pods that say nothing themselves. */
  readonly opaquePorts: string
  /** `policyController.probeNetworks`: where the kubelet's probes come from. */
  readonly probeNetworks: readonly string[]
  /** `proxy.defaultInboundPolicy`: who may call where no rule says it. */
  readonly defaultInboundPolicy: string
}

/** The chart's own default. */
const everyNetwork = ['0.0.0.0/0', '::/0']

export function installedPolicy({mesh}: Configuration): InstalledPolicy {
  const values = overlay(chartDefaults, mesh.linkerd?.values ?? {})
  const networks = valueAt(values, 'policyController', 'probeNetworks')
  return {
    opaquePorts: textAt(values, 'proxy', 'opaquePorts'),
    probeNetworks: Array.isArray(networks)
      ? networks.filter((network): network is string => typeof network === 'string')
      : everyNetwork,
    defaultInboundPolicy: textAt(values, 'proxy', 'defaultInboundPolicy'),
  }
}

function textAt(values: Values, ...path: readonly string[]): string {
  const value = valueAt(values, ...path)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function valueAt(values: Values, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isValues(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    values,
  )
}
