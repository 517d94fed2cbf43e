import type {Configuration} from '../../config/schema.ts'
import {canonicalQuantity, compareQuantities, parseQuantity} from '../go/quantity.ts'
import {goContainer} from '../go/struct.ts'
import type {Finding} from '../finding.ts'
import type {SettingsProblem} from '../mesh.ts'
import type {StringMap} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {injectionEnvironment} from './injection-path.ts'
import {meshConfigOf, type MeshConfig} from './mesh-config.ts'
import {neutralSettings} from './neutral.ts'
import {decode} from './proto.ts'
import {injectedTemplates, otherTemplates} from './version.ts'
import {valuesMessage} from './values-schema.ts'
import {Chart, chartValues, valuesPath} from './values.ts'
import {bare, inQuotes} from './yaml-text.ts'

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
  /** Whether the sidecar is the mesh's own proxy or the bare Envoy of `mesh.sidecarImage`. */
  readonly proxy: 'istio' | 'envoy'
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
  const problems = chartProblems(chart)
  const mesh = meshConfigOf(chart)
  if (!mesh.ok) problems.push({path: ['mesh', 'istio', 'meshConfig'], message: mesh.message})
  if (!mesh.ok || problems.length > 0) return {ok: false, problems}
  const nativeSidecars = chart.text('env.ENABLE_NATIVE_SIDECARS')
  const cni = chart.at('cni.enabled') === true
  return {
    ok: true,
    settings: {
      chart,
      findings: neutral.findings,
      mesh: mesh.value,
      proxy: neutral.proxy,
      sidecarImage: neutral.image,
      revision: chart.text('revision'),
      openshift: laid.platform === 'openshift',
      // The nodes are taken to be 1.33 or newer, as Meshwright needs anyway, so `auto` is yes.
      native: ['', 'auto', 'true'].includes(nativeSidecars),
      cni,
      multus: cni && chart.text('cni.provider') === 'multus',
      hub: chart.text('global.hub'),
      tag: chart.text('global.tag'),
      variant: chart.text('global.variant'),
      resources: resourceSettings(chart.map('global.proxy.resources')),
      lifecycle: chart.truthy('global.proxy.lifecycle') ? lifecycleOf(chart.map('global.proxy.lifecycle')) : undefined,
      seccompProfile: chart.truthy('global.proxy.seccompProfile')
        ? chart.map('global.proxy.seccompProfile')
        : undefined,
      gatewaySecurityContext: chart.truthy('gateways.securityContext')
        ? chart.at('gateways.securityContext')
        : undefined,
      hold: chart.at('global.proxy.holdApplicationUntilProxyStarts') === true,
      rewriteProbes: chart.at('sidecarInjectorWebhook.rewriteAppHTTPProbe') === true,
      injectedAnnotations: textMap(chart.map('sidecarInjectorWebhook.injectedAnnotations')),
      templates: defaultTemplates(chart),
      environment: environmentOf(chart),
      pathNetwork: injectionEnvironment(chart.text('istiodRemote.injectionPath')).get('ISTIO_META_NETWORK'),
      network: chart.text('global.network'),
      clusterTrustBundle: chart.at('env.ENABLE_CLUSTER_TRUST_BUNDLE_API') === true,
      compliancePolicy: chart.text('env.COMPLIANCE_POLICY'),
    },
  }
}

/** The values at these paths stand bare in the template and have to be text there. */
const bareTexts = ['global.pilotCertProvider', 'global.caAddress', 'global.sds.token.aud', 'global.trustBundleName']
const quotedTexts = [
  'global.hub',
  'global.tag',
  'global.imagePullPolicy',
  'global.multiCluster.clusterName',
  'global.network',
  'global.meshID',
  'global.proxy.includeIPRanges',
  'global.proxy.excludeIPRanges',
  'global.proxy.includeInboundPorts',
  'global.proxy.excludeInboundPorts',
  'global.proxy.includeOutboundPorts',
  'global.proxy.excludeOutboundPorts',
  'env.COMPLIANCE_POLICY',
]

