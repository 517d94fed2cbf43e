import type {SettingsProblem} from '../mesh.ts'
import type {EnvVar, VolumeMount} from '../pod.ts'
import type {Values} from '../values.ts'
import {isCidr} from './cidr.ts'
import {readEnv} from './env-list.ts'
import {readParams} from './params.ts'
import {quoted} from './quoted.ts'
import {ValuesReader} from './reader.ts'
import {readQuantityText} from './proxy-resources.ts'
import {readSelector} from './selector.ts'
import type {Capabilities, Probe, ProxySettings, Settings} from './settings.ts'
import {readTracing} from './tracing.ts'
import {trustRoots} from './trust.ts'
import {linkerd220} from './version.ts'

export type SettingsResult =
  | {readonly ok: true; readonly settings: Settings}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

const port = {least: 1, most: 65535}
/** Ports that stand in no container's port list: the API server does not look at them. */
const anyInt32 = {least: -(2 ** 31), most: 2 ** 31 - 1}
const id = {least: 0, most: 2 ** 31 - 1}
const seconds = {least: 0, most: 2 ** 31 - 1}
const anyInteger = {least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER}
const anyUnsigned = {least: 0, most: Number.MAX_SAFE_INTEGER}

/** Reads values that lie over the chart's defaults; what would keep Linkerd's chart or its injector from working is a problem. */
export function readSettings(values: Values): SettingsResult {
  const read = new ValuesReader(values)
  for (const path of [['proxy'], ['proxyInit'], ['proxy', 'image'], ['proxy', 'ports'], ['proxyInit', 'xtMountPath']])
    read.require(...path)
  if (read.flag('proxy', 'nativeSidecar') && read.flag('proxy', 'await')) read.require('proxy', 'startupProbe')
  const clusterDomain = read.text('clusterDomain')
  const cniEnabled = read.flag('cniEnabled')
  const anchors = trustRoots(read.text('identityTrustAnchorsPEM'), read.flag('identity', 'externalCA'))
  const proxy = readProxy(read)
  const settings: Settings = {
    proxy,
    // The chart's own values file leaves it empty.
    linkerdVersion: read.text('linkerdVersion') || linkerd220.linkerdVersion,
    imagePullPolicy: read.text('imagePullPolicy'),
    clusterDomain,
    trustDomain: read.text('identityTrustDomain') || clusterDomain,
    clusterNetworks: read.text('clusterNetworks'),
    cniEnabled,
    disableIPv6: read.flag('disableIPv6'),
    tokenProjection: read.flag('identity', 'serviceAccountTokenProjection'),
    trustAnchors: anchors.text,
    trustRootHash: anchors.hash,
    defaultOpaquePorts: new Set(proxy.opaquePorts.split(',')),
    initialTimeout: read.text('proxy', 'control', 'streams', 'initialTimeout'),
    idleTimeout: read.text('proxy', 'control', 'streams', 'idleTimeout'),
    lifetime: read.text('proxy', 'control', 'streams', 'lifetime'),
    livenessProbe: readProbe(read, 'livenessProbe'),
    readinessProbe: readProbe(read, 'readinessProbe'),
    startupProbe: {
      failureThreshold: read.integer(seconds, 'proxy', 'startupProbe', 'failureThreshold'),
      initialDelaySeconds: read.integer(seconds, 'proxy', 'startupProbe', 'initialDelaySeconds'),
      periodSeconds: read.integer(seconds, 'proxy', 'startupProbe', 'periodSeconds'),
    },
    params: [...readParams(read, 'inbound'), ...readParams(read, 'outbound')],
    tracing: readTracing(read),
    experimentalEnv: readEnvValue(read, 'experimentalEnv'),
    securityContext: nonEmpty(read.map('proxy', 'securityContext')),
    capabilities: readCapabilities(read),
    serviceAccountMount: readMount(read),
    iptablesMode: read.text('proxyInit', 'iptablesMode') === 'legacy' ? 'legacy' : 'nft',
    initLogFormat: read.text('proxyInit', 'logFormat'),
    initLogLevel: read.text('proxyInit', 'logLevel'),
    initPrivileged: read.flag('proxyInit', 'privileged'),
    initRunAsRoot: read.flag('proxyInit', 'runAsRoot'),
    // Zero would be root, which `runAsRoot` has to say.
    initRunAsUser: read.integer(id, 'proxyInit', 'runAsUser') || 65534,
    initRunAsGroup: read.integer(id, 'proxyInit', 'runAsGroup') || 65534,
    xtMountName: read.text('proxyInit', 'xtMountPath', 'name'),
    xtMountPath: read.text('proxyInit', 'xtMountPath', 'mountPath'),
    validatorLogFormat: read.text('networkValidator', 'logFormat'),
    validatorLogLevel: read.text('networkValidator', 'logLevel'),
    validatorConnectAddr: read.text('networkValidator', 'connectAddr'),
    validatorListenAddr: read.text('networkValidator', 'listenAddr'),
    validatorTimeout: read.text('networkValidator', 'timeout'),
    validatorSecurityContext: nonEmpty(read.map('networkValidator', 'securityContext')),
    namespaceSelector: readSelector(read, 'proxyInjector', 'namespaceSelector'),
    objectSelector: readSelector(read, 'proxyInjector', 'objectSelector'),
  }
  checkChart(read, settings)
  return read.problems.length > 0 ? {ok: false, problems: read.problems} : {ok: true, settings}
}

