import type {Configuration} from '../../../config/schema.ts'
import type {Values} from '../../values.ts'
import {meshConfigOf} from '../mesh-config.ts'
import {isPlainEnvoy} from '../../image.ts'
import {Chart, chartValues, lay} from '../values.ts'
import {readProviders, type Providers} from './providers.ts'

/** What rules have to know of the installed Istio and of the sidecars. */
export interface RuleSettings {
  /** What host names of services end in. */
  readonly clusterDomain: string
  /** Where rules of the configuration find hosts without a namespace. */
  readonly home: string
  /** What principals begin with. */
  readonly trustDomain: string
  /** Clients choose mutual TLS by what the destination takes; otherwise a DestinationRule has to say it. */
  readonly autoMutualTLS: boolean
  /** `mesh.security.mutualTLS`. */
  readonly mutualTLS: boolean | undefined
  /** The sidecar is a plain Envoy, without a certificate. */
  readonly plainEnvoy: boolean
  /** Proxies balance over the pods of a headless Service, in the place of going where DNS said. */
  readonly balancesHeadless: boolean
  /** Somebody chose how proxies prefer endpoints that are near. */
  readonly localityChosen: boolean
  readonly providers: Providers
}

/** Values that the chart refuses are told at injection; here they count as far as they go. */
export function readRuleSettings({mesh}: Configuration): RuleSettings {
  const laid = chartValues(mesh, {})
  const written: Values = {meshConfig: mesh.istio?.meshConfig ?? {}}
  const chart = new Chart(laid.ok ? laid.values : lay(mesh.istio?.values ?? {}, written))
  const meshConfig = meshConfigOf(chart)
  const {security} = mesh
  const clusterDomain = chart.text('global.proxy.clusterDomain') || 'cluster.local'
  return {
    clusterDomain,
    home: mesh.injectionNamespace?.[0] ?? 'default',
    trustDomain: meshConfig.ok ? meshConfig.value.trustDomain : 'cluster.local',
    autoMutualTLS: chart.at('meshConfig.enableAutoMtls') !== false,
    mutualTLS: security?.mutualTLS,
    plainEnvoy: mesh.sidecarImage !== undefined && isPlainEnvoy(mesh.sidecarImage) && security?.mutualTLS !== true,
    balancesHeadless: chart.text('env.PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES') === 'true',
    localityChosen:
      chart.at('meshConfig.localityLbSetting') !== undefined || chart.at('meshConfig.zoneAwareLbSetting') !== undefined,
    providers: readProviders(chart, meshConfig.ok ? meshConfig.value : undefined, clusterDomain),
  }
}
