import {flatText} from '../flat.ts'
import type {Container, EnvVar} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {initImage} from './images.ts'
import {textOf, type ProtoJson} from './proto.ts'
import {alone, annotationOr, quoted, type Rendering} from './rendering.ts'

/** Ports of the proxy itself, which are never captured: its metrics and its readiness. */
const neverCaptured = '15090,15021'
const proxyUid = 1337

export type InterceptionMode = string

/** Of ProxyConfig; an unknown mode keeps its number. */
export function configuredMode({interceptionMode: mode}: ProtoJson): InterceptionMode {
  return typeof mode === 'number' ? String(mode) : (textOf(mode) ?? 'REDIRECT')
}

/** REDIRECT, TPROXY or NONE: the annotation, else ProxyConfig. */
export function interceptionMode({annotations, proxyConfig}: Rendering): InterceptionMode {
  return own(annotations, keys.interceptionMode) ?? configuredMode(proxyConfig)
}

/**
 * The container that sends the pod's traffic through the proxy: `istio-init`, or with CNI `istio-validation`, which only
 * checks that the node has done it. Undefined where nothing is captured. Any proxy that runs as `uid` can stand behind it.
 */
export function captureContainer(rendering: Rendering): Container | undefined {
  const mode = interceptionMode(rendering)
  if (mode === 'NONE') return undefined
  const {settings, resources} = rendering
  const tproxy = mode === 'TPROXY'
  const uid = tproxy ? proxyUid : rendering.uid
  const gid = tproxy ? proxyUid : rendering.gid
  const privileged = settings.chart.truthy('global.proxy.privileged')
  const pullPolicy = settings.chart.text('global.imagePullPolicy')
  const env = metadataVariables(rendering)
  return {
    name: settings.cni ? 'istio-validation' : 'istio-init',
    image: quoted('the init image', initImage(settings, rendering.annotations)),
    args: captureArgs(rendering, mode, uid),
    ...(env.length === 0 ? {} : {env}),
    resources,
    ...(pullPolicy === '' ? {} : {imagePullPolicy: pullPolicy}),
    securityContext: {
      allowPrivilegeEscalation: privileged,
      privileged,
      ...(settings.cni
        ? {
            capabilities: {drop: ['ALL']},
            readOnlyRootFilesystem: true,
            runAsGroup: gid,
            runAsNonRoot: true,
            runAsUser: uid,
          }
        : {
            capabilities: {add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL']},
            readOnlyRootFilesystem: false,
            runAsGroup: 0,
            runAsNonRoot: false,
            runAsUser: 0,
          }),
      ...(settings.seccompProfile === undefined ? {} : {seccompProfile: settings.seccompProfile}),
    },
  }
}

function captureArgs(rendering: Rendering, mode: InterceptionMode, uid: number): readonly string[] {
  const {settings, annotations} = rendering
  const {chart} = settings
  const value = (key: string, path: string) => quoted(key, annotationOr(rendering, key, path))
  const optional = (option: string, key: string, path?: string) => {
    const wanted = own(annotations, key) !== undefined || (path !== undefined && chart.text(path) !== '')
    return wanted ? [option, quoted(key, own(annotations, key) ?? chart.text(path ?? ''))] : []
  }
  const virtual =
    own(annotations, keys.rerouteInterfaces) === undefined ? keys.kubevirtInterfaces : keys.rerouteInterfaces
  const excluded = excludedInboundPorts(rendering)
  return [
    'istio-iptables',
    '-p',
    String(settings.mesh.proxyListenPort),
    '-z',
    String(settings.mesh.proxyInboundListenPort),
    '-u',
    String(uid),
    '-m',
    mode,
    '-i',
    value(keys.includeOutboundIPRanges, 'global.proxy.includeIPRanges'),
    '-x',
    value(keys.excludeOutboundIPRanges, 'global.proxy.excludeIPRanges'),
    '-b',
    value(keys.includeInboundPorts, 'global.proxy.includeInboundPorts'),
    '-d',
    excluded === '' ? neverCaptured : flatText(neverCaptured, ',', quoted(keys.excludeInboundPorts, excluded)),
    ...optional('-q', keys.includeOutboundPorts, 'global.proxy.includeOutboundPorts'),
    ...optional('-o', keys.excludeOutboundPorts, 'global.proxy.excludeOutboundPorts'),
    ...optional('-k', virtual),
    ...optional('-c', keys.excludeInterfaces),
    quoted(
      keys.agentLogLevel,
      `--log_output_level=${annotationOr(rendering, keys.agentLogLevel, 'global.logging.level')}`,
    ),
    ...(chart.truthy('global.logAsJson') ? ['--log_as_json'] : []),
    ...(settings.cni ? ['--run-validation', '--skip-rule-apply'] : []),
    ...(!settings.cni && chart.truthy('global.proxy_init.forceApplyIptables') ? ['--force-apply'] : []),
    ...(chart.truthy('global.nativeNftables') ? ['--native-nftables'] : []),
  ]
}

/** The ports that the pod excludes and the agent's own, which is appended where it is missing (template.go excludeInboundPort). */
export function excludedInboundPorts(rendering: Rendering): string {
  const excluded = annotationOr(rendering, keys.excludeInboundPorts, 'global.proxy.excludeInboundPorts')
  const statusPort = annotationOr(rendering, keys.statusPort, 'global.proxy.statusPort').trim()
  if (statusPort === '' || statusPort === '0') return excluded
  const ports = excluded.split(',')
  if (ports.includes(statusPort)) return excluded
  return [...ports.map((port) => port.trim()).filter((port) => port !== ''), statusPort].join(',')
}

/** ProxyConfig's proxyMetadata as environment, sorted by name. */
export function metadataVariables({metadata}: Rendering): readonly EnvVar[] {
  return Object.keys(metadata)
    .sort()
    .map((name) => {
      const value = quoted(`proxyMetadata.${name}`, metadata[name] ?? '')
      return variable(alone('a key of proxyMetadata', name), value)
    })
}

/** Kubernetes leaves an empty value out. */
export function variable(name: string, value: string): EnvVar {
  return value === '' ? {name} : {name, value}
}