function readProxy(read: ValuesReader): ProxySettings {
  const resource = (name: string, kind: string) => readQuantityText(read, 'proxy', 'resources', name, kind)
  return {
    imageName: read.text('proxy', 'image', 'name'),
    imageVersion: read.text('proxy', 'image', 'version'),
    pullPolicy: read.text('proxy', 'image', 'pullPolicy'),
    debugImageName: read.text('debugContainer', 'image', 'name'),
    debugImageVersion: read.text('debugContainer', 'image', 'version'),
    debugPullPolicy: read.text('debugContainer', 'image', 'pullPolicy'),
    debug: false,
    adminPort: read.integer(port, 'proxy', 'ports', 'admin'),
    controlPort: read.integer(anyInt32, 'proxy', 'ports', 'control'),
    inboundPort: read.integer(port, 'proxy', 'ports', 'inbound'),
    outboundPort: read.integer(anyInt32, 'proxy', 'ports', 'outbound'),
    uid: read.integer(id, 'proxy', 'uid'),
    gid: read.integer({...id, least: Number.MIN_SAFE_INTEGER}, 'proxy', 'gid'),
    cpuRequest: resource('cpu', 'request'),
    cpuLimit: resource('cpu', 'limit'),
    memoryRequest: resource('memory', 'request'),
    memoryLimit: resource('memory', 'limit'),
    storageRequest: resource('ephemeral-storage', 'request'),
    storageLimit: resource('ephemeral-storage', 'limit'),
    cores: BigInt(read.integer(anyInteger, 'proxy', 'cores')),
    workersMinimum: BigInt(read.integer(anyInteger, 'proxy', 'runtime', 'workers', 'minimum')),
    workersMaximum: BigInt(read.integer(anyInteger, 'proxy', 'runtime', 'workers', 'maximum')),
    workersRatio: read.number('proxy', 'runtime', 'workers', 'maximumCPURatio') ?? 0,
    requireIdentityOnInboundPorts: read.text('proxy', 'requireIdentityOnInboundPorts'),
    enableShutdownEndpoint: read.flag('proxy', 'enableShutdownEndpoint'),
    logLevel: read.text('proxy', 'logLevel'),
    logFormat: read.text('proxy', 'logFormat'),
    logHTTPHeaders: read.text('proxy', 'logHTTPHeaders'),
    defaultInboundPolicy: read.text('proxy', 'defaultInboundPolicy'),
    inboundConnectTimeout: read.text('proxy', 'inboundConnectTimeout'),
    outboundConnectTimeout: read.text('proxy', 'outboundConnectTimeout'),
    inboundDiscoveryCacheUnusedTimeout: read.text('proxy', 'inboundDiscoveryCacheUnusedTimeout'),
    outboundDiscoveryCacheUnusedTimeout: read.text('proxy', 'outboundDiscoveryCacheUnusedTimeout'),
    disableInboundProtocolDetectTimeout: read.flag('proxy', 'disableInboundProtocolDetectTimeout'),
    disableOutboundProtocolDetectTimeout: read.flag('proxy', 'disableOutboundProtocolDetectTimeout'),
    enableExternalProfiles: read.flag('proxy', 'enableExternalProfiles'),
    hostnameLabels: read.flag('proxy', 'metrics', 'hostnameLabels'),
    isGateway: read.flag('proxy', 'isGateway'),
    isIngress: read.flag('proxy', 'isIngress'),
    opaquePorts: read.text('proxy', 'opaquePorts'),
    accessLog: read.text('proxy', 'accessLog'),
    shutdownGracePeriod: read.text('proxy', 'shutdownGracePeriod'),
    await: read.flag('proxy', 'await'),
    nativeSidecar: read.flag('proxy', 'nativeSidecar'),
    waitBeforeExitSeconds: String(read.integer(anyUnsigned, 'proxy', 'waitBeforeExitSeconds')),
    ignoreInboundPorts: read.text('proxyInit', 'ignoreInboundPorts'),
    ignoreOutboundPorts: read.text('proxyInit', 'ignoreOutboundPorts'),
    skipSubnets: read.text('proxyInit', 'skipSubnets'),
    closeWaitTimeoutSecs: BigInt(read.integer(anyInteger, 'proxyInit', 'closeWaitTimeoutSecs')),
    additionalEnv: readEnvValue(read, 'additionalEnv'),
  }
}

