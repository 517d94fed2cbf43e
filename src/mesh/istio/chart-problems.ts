import {compareQuantities, parseQuantity} from '../go/quantity.ts'
import type {SettingsProblem} from '../mesh.ts'
import {isValues} from '../values.ts'
import {chartDefaults} from './defaults.ts'
import {decode} from './proto.ts'
import {injectedTemplates, otherTemplates, removedValues} from './version.ts'
import {valuesMessage} from './values-schema.ts'
import {valuesPath, type Chart} from './values.ts'
import {bare, inQuotes} from './yaml-text.ts'

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
  'global.proxy.image',
  'global.proxy.includeOutboundPorts',
  'global.proxy.excludeOutboundPorts',
  'env.COMPLIANCE_POLICY',
]

/** What Helm, istiod, or the API server at every pod would refuse of these values. */
export function chartProblems(chart: Chart): SettingsProblem[] {
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
  for (const path of removedValues) {
    if (chart.at(path) !== undefined && chart.at(path) !== null) problem(path, 'is removed from the istiod chart')
  }
  for (const path of [...requiredMaps, ...emptied('global', chartDefaults['global'], chart), 'revision', 'configMap']) {
    if (chart.at(path) === null) {
      problem(path, 'null takes away what the chart needs; remove the key to keep the default')
    } else if (requiredMaps.some((map) => map === path) && !isValues(chart.at(path))) problem(path, 'must be a map')
  }
  if (!Array.isArray(chart.at('revisionTags') ?? [])) problem('revisionTags', 'must be a list')
  return [...problems, ...resourceProblems(chart)]
}

const requiredMaps = [
  'cni',
  'env',
  'gateways',
  'istiodRemote',
  'meshConfig',
  'sidecarInjectorWebhook',
  'sidecarInjectorWebhook.templates',
] as const

/** Values that may be null: the template asks first whether they are set. */
const nullable: ReadonlySet<string> = new Set([
  'global.caAddress',
  'global.caName',
  'global.hub',
  'global.imagePullPolicy',
  'global.imagePullSecrets',
  'global.logAsJson',
  'global.meshID',
  'global.mountMtlsCerts',
  'global.multiCluster.clusterName',
  'global.nativeNftables',
  'global.network',
  'global.omitSidecarInjectorConfigMap',
  'global.operatorManageWebhooks',
  'global.proxy.image',
  'global.proxy.includeOutboundPorts',
  'global.proxy.outlierLogPath',
  'global.proxy.resources',
  'global.proxy.seccompProfile',
  'global.proxy.startupProbe.enabled',
  'global.proxy.tracer',
  'global.proxy_init.forceApplyIptables',
  'global.proxy_init.image',
  'global.remotePilotAddress',
  'global.sts.servicePort',
  'global.tag',
  'global.variant',
])

function emptied(path: string, defaults: unknown, chart: Chart): readonly string[] {
  if (chart.at(path) === null) return nullable.has(path) ? [] : [path]
  if (!isValues(defaults) || path === 'global.proxy.resources') return []
  return Object.entries(defaults).flatMap(([key, value]) => emptied(`${path}.${key}`, value, chart))
}

/** Why a template of this name is not applied; undefined where it is. */
export function templateProblem(name: string): string | undefined {
  if (injectedTemplates.some((known) => known === name)) return undefined
  const have = injectedTemplates.join(', ')
  return otherTemplates.some((known) => known === name)
    ? `the template ${name} is not supported yet; use ${have}`
    : `requested template ${JSON.stringify(name.slice(0, 60))} not found; have ${have}`
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
      // What is no text is a fault of type, which is reported above.
      if (typeof quantity !== 'string') continue
      const parsed = parseQuantity(quantity)
      if (parsed === undefined)
        problems.push({path: [...base, side, name], message: `${JSON.stringify(quantity)} is not a quantity`})
      else if (parsed.unscaled < 0n)
        problems.push({path: [...base, side, name], message: 'a quantity must not be negative'})
    }
  }
  for (const [name, request] of Object.entries(sides.requests)) {
    const limit = sides.limits[name]
    const [asked, most] = [request, limit].map((value) =>
      typeof value === 'string' ? parseQuantity(value) : undefined,
    )
    if (asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0) {
      problems.push({
        path: [...base, 'requests', name],
        message: `${JSON.stringify(request)} is above the limit of ${JSON.stringify(limit)}`,
      })
    }
  }
  return problems
}
