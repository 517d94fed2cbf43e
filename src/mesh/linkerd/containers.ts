import type {Container, EnvVar, SecurityContext, VolumeMount} from '../pod.ts'
import {endEntityPath, podInfoPath, proxyName, tokenPath} from './env.ts'
import {resourcesOf} from './proxy-resources.ts'
import type {Capabilities, ProxySettings, Settings} from './settings.ts'
import {linkerd220} from './version.ts'

export const initName = 'linkerd-init'
export const validatorName = 'linkerd-network-validator'
export const debugName = 'linkerd-debug'

/** What the containers copy from the pod's first app container. */
export interface Copied {
  readonly capabilities: Capabilities | undefined
  readonly serviceAccountMount: VolumeMount | undefined
}

/** Linkerd's containers for one set of settings, without what differs from pod to pod. */
export interface Containers {
  readonly sidecar: Container
  /** linkerd-init, or the validator where Linkerd's CNI plugin redirects the traffic. */
  readonly setUp: Container
  readonly debug: Container | undefined
}

export function containersFor(proxy: ProxySettings, settings: Settings): Containers {
  return {
    sidecar: proxyContainer(proxy, settings),
    setUp: settings.cniEnabled ? validatorContainer(proxy, settings) : initContainer(proxy, settings),
    debug: proxy.debug ? debugContainer(proxy, settings) : undefined,
  }
}

/** linkerd-proxy of one pod, as charts/partials/templates/_proxy.tpl renders it. */
export function finishProxy(
  sidecar: Container,
  proxy: ProxySettings,
  settings: Settings,
  env: readonly EnvVar[],
  copied: Copied,
): Container {
  return {
    ...sidecar,
    env,
    securityContext: settings.securityContext ?? proxySecurityContext(proxy, copied.capabilities),
    volumeMounts: [
      {name: 'linkerd-identity-end-entity', mountPath: endEntityPath},
      ...(settings.tracing.enabled ? [{name: 'linkerd-podinfo', mountPath: podInfoPath}] : []),
      ...(settings.tokenProjection ? [{name: 'linkerd-identity-token', mountPath: tokenPath}] : []),
      ...mountList(copied),
    ],
  }
}

/** linkerd-init of one pod; the validator copies nothing from it. */
export function finishSetUp(setUp: Container, proxy: ProxySettings, settings: Settings, copied: Copied): Container {
  if (settings.cniEnabled) return setUp
  return {
    ...setUp,
    securityContext: initSecurityContext(proxy, settings, copied.capabilities),
    volumeMounts: [{name: settings.xtMountName, mountPath: settings.xtMountPath}, ...mountList(copied)],
  }
}

function proxyContainer(proxy: ProxySettings, settings: Settings): Container {
  const {livenessProbe, readinessProbe, startupProbe} = settings
  const port = proxy.adminPort
  const resources = resourcesOf(proxy)
  return {
    name: proxyName,
    ...image(proxy, settings),
    ports: [
      {name: 'linkerd-proxy', containerPort: proxy.inboundPort},
      {name: 'linkerd-admin', containerPort: port},
    ],
    livenessProbe: {httpGet: {path: '/live', port}, ...livenessProbe},
    readinessProbe: {httpGet: {path: '/ready', port}, ...readinessProbe},
    ...(proxy.nativeSidecar && proxy.await && {startupProbe: {httpGet: {path: '/ready', port}, ...startupProbe}}),
    ...(resources && {resources}),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...lifecycle(proxy),
    ...(proxy.nativeSidecar && {restartPolicy: 'Always'}),
  }
}

/** linkerd-init sets up the redirection (charts/partials/templates/_proxy-init.tpl). */
function initContainer(proxy: ProxySettings, settings: Settings): Container {
  const resources = resourcesOf(proxy)
  return {
    name: initName,
    ...image(proxy, settings),
    command: linkerd220.initCommand,
    args: initArgs(proxy, settings),
    ...(resources && {resources}),
    terminationMessagePolicy: 'FallbackToLogsOnError',
  }
}

/** With Linkerd's CNI plugin the redirection is done already; this container checks that it works. */
function validatorContainer(proxy: ProxySettings, settings: Settings): Container {
  const resources = resourcesOf(proxy)
  const connect = settings.disableIPv6 ? '1.1.1.1:20001' : '[fd00::1]:20001'
  const listen = settings.disableIPv6 ? '0.0.0.0:4140' : '[::]:4140'
  const context = settings.validatorSecurityContext
  return {
    name: validatorName,
    ...image(proxy, settings),
    ...(resources && {resources}),
    ...(context && {securityContext: context}),
    command: linkerd220.validatorCommand,
    args: [
      '--log-format',
      settings.validatorLogFormat,
      '--log-level',
      settings.validatorLogLevel,
      '--connect-addr',
      settings.validatorConnectAddr || connect,
      '--listen-addr',
      settings.validatorListenAddr || listen,
      '--timeout',
      settings.validatorTimeout,
    ],
  }
}