/** What the chart's own templates refuse at install, or the injector for every pod. */
function checkChart(read: ValuesReader, {proxy, clusterNetworks, cniEnabled, initRunAsRoot, tracing}: Settings): void {
  if (!['insecure', 'off', ''].includes(proxy.logHTTPHeaders))
    read.problem(['proxy', 'logHTTPHeaders'], `${quoted(proxy.logHTTPHeaders)} is neither insecure nor off`)
  const mode = read.text('proxyInit', 'iptablesMode')
  if (!cniEnabled && mode !== 'nft' && mode !== 'legacy')
    read.problem(['proxyInit', 'iptablesMode'], `${quoted(mode)} is neither nft nor legacy`)
  if (!cniEnabled && proxy.closeWaitTimeoutSecs !== 0n && !initRunAsRoot)
    read.problem(['proxyInit', 'closeWaitTimeoutSecs'], 'needs proxyInit.runAsRoot: true')
  if (tracing.enabled) {
    for (const [path, value] of [
      [['endpoint'], tracing.endpoint],
      [['meshIdentity', 'serviceAccountName'], tracing.serviceAccountName],
      [['meshIdentity', 'namespace'], tracing.namespace],
    ] as const)
      if (value === '') read.problem(['proxy', 'tracing', 'collector', ...path], 'is required while tracing is enabled')
  }
  if (clusterNetworks === '') return
  const wrong = clusterNetworks
    .replace(/^,+|,+$/g, '')
    .split(',')
    .find((network) => !isCidr(network))
  if (wrong !== undefined)
    read.problem(['clusterNetworks'], `${quoted(wrong)} is not an address range such as 10.0.0.0/8 (no spaces)`)
}

function readProbe(read: ValuesReader, name: 'livenessProbe' | 'readinessProbe'): Probe {
  read.require('proxy', name)
  return {
    initialDelaySeconds: read.integer(seconds, 'proxy', name, 'initialDelaySeconds'),
    timeoutSeconds: read.integer(seconds, 'proxy', name, 'timeoutSeconds'),
  }
}

function readCapabilities(read: ValuesReader): Capabilities | undefined {
  const texts = (name: 'add' | 'drop') => {
    const list = read.list('proxy', 'capabilities', name)
    const wrong = list.findIndex((item) => typeof item !== 'string')
    if (wrong >= 0) read.problem(['proxy', 'capabilities', name, wrong], 'must be a text such as NET_RAW')
    return list.filter((item) => typeof item === 'string')
  }
  const set = nonEmpty(read.map('proxy', 'capabilities')) !== undefined
  return set ? {add: texts('add'), drop: texts('drop')} : undefined
}

function readMount(read: ValuesReader): VolumeMount | undefined {
  if (nonEmpty(read.map('proxy', 'saMountPath')) === undefined) return undefined
  return {
    name: read.text('proxy', 'saMountPath', 'name'),
    mountPath: read.text('proxy', 'saMountPath', 'mountPath'),
    readOnly: read.flag('proxy', 'saMountPath', 'readOnly'),
  }
}

function readEnvValue(read: ValuesReader, name: 'additionalEnv' | 'experimentalEnv'): readonly EnvVar[] {
  const value = read.raw(['proxy', name])
  const env = readEnv(value)
  if (env.ok) return env.list
  read.problem(['proxy', name], env.reason)
  return []
}

function nonEmpty(map: Values): Values | undefined {
  return Object.keys(map).length === 0 ? undefined : map
}
