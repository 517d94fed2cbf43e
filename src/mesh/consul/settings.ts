import type {Configuration} from '../../config/schema.ts'
import type {SettingsProblem} from '../mesh.ts'
import type {Objects} from '../objects.ts'
import {overlay} from '../values.ts'
import {readAccessLogs, type AccessLogs} from './access-log.ts'
import {ChartValues, type ResourceTexts} from './chart-values.ts'
import {readConnection, type Connection} from './connection.ts'
import {chartDefaults} from './defaults.ts'
import type {Neutral} from './neutral.ts'
import {readClusterDns, type ClusterDns} from './resolv-conf.ts'
import {readSelector, type Selector} from './selector.ts'
import {envoyArgs} from './shell-words.ts'
import {shown} from './shown.ts'

/** Kubernetes numbers of a probe; zero leaves the field out. */
export interface NativeSidecar {
  readonly enabled: boolean
  readonly initialDelaySeconds: number
  readonly periodSeconds: number
  readonly failureThreshold: number
  readonly timeoutSeconds: number
}

export interface Lifecycle {
  readonly enabled: boolean
  readonly drainListeners: boolean
  readonly shutdownGraceSeconds: number
  readonly startupGraceSeconds: number
  /** A number, or the name of a port that each pod has. */
  readonly port: string
  readonly shutdownPath: string
  readonly startupPath: string
}

export interface Metrics {
  readonly enabled: boolean
  readonly merging: boolean
  readonly mergedPort: string
  readonly scrapePort: string
  readonly scrapePath: string
}

/** What consul-k8s was installed with: the chart's values as its flags reach the injector. */
export interface Settings {
  /** False where the chart installs no injector, so that the mesh itself injects nobody. */
  readonly installed: boolean
  readonly injectByDefault: boolean
  /** The chart's name; pods labelled `app` with it are never sent to the injector. */
  readonly chartName: string
  readonly allowedNamespaces: ReadonlySet<string>
  readonly deniedNamespaces: ReadonlySet<string>
  readonly namespaceSelector: Selector
  readonly controlPlaneImage: string
  readonly dataplaneImage: string
  readonly connection: Connection
  readonly logLevel: string
  readonly logJson: boolean
  readonly transparentProxy: boolean
  readonly overwriteProbes: boolean
  readonly dnsRedirection: boolean
  readonly clusterDns: ClusterDns | undefined
  readonly cni: boolean
  readonly openShift: boolean
  readonly dualStack: boolean
  readonly sidecarResources: ResourceTexts
  readonly initResources: ResourceTexts
  readonly concurrency: number
  readonly startupFailureSeconds: number
  readonly livenessFailureSeconds: number
  readonly lifecycle: Lifecycle
  readonly nativeSidecar: NativeSidecar
  readonly metrics: Metrics
  /** Envoy's own arguments, split into words; empty where there are none. */
  readonly envoyExtraArgs: readonly string[]
  readonly accessLogs: AccessLogs | undefined
}

export type SettingsReading =
  | {readonly ok: true; readonly settings: Settings}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

/** The defaults of the injector's own flags, used where a chart value is null (subcommand/inject-connect/command.go). */
const initFlagDefaults: ResourceTexts = {
  requests: {cpu: '50m', memory: '25Mi'},
  limits: {cpu: '50m', memory: '150Mi'},
}

