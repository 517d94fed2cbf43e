import {plainScalar} from '../../config/scalar.ts'
import type {Container, Probe, SecurityContext, StringMap} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {captureContainer, excludedInboundPorts, interceptionMode} from './capture.ts'
import {appContainers, fixedVariables, sidecarVariables, type FixedVariables} from './environment.ts'
import {proxyImage} from './images.ts'
import {multusNetworks} from './multus.ts'
import {proxyName} from './names.ts'
import {annotationOr, ending, quoted, RefusedValue, type Rendering, type Template} from './rendering.ts'
import type {Settings} from './settings.ts'
import {canonicalNameTrim} from './version.ts'
import {proxyMounts, proxyVolumes} from './volumes.ts'

/** The parts of the template that no pod changes unless it carries an annotation that the template reads. */
export interface SidecarParts {
  readonly capture: Container | undefined
  /** Without its environment. */
  readonly proxy: Container
  readonly variables: FixedVariables
  readonly volumes: Template['volumes']
  readonly imagePullSecrets: Template['imagePullSecrets']
}

/** Istio's default injection template (files/injection-template.yaml). */
export function sidecarTemplate(rendering: Rendering, parts: SidecarParts): Template {
  const proxy: Container = {...parts.proxy, env: sidecarVariables(rendering, parts.variables)}
  const init = parts.capture === undefined ? [] : [parts.capture]
  return {
    labels: sidecarLabels(rendering),
    annotations: sidecarAnnotations(rendering),
    initContainers: rendering.native ? [...init, proxy] : init,
    containers: rendering.native ? [] : [proxy],
    volumes: parts.volumes,
    imagePullSecrets: parts.imagePullSecrets,
  }
}

export function sidecarParts(rendering: Rendering): SidecarParts {
  return {
    capture: captureContainer(rendering),
    proxy: proxyContainer(rendering),
    variables: fixedVariables(rendering),
    volumes: proxyVolumes(rendering, 'sidecar'),
    imagePullSecrets: pullSecrets(rendering.settings),
  }
}

export function pullSecrets(settings: Settings): Template['imagePullSecrets'] {
  return settings.chart.list('global.imagePullSecrets').map((name) => ({name: String(name)}))
}