function chartProblems(chart: Chart): SettingsProblem[] {
  const problems: SettingsProblem[] = []
  const problem = (path: string, message: string) => problems.push({path: [...valuesPath, ...path.split('.')], message})
  const typed = decode(valuesMessage, {
    revision: chart.at('revision'),
    global: chart.at('global'),
    sidecarInjectorWebhook: chart.at('sidecarInjectorWebhook'),
    pilot: {cni: chart.at('cni'), env: chart.at('env')},
    gateways: chart.at('gateways'),
  })
  if (!typed.ok) {
    const [path = '', ...rest] = typed.message.split(/: (?=[^:]*$)/)
    problem(path.replaceAll(': ', '.'), `${rest.join(': ')}; istiod refuses such values`)
  }
  if (chart.text('global.pilotCertProvider') === 'kubernetes') {
    problem('global.pilotCertProvider', 'kubernetes is not supported by the istiod chart; use istiod')
  }
  if (chart.at('global.omitSidecarInjectorConfigMap') === true || chart.at('configMap') === false) {
    const path = chart.at('configMap') === false ? 'configMap' : 'global.omitSidecarInjectorConfigMap'
    problem(path, 'leaves the injection settings to another cluster; give the values of the istiod that injects')
  }
  if (typeof chart.at('env.ENABLE_CLUSTER_TRUST_BUNDLE_API') === 'string') {
    problem('pilot.env.ENABLE_CLUSTER_TRUST_BUNDLE_API', 'the chart takes a boolean here; write true without quotes')
  }
  for (const name of Object.keys(chart.map('sidecarInjectorWebhook.templates'))) {
    problem(`sidecarInjectorWebhook.templates.${name}`, 'custom templates are not supported yet; remove it')
  }
  for (const name of chart.list('sidecarInjectorWebhook.defaultTemplates')) {
    const fault = templateProblem(String(name))
    if (fault !== undefined) problem('sidecarInjectorWebhook.defaultTemplates', fault)
  }
  for (const path of bareTexts) {
    const value = chart.text(path)
    if (value !== '' && bare(value) !== value) problem(path, `${JSON.stringify(value)} does not read as text in YAML`)
  }
  for (const path of quotedTexts) {
    if (inQuotes(chart.text(path)) === undefined) problem(path, 'the value cannot stand between double quotes in YAML')
  }
  problems.push(...resourceProblems(chart))
  return problems
}

/** Why a template of this name is not applied; undefined where it is. */
export function templateProblem(name: string): string | undefined {
  if (injectedTemplates.some((known) => known === name)) return undefined
  const have = injectedTemplates.join(', ')
  return otherTemplates.some((known) => known === name)
    ? `the template ${name} is not supported yet; use ${have}`
    : `requested template ${JSON.stringify(name.slice(0, 60))} not found; have ${have}`
}

function defaultTemplates(chart: Chart): readonly TemplateName[] {
  const chosen = chart.list('sidecarInjectorWebhook.defaultTemplates').map(String)
  const known = chosen.flatMap((name) => injectedTemplates.filter((template) => template === name))
  return known.length === 0 ? ['sidecar'] : known
}

function resourceSettings(written: Values): ResourceSettings {
  const sides = Object.entries(written).map(([side, quantities]): [string, unknown] => {
    if (!isValues(quantities) || (side !== 'requests' && side !== 'limits')) return [side, quantities]
    const kept = Object.entries(quantities).filter(([, quantity]) => quantity !== null)
    return [side, Object.fromEntries(kept.map(([name, quantity]) => [name, canonicalQuantity(String(quantity)) ?? '']))]
  })
  return Object.fromEntries(
    sides.filter(([, side]) => side !== null && !(isValues(side) && Object.keys(side).length === 0)),
  )
}

/** A quantity that Kubernetes cannot read fails every pod; a request above its limit is refused by the API server. */
function resourceProblems(chart: Chart): readonly SettingsProblem[] {
  const problems: SettingsProblem[] = []
  const base = [...valuesPath, 'global', 'proxy', 'resources']
  const sides = {
    requests: chart.map('global.proxy.resources.requests'),
    limits: chart.map('global.proxy.resources.limits'),
  }
  for (const [side, quantities] of Object.entries(sides)) {
    for (const [name, quantity] of Object.entries(quantities)) {
      if (quantity === null) continue
      const parsed = parseQuantity(String(quantity))
      if (parsed === undefined)
        problems.push({path: [...base, side, name], message: `${JSON.stringify(quantity)} is not a quantity`})
      else if (parsed.unscaled < 0n)
        problems.push({path: [...base, side, name], message: 'a quantity must not be negative'})
    }
  }
  for (const [name, request] of Object.entries(sides.requests)) {
    const [asked, most] = [request, sides.limits[name]].map((value) =>
      value === null || value === undefined ? undefined : parseQuantity(String(value)),
    )
    if (asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0) {
      problems.push({
        path: [...base, 'requests', name],
        message: `${String(request)} is above the limit of ${String(sides.limits[name])}`,
      })
    }
  }
  return problems
}

function lifecycleOf(written: Values): Values | undefined {
  const container = goContainer({name: 'istio-proxy', lifecycle: written})
  return isValues(container) && isValues(container['lifecycle']) ? container['lifecycle'] : undefined
}

function textMap(values: Values): StringMap {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value === null ? '' : String(value)]))
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
