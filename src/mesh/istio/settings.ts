import type {Configuration} from '../../config/schema.ts'
import {canonicalQuantity} from '../go/quantity.ts'
import {goContainer} from '../go/struct.ts'
import type {Finding} from '../finding.ts'
import type {SettingsProblem} from '../mesh.ts'
import type {StringMap} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {envoyFindings} from './envoy/findings.ts'
import {envoySettings, type EnvoySettings} from './envoy/settings.ts'
import {chartProblems} from './chart-problems.ts'
import {injectionEnvironment} from './injection-path.ts'
import {meshConfigOf, type MeshConfig} from './mesh-config.ts'
import {neutralSettings} from './neutral.ts'
import {injectedTemplates} from './version.ts'
import {Chart, chartValues, valuesPath} from './values.ts'

export type TemplateName = (typeof injectedTemplates)[number]

/** Requests and limits by resource, in canonical quantities; an absent side is not written. */
export interface ResourceSettings {
  readonly [field: string]: unknown
  readonly requests?: StringMap
  readonly limits?: StringMap
}

/** Everything that injection needs and that no pod changes. */
export interface Settings {
  readonly chart: Chart
  readonly findings: readonly Finding[]
  readonly mesh: MeshConfig
  /** Set where `mesh.sidecarImage` is a plain Envoy, which then is the sidecar. */
  readonly envoy: EnvoySettings | undefined
  /** A whole reference that stands for the mesh's own proxy image. */
  readonly sidecarImage: string | undefined
  /** As in the values; '' is the default revision. */
  readonly revision: string
  readonly openshift: boolean
  /** Native sidecars, where a pod does not say otherwise. */
  readonly native: boolean
  readonly cni: boolean
  readonly multus: boolean
  readonly hub: string
  readonly tag: string
  readonly variant: string
  readonly resources: ResourceSettings
  readonly lifecycle: Values | undefined
  readonly seccompProfile: Values | undefined
  readonly gatewaySecurityContext: unknown
  readonly hold: boolean
  readonly rewriteProbes: boolean
  readonly injectedAnnotations: StringMap
  readonly templates: readonly TemplateName[]
  /** Environment of the proxy that the injection path and the cluster's values set, sorted by name. */
  readonly environment: ReadonlyMap<string, string>
  /** The network in the webhook's path, if any. */
  readonly pathNetwork: string | undefined
  /** `global.network` of the values. */
  readonly network: string
  readonly clusterTrustBundle: boolean
  readonly compliancePolicy: string
}

export type ResolvedSettings =
  | {readonly ok: true; readonly settings: Settings}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

/** Lays a configuration over the chart's defaults and checks it as Helm and istiod would. */
export function resolveSettings({mesh: section}: Configuration): ResolvedSettings {
  const neutral = neutralSettings(section)
  const laid = chartValues(section, neutral.values)
  if (!laid.ok) return laid
  const chart = new Chart(laid.values)
  const problems = chartProblems(chart).map((problem) => inOwnWords(problem, section))
  const mesh = meshConfigOf(chart)
  if (!mesh.ok) problems.push({path: ['mesh', 'istio', 'meshConfig'], message: mesh.message})
  if (!mesh.ok || problems.length > 0) return {ok: false, problems}
  const nativeSidecars =
    chart.at('env.ENABLE_NATIVE_SIDECARS') === undefined ? 'auto' : chart.text('env.ENABLE_NATIVE_SIDECARS')
  const cni = chart.at('cni.enabled') === true
  const environment = environmentOf(chart)
  const plain = neutral.proxy === 'envoy'
  return {
    ok: true,
    settings: {
      chart,
      findings: plain ? [...neutral.findings, ...envoyFindings(section, chart)] : neutral.findings,
      mesh: mesh.value,
      envoy: plain ? envoySettings(section, chart, mesh.value, environment) : undefined,
      sidecarImage: neutral.image,
      revision: chart.text('revision'),
      openshift: laid.platform === 'openshift',
      // The nodes are taken to be 1.33 or newer, as Meshwright needs anyway, so `auto` is yes.
      native: nativeSidecars === 'auto' || nativeSidecars === 'true',
      cni,
      multus: cni && chart.text('cni.provider') === 'multus',
      hub: chart.text('global.hub'),
      tag: chart.text('global.tag'),
      variant: chart.text('global.variant'),
      resources: resourceSettings(chart.map('global.proxy.resources')),
      lifecycle: chart.truthy('global.proxy.lifecycle') ? lifecycleOf(chart.map('global.proxy.lifecycle')) : undefined,
      seccompProfile: chart.truthy('global.proxy.seccompProfile')
        ? seccompOf(chart.map('global.proxy.seccompProfile'))
        : undefined,
      gatewaySecurityContext: chart.truthy('gateways.securityContext')
        ? chart.at('gateways.securityContext')
        : undefined,
      hold: chart.at('global.proxy.holdApplicationUntilProxyStarts') === true,
      rewriteProbes: chart.at('sidecarInjectorWebhook.rewriteAppHTTPProbe') === true,
      injectedAnnotations: textMap(chart.map('sidecarInjectorWebhook.injectedAnnotations')),
      templates: defaultTemplates(chart),
      environment,
      pathNetwork: injectionEnvironment(chart.text('istiodRemote.injectionPath')).get('ISTIO_META_NETWORK'),
      network: chart.text('global.network'),
      clusterTrustBundle: chart.at('env.ENABLE_CLUSTER_TRUST_BUNDLE_API') === true,
      compliancePolicy: chart.text('env.COMPLIANCE_POLICY'),
    },
  }
}