function proxyContainer(rendering: Rendering): Container {
  const {settings, native, annotations} = rendering
  const pullPolicy = settings.chart.text('global.imagePullPolicy')
  const lifecycle = lifecycleOf(rendering)
  const statusPort = annotationOr(rendering, keys.statusPort, 'global.proxy.statusPort')
  return {
    name: proxyName,
    image: quoted("the proxy's image", proxyImage(settings, annotations, rendering.proxyConfig)),
    ...(native ? {restartPolicy: 'Always'} : {}),
    ports: [{containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom'}],
    args: proxyArgs(rendering, 'sidecar'),
    ...(lifecycle === undefined ? {} : {lifecycle}),
    ...(pullPolicy === '' ? {} : {imagePullPolicy: pullPolicy}),
    ...(statusPort === '0' ? {} : probes(rendering)),
    securityContext: securityContext(rendering),
    resources: rendering.resources,
    volumeMounts: proxyMounts(rendering, 'sidecar'),
  }
}

/** Arguments of pilot-agent, which all templates share. */
export function proxyArgs(rendering: Rendering, role: 'sidecar' | 'router'): readonly string[] {
  const {chart} = rendering.settings
  const option = (name: string, key: string, path: string) =>
    ending(key, `${name}=${annotationOr(rendering, key, path)}`)
  return [
    'proxy',
    role,
    '--domain',
    ending('global.proxy.clusterDomain', `$(POD_NAMESPACE).svc.${chart.text('global.proxy.clusterDomain')}`),
    option('--proxyLogLevel', keys.logLevel, 'global.proxy.logLevel'),
    option('--proxyComponentLogLevel', keys.componentLogLevel, 'global.proxy.componentLogLevel'),
    option('--log_output_level', keys.agentLogLevel, 'global.logging.level'),
    ...(chart.truthy('global.sts.servicePort') ? [`--stsPort=${chart.text('global.sts.servicePort')}`] : []),
    ...(chart.truthy('global.logAsJson') ? ['--log_as_json'] : []),
    ...(role === 'sidecar' && chart.truthy('global.proxy.outlierLogPath')
      ? [ending('global.proxy.outlierLogPath', `--outlierLogPath=${chart.text('global.proxy.outlierLogPath')}`)]
      : []),
  ]
}

/** The chart's lifecycle replaces every hook; native sidecars need no postStart to start first. */
function lifecycleOf(rendering: Rendering): Container['lifecycle'] {
  const {settings, native, hold} = rendering
  if (settings.lifecycle !== undefined) return settings.lifecycle
  if (hold && !native) return {postStart: {exec: {command: ['pilot-agent', 'wait']}}}
  if (!native) return undefined
  const port = annotationOr(rendering, keys.statusPort, 'global.proxy.statusPort')
  const debugPort = ending(keys.statusPort, `--debug-port=${port}`)
  return {preStop: {exec: {command: ['pilot-agent', 'request', debugPort, 'POST', 'drain']}}}
}

export function probes(rendering: Rendering): {readonly startupProbe?: Probe; readonly readinessProbe: Probe} {
  const {chart} = rendering.settings
  const threshold = chart.number('global.proxy.startupProbe.failureThreshold')
  const readiness = readinessProbe(rendering, 15021)
  if (chart.at('global.proxy.startupProbe.enabled') !== true) return {readinessProbe: readiness}
  const startupProbe = {
    httpGet: {path: '/healthz/ready', port: 15021},
    periodSeconds: 1,
    timeoutSeconds: 3,
    ...numberField('failureThreshold', threshold),
  }
  return {startupProbe, readinessProbe: readiness}
}

export function readinessProbe(rendering: Rendering, port: number): Probe {
  const field = (name: string, key: string, path: string) =>
    numberField(name, bareNumber(key, annotationOr(rendering, key, path)))
  return {
    httpGet: {path: '/healthz/ready', port},
    ...field('initialDelaySeconds', keys.initialDelaySeconds, 'global.proxy.readinessInitialDelaySeconds'),
    ...field('periodSeconds', keys.periodSeconds, 'global.proxy.readinessPeriodSeconds'),
    timeoutSeconds: 3,
    ...field('failureThreshold', keys.failureThreshold, 'global.proxy.readinessFailureThreshold'),
  }
}

/** Kubernetes leaves a zero out. */
export function numberField(name: string, value: number): {readonly [name: string]: number} {
  return value === 0 ? {} : {[name]: value}
}

/** The template writes the number bare, so a leading 0 makes it octal; the field has 32 bits. */
function bareNumber(key: string, text: string): number {
  const scalar = plainScalar(text)
  const value = scalar.ok && typeof scalar.value === 'number' ? scalar.value : Number.NaN
  if (Number.isInteger(value) && value <= 2147483647) return value
  throw new RefusedValue(`annotation ${key} is ${text.slice(0, 20)}; use a whole number up to 2147483647`)
}

export function securityContext(rendering: Rendering): SecurityContext {
  const {settings, metadata, uid, gid} = rendering
  const privileged = settings.chart.truthy('global.proxy.privileged')
  const seccomp = settings.seccompProfile === undefined ? {} : {seccompProfile: settings.seccompProfile}
  if (own(metadata, 'IPTABLES_TRACE_LOGGING') === 'true') {
    return {
      allowPrivilegeEscalation: true,
      capabilities: {add: ['NET_ADMIN'], drop: ['ALL']},
      privileged: true,
      readOnlyRootFilesystem: true,
      runAsGroup: gid,
      runAsNonRoot: false,
      runAsUser: 0,
      ...seccomp,
    }
  }
  const tproxy = interceptionMode(rendering) === 'TPROXY'
  const bind = annotationOr(rendering, keys.capNetBindService, 'global.proxy.capNetBindService') === 'true'
  const add = [...(tproxy ? ['NET_ADMIN'] : []), ...(bind ? ['NET_BIND_SERVICE'] : [])]
  const root = add.length > 0
  return {
    allowPrivilegeEscalation: privileged,
    capabilities: {...(root ? {add} : {}), drop: ['ALL']},
    privileged,
    readOnlyRootFilesystem: true,
    runAsGroup: root ? 1337 : gid,
    runAsNonRoot: !root,
    runAsUser: root ? 0 : uid,
    ...seccomp,
  }
}

export function sidecarLabels({labels, owner, metadata}: Rendering): StringMap {
  const name = canonicalName(labels, owner.name).slice(0, 63)
  return {
    'security.istio.io/tlsMode': own(labels, 'security.istio.io/tlsMode') || 'istio',
    ...(own(metadata, 'ISTIO_META_ENABLE_HBONE') === 'true'
      ? {'networking.istio.io/tunnel': own(labels, 'networking.istio.io/tunnel') || 'http'}
      : {}),
    'service.istio.io/canonical-name': trim(name),
    'service.istio.io/canonical-revision': canonicalRevision(labels),
  }
}

/** The name that telemetry knows the service by; an empty label counts as none. */
export function canonicalName(labels: StringMap, owner: string): string {
  return (
    own(labels, 'service.istio.io/canonical-name') ||
    own(labels, 'app.kubernetes.io/name') ||
    own(labels, 'app') ||
    owner
  )
}

export function canonicalRevision(labels: StringMap): string {
  return (
    own(labels, 'service.istio.io/canonical-revision') ||
    own(labels, 'app.kubernetes.io/version') ||
    own(labels, 'version') ||
    'latest'
  )
}

function trim(name: string): string {
  let start = 0
  let end = name.length
  while (start < end && canonicalNameTrim.includes(name.charAt(start))) start++
  while (end > start && canonicalNameTrim.includes(name.charAt(end - 1))) end--
  return name.slice(start, end)
}

/** What every template writes: the revision, and the container that kubectl takes by default. */
export function commonAnnotations({settings, annotations, containers}: Rendering): StringMap {
  const [first] = appContainers(containers)
  return {
    [keys.revision]: settings.revision === '' ? 'default' : settings.revision,
    ...(first === undefined || own(annotations, keys.defaultLogsContainer) !== undefined
      ? {}
      : {[keys.defaultLogsContainer]: first}),
    ...(first === undefined || own(annotations, keys.defaultContainer) !== undefined
      ? {}
      : {[keys.defaultContainer]: first}),
  }
}

export function sidecarAnnotations(rendering: Rendering): StringMap {
  const {settings, annotations} = rendering
  const common = commonAnnotations(rendering)
  if (!settings.cni) return common
  const traffic: [string, string][] = []
  const write = (key: string, text: string) => traffic.push([key, quoted(key, text)])
  const value = (key: string, path: string) => annotationOr(rendering, key, path)
  if (settings.multus) traffic.push([keys.networks, multusNetworks(own(annotations, keys.networks) ?? '')])
  write(keys.interceptionMode, interceptionMode(rendering))
  const included = value(keys.includeOutboundIPRanges, 'global.proxy.includeIPRanges')
  const excluded = value(keys.excludeOutboundIPRanges, 'global.proxy.excludeIPRanges')
  if (included !== '') write(keys.includeOutboundIPRanges, included)
  if (excluded !== '') write(keys.excludeOutboundIPRanges, excluded)
  write(keys.includeInboundPorts, value(keys.includeInboundPorts, 'global.proxy.includeInboundPorts'))
  write(keys.excludeInboundPorts, excludedInboundPorts(rendering))
  for (const [key, path] of [
    [keys.includeOutboundPorts, 'global.proxy.includeOutboundPorts'],
    [keys.excludeOutboundPorts, 'global.proxy.excludeOutboundPorts'],
  ] as const) {
    const ports = value(key, path)
    if (ports !== '' || own(annotations, key) !== undefined) write(key, ports)
  }
  for (const key of [keys.kubevirtInterfaces, keys.rerouteInterfaces, keys.excludeInterfaces]) {
    const interfaces = own(annotations, key) ?? ''
    if (interfaces !== '') write(key, interfaces)
  }
  return {...common, ...Object.fromEntries(traffic)}
}