/** Lays the user's values, then what the neutral keys say, over the chart's defaults. */
export function readSettings({mesh}: Configuration, neutral: Neutral, objects: Objects): SettingsReading {
  const {consul, controlPlane} = mesh
  const values = new ChartValues(overlay(overlay(chartDefaults, consul?.values ?? {}), neutral.values), neutral.origins)
  refuseWhatTheChartRefuses(values)

  const transparentProxy = values.truth('connectInject.transparentProxy.defaultEnabled')
  const settings: Settings = {
    installed: values.truthOr('connectInject.enabled', values.truth('global.enabled')),
    injectByDefault: values.flag('connectInject.default'),
    chartName: clipped(values.text('nameOverride') || 'consul'),
    allowedNamespaces: new Set(values.texts('connectInject.k8sAllowNamespaces')),
    deniedNamespaces: new Set(values.texts('connectInject.k8sDenyNamespaces')),
    namespaceSelector: namespaceSelector(values),
    controlPlaneImage: image(values, 'connectInject.image', 'global.imageK8S'),
    dataplaneImage: image(values, 'global.imageConsulDataplane'),
    connection: {
      ...readConnection(values, fullName(values), objects),
      ...(controlPlane?.address !== undefined && {address: controlPlane.address}),
      ...(controlPlane?.port !== undefined && {httpPort: String(controlPlane.port)}),
    },
    logLevel: logLevel(values),
    logJson: values.flag('global.logJSON'),
    transparentProxy,
    overwriteProbes: values.truth('connectInject.transparentProxy.defaultOverwriteProbes'),
    dnsRedirection:
      values.truthOr('dns.enabled', transparentProxy) && values.truthOr('dns.enableRedirection', transparentProxy),
    clusterDns: consul?.clusterDNS === undefined ? undefined : readClusterDns(consul.clusterDNS),
    cni: values.flag('connectInject.cni.enabled'),
    openShift: values.truth('global.openshift.enabled'),
    dualStack: values.truth('global.dualStack.enabled'),
    sidecarResources: values.resources('connectInject.sidecarProxy.resources'),
    initResources: values.resources('connectInject.initContainer.resources', initFlagDefaults),
    concurrency: notNegative(values, 'connectInject.sidecarProxy.concurrency'),
    startupFailureSeconds: values.integer('connectInject.sidecarProxy.defaultStartupFailureSeconds'),
    livenessFailureSeconds: values.integer('connectInject.sidecarProxy.defaultLivenessFailureSeconds'),
    lifecycle: readLifecycle(values),
    nativeSidecar: readNativeSidecar(values),
    metrics: readMetrics(values),
    envoyExtraArgs: extraArgs(values),
    accessLogs: readAccessLogs(objects),
  }
  return values.problems.length > 0 ? {ok: false, problems: values.problems} : {ok: true, settings}
}

/** The checks at the head of the chart's connect-inject-deployment.yaml, and what is for later here. */
function refuseWhatTheChartRefuses(values: ChartValues): void {
  if (values.truth('global.secretsBackend.vault.enabled')) {
    values.refuse(
      'global.secretsBackend.vault.enabled',
      'Vault as the certificate store is not supported yet; keep the CA in a Secret (global.tls.caCert)',
    )
  }
  if (values.truth('global.peering.enabled') && !values.truth('connectInject.enabled')) {
    values.refuse('global.peering.enabled', 'peering requires connectInject.enabled to be true')
  }
  if (values.truth('global.adminPartitions.enabled')) {
    if (!values.truth('global.enableConsulNamespaces')) {
      values.refuse('global.adminPartitions.enabled', 'partitions require global.enableConsulNamespaces to be true')
    }
    if (values.text('global.adminPartitions.name') === '') {
      values.refuse('global.adminPartitions.name', 'a partition needs a name; write default for the default one')
    }
  }
  const destination = values.text('connectInject.consulNamespaces.consulDestinationNamespace')
  if (['system', 'universal', 'operator', 'root'].includes(destination)) {
    values.refuse(
      'connectInject.consulNamespaces.consulDestinationNamespace',
      `the name ${destination} is reserved by Consul; choose another namespace`,
    )
  }
  if (values.text('connectInject.imageConsul') === '' && values.text('global.image') === '') {
    values.refuse('global.image', 'the injector does not start without the image of Consul')
  }
}

/** As the chart names its objects: `<name>-server`, `<name>-ca-cert`. */
function fullName(values: ChartValues): string {
  const written = values.text('fullnameOverride') || values.text('global.name')
  return clipped(written || `consul-${values.text('nameOverride') || 'consul'}`)
}