const resourcesPath = [...valuesPath, 'global', 'proxy', 'resources']

/** A problem of a value that the user wrote under a neutral key is told under that key. */
function inOwnWords(problem: SettingsProblem, {sidecar}: Configuration['mesh']): SettingsProblem {
  const rest = problem.path.slice(resourcesPath.length)
  const written = sidecar?.resources !== undefined && resourcesPath.every((key, index) => problem.path[index] === key)
  return written ? {...problem, path: ['mesh', 'sidecar', 'resources', ...rest]} : problem
}

function defaultTemplates(chart: Chart): readonly TemplateName[] {
  const chosen = chart.list('sidecarInjectorWebhook.defaultTemplates').map(String)
  const known = chosen.flatMap((name) => injectedTemplates.filter((template) => template === name))
  return known.length === 0 ? ['sidecar'] : known
}

/** Only what Kubernetes' type knows; an empty side is left out. */
function resourceSettings(written: Values): ResourceSettings {
  const side = (name: 'requests' | 'limits') => {
    const quantities = isValues(written[name]) ? Object.entries(written[name]) : []
    const known = quantities.flatMap(([resource, quantity]) =>
      typeof quantity === 'string' ? [[resource, canonicalQuantity(quantity) ?? quantity] as const] : [],
    )
    return known.length === 0 ? {} : {[name]: Object.fromEntries(known)}
  }
  const {claims} = written
  return {...(Array.isArray(claims) ? {claims} : {}), ...side('requests'), ...side('limits')}
}

function lifecycleOf(written: Values): Values | undefined {
  const container = goContainer({name: '', lifecycle: written})
  return isValues(container) && isValues(container['lifecycle']) ? container['lifecycle'] : undefined
}

function seccompOf(seccompProfile: Values): Values | undefined {
  const container = goContainer({name: '', securityContext: {seccompProfile}})
  const context = isValues(container) ? container['securityContext'] : undefined
  return isValues(context) && isValues(context['seccompProfile']) ? context['seccompProfile'] : undefined
}

function textMap(values: Values): StringMap {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, printed(value)]))
}

/** As sprig's quote prints it. */
function printed(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Values first, then what the webhook's path says. */
function environmentOf(chart: Chart): ReadonlyMap<string, string> {
  const environment = new Map(injectionEnvironment(chart.text('istiodRemote.injectionPath')))
  const network = environment.get('ISTIO_META_NETWORK') || chart.text('global.network')
  const cluster = environment.get('ISTIO_META_CLUSTER_ID') || chart.text('global.multiCluster.clusterName')
  if (cluster !== '') environment.set('ISTIO_META_CLUSTER_ID', cluster)
  if (network !== '') environment.set('ISTIO_META_NETWORK', network)
  return new Map([...environment].sort(([a], [b]) => (a < b ? -1 : 1)))
}