function debugContainer(proxy: ProxySettings, settings: Settings): Container {
  const alive = {exec: {command: ['true']}}
  return {
    name: debugName,
    image: `${proxy.debugImageName}:${proxy.debugImageVersion || settings.linkerdVersion}`.trim(),
    ...pullPolicy(proxy.debugPullPolicy, settings),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    livenessProbe: alive,
    readinessProbe: alive,
  }
}

/** The version that the pod is annotated with. */
export function proxyVersion(proxy: ProxySettings, settings: Settings): string {
  return proxy.imageVersion || settings.linkerdVersion
}

function image(proxy: ProxySettings, settings: Settings): {image: string; imagePullPolicy?: string} {
  return {
    image: `${proxy.imageName}:${proxyVersion(proxy, settings)}`.trim(),
    ...pullPolicy(proxy.pullPolicy, settings),
  }
}

function pullPolicy(own: string, settings: Settings): {imagePullPolicy?: string} {
  const policy = (own || settings.imagePullPolicy).trim()
  return policy === '' ? {} : {imagePullPolicy: policy}
}

function initArgs(proxy: ProxySettings, settings: Settings): string[] {
  const {ignoreInboundPorts, ignoreOutboundPorts, closeWaitTimeoutSecs, skipSubnets} = proxy
  const ignored = `${proxy.controlPort},${proxy.adminPort}`
  return [
    ...(settings.iptablesMode === 'nft'
      ? ['--firewall-bin-path', 'iptables-nft', '--firewall-save-bin-path', 'iptables-nft-save']
      : []),
    ...(settings.disableIPv6 ? ['--ipv6=false'] : []),
    '--incoming-proxy-port',
    String(proxy.inboundPort),
    '--outgoing-proxy-port',
    String(proxy.outboundPort),
    '--proxy-uid',
    String(proxy.uid),
    ...(proxy.gid >= 0 ? ['--proxy-gid', String(proxy.gid)] : []),
    '--inbound-ports-to-ignore',
    ignoreInboundPorts === '' ? ignored : `${ignored},${ignoreInboundPorts}`,
    ...(ignoreOutboundPorts === '' ? [] : ['--outbound-ports-to-ignore', ignoreOutboundPorts]),
    ...(closeWaitTimeoutSecs === 0n ? [] : ['--timeout-close-wait-secs', String(closeWaitTimeoutSecs)]),
    ...(settings.initLogFormat === '' ? [] : ['--log-format', settings.initLogFormat]),
    ...(settings.initLogLevel === '' ? [] : ['--log-level', settings.initLogLevel]),
    ...(skipSubnets === '' ? [] : ['--subnets-to-ignore', skipSubnets]),
  ]
}

function proxySecurityContext({uid, gid}: ProxySettings, capabilities: Capabilities | undefined): SecurityContext {
  const {add = [], drop = []} = capabilities ?? {}
  return {
    allowPrivilegeEscalation: false,
    ...((add.length > 0 || drop.length > 0) && {
      capabilities: {...(add.length > 0 && {add}), ...(drop.length > 0 && {drop})},
    }),
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: uid,
    ...(gid >= 0 && {runAsGroup: gid}),
    seccompProfile: {type: 'RuntimeDefault'},
  }
}

function initSecurityContext(
  proxy: ProxySettings,
  settings: Settings,
  capabilities: Capabilities | undefined,
): SecurityContext {
  const privileged = settings.initPrivileged || proxy.closeWaitTimeoutSecs !== 0n
  // Without these two there is no redirection, whatever the pod's own container drops.
  const drop = capabilities?.drop.filter((name) => name !== 'NET_RAW' && name !== 'NET_ADMIN') ?? []
  return {
    allowPrivilegeEscalation: privileged,
    capabilities: {
      add: ['NET_ADMIN', 'NET_RAW', ...(capabilities?.add ?? [])],
      ...(drop.length > 0 && {drop}),
    },
    privileged,
    runAsGroup: settings.initRunAsRoot ? 0 : settings.initRunAsGroup,
    runAsNonRoot: !settings.initRunAsRoot,
    runAsUser: settings.initRunAsRoot ? 0 : settings.initRunAsUser,
    readOnlyRootFilesystem: true,
    seccompProfile: {type: 'RuntimeDefault'},
  }
}

/** A native sidecar needs neither hook: Kubernetes starts it before the app and stops it after. */
function lifecycle({
  nativeSidecar,
  await: wait,
  adminPort,
  waitBeforeExitSeconds,
}: ProxySettings): Pick<Container, 'lifecycle'> {
  const preStop = waitBeforeExitSeconds !== '0'
  if (nativeSidecar || (!wait && !preStop)) return {}
  return {
    lifecycle: {
      ...(wait && {postStart: {exec: {command: [linkerd220.awaitCommand, '--timeout=2m', `--port=${adminPort}`]}}}),
      ...(preStop && {preStop: {exec: {command: ['/bin/sleep', waitBeforeExitSeconds]}}}),
    },
  }
}

function mountList({serviceAccountMount}: Copied): VolumeMount[] {
  return serviceAccountMount === undefined ? [] : [serviceAccountMount]
}