function clipped(name: string): string {
  return name.slice(0, 63).replace(/-$/, '')
}

function namespaceSelector(values: ChartValues): Selector {
  const path = 'connectInject.namespaceSelector'
  if (!values.truth(path)) return []
  const reading = readSelector(values.text(path))
  if (!reading.ok) values.refuse(path, reading.message)
  return reading.ok ? reading.selector : []
}

function image(values: ChartValues, path: string, otherwise = path): string {
  const text = values.shellText(path) || values.shellText(otherwise)
  if (text === '') values.refuse(otherwise, 'the injector does not start without this image')
  return text
}

function logLevel(values: ChartValues): string {
  const path = values.text('connectInject.logLevel') === '' ? 'global.logLevel' : 'connectInject.logLevel'
  const level = values.text(path)
  if (level !== 'trace' && !/^(?:debug|info|warn|error)$/i.test(level)) {
    values.refuse(path, `${shown(level)} is no log level of Consul's; write trace, debug, info, warn or error`)
  }
  return level
}

function readLifecycle(values: ChartValues): Lifecycle {
  const path = 'connectInject.sidecarProxy.lifecycle'
  return {
    enabled: values.truth(`${path}.defaultEnabled`),
    drainListeners: values.truth(`${path}.defaultEnableShutdownDrainListeners`),
    shutdownGraceSeconds: values.integer(`${path}.defaultShutdownGracePeriodSeconds`),
    startupGraceSeconds: values.integer(`${path}.defaultStartupGracePeriodSeconds`),
    port: values.text(`${path}.defaultGracefulPort`) || '20600',
    shutdownPath: values.shellText(`${path}.defaultGracefulShutdownPath`) || '/graceful_shutdown',
    startupPath: values.shellText(`${path}.defaultGracefulStartupPath`) || '/graceful_startup',
  }
}

function readNativeSidecar(values: ChartValues): NativeSidecar {
  const path = 'connectInject.dataplaneAsSidecarInitContainer'
  return {
    enabled: values.truth(`${path}.defaultEnabled`),
    initialDelaySeconds: values.integer(`${path}.initialProbeCheckDelaySeconds`),
    periodSeconds: values.integer(`${path}.probeCheckPeriodSeconds`),
    failureThreshold: values.integer(`${path}.probeCheckFailureThreshold`),
    timeoutSeconds: values.integer(`${path}.probeCheckTimeoutSeconds`),
  }
}

function readMetrics(values: ChartValues): Metrics {
  const path = 'connectInject.metrics'
  return {
    enabled: values.truthOr(`${path}.defaultEnabled`, values.truth('global.metrics.enabled')),
    merging: values.flag(`${path}.defaultEnableMerging`),
    mergedPort: unprivilegedPort(values, `${path}.defaultMergedMetricsPort`),
    scrapePort: unprivilegedPort(values, `${path}.defaultPrometheusScrapePort`),
    scrapePath: values.shellText(`${path}.defaultPrometheusScrapePath`) || '/metrics',
  }
}

function unprivilegedPort(values: ChartValues, path: string): string {
  const text = values.text(path)
  const port = /^\+?[0-9]{1,9}$/.test(text) ? Number(text) : 0
  if (port < 1024 || port > 65535) values.refuse(path, `${shown(text)} is not a port from 1024 to 65535`)
  return text
}

function notNegative(values: ChartValues, path: string): number {
  const value = values.integer(path)
  if (values.text(path) === '' || value < 0) values.refuse(path, 'a number of worker threads of 0 or more belongs here')
  return value
}

function extraArgs(values: ChartValues): readonly string[] {
  const path = 'connectInject.envoyExtraArgs'
  const args = envoyArgs(values.shellText(path))
  if (args.ok) return args.words
  values.refuse(path, args.message)
  return []
}
