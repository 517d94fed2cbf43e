import type {Finding} from '../finding.ts'
import {parseBool} from '../go/bool.ts'
import {parseDuration} from '../go/duration.ts'
import {parseInteger, parseUnsigned} from '../go/int.ts'
import {parseQuantity} from '../go/quantity.ts'
import type {StringMap} from '../pod.ts'
import {quoted} from './quoted.ts'
import {wholeCores} from './proxy-resources.ts'
import type {ProxySettings} from './settings.ts'
import {linkerd220} from './version.ts'

export const injectAnnotation = 'linkerd.io/inject'
export const opaquePortsAnnotation = 'config.linkerd.io/opaque-ports'
export const additionalEnvAnnotation = 'config.linkerd.io/proxy-additional-env'
export const ingressMode = 'ingress'

const inheritedKeys: ReadonlySet<string> = new Set(linkerd220.inheritedKeys)

/** The settings of one pod while its annotations are read. */
export type Draft = {-readonly [K in keyof ProxySettings]: ProxySettings[K]}
/** Writes the value, or says what was expected; Linkerd passes over what it cannot read. */
type Reader = (text: string, draft: Draft) => string | undefined

/** The value of a key that the map has itself. The API server knows text only; Linkerd reads other scalars as their text. */
export function own(map: StringMap | undefined, key: string): string | undefined {
  if (map === undefined || !Object.hasOwn(map, key)) return undefined
  const value: unknown = map[key]
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : ''
}

/** What the namespace hands to a pod that does not have the key itself, as Linkerd's AppendNamespaceAnnotations copies it. */
export function inheritedAnnotations(pod: StringMap | undefined, namespace: StringMap): Map<string, string> {
  const inherited = new Map<string, string>()
  for (const key of Object.keys(namespace))
    if (inheritedKeys.has(key) && own(pod, key) === undefined) inherited.set(key, own(namespace, key) ?? '')
  return inherited
}

/**
 * Lays a pod's annotations, its own and the inherited ones, over the settings. The settings themselves come back where
 * no annotation changes any.
 */
export function applyAnnotations(
  settings: ProxySettings,
  pod: StringMap | undefined,
  inherited: ReadonlyMap<string, string>,
  findings: Finding[],
): ProxySettings {
  let draft: Draft | undefined
  const read = (key: string, text: string) => {
    const reader = readers.get(key)
    // The switch is on nearly every pod and changes a setting only where it says ingress.
    if (reader === undefined || (key === injectAnnotation && text !== ingressMode)) return
    draft ??= {...settings}
    const expected = reader(text, draft)
    if (expected !== undefined) findings.push({kind: 'ignored', key, message: `${quoted(text)} is not ${expected}`})
  }
  if (pod !== undefined) for (const key of Object.keys(pod)) read(key, own(pod, key) ?? '')
  for (const [key, text] of inherited) read(key, text)

  const switchKey = linkerd220.nativeSidecarKeys.find((key) => own(pod, key) !== undefined || inherited.has(key))
  if (switchKey !== undefined) {
    const text = own(pod, switchKey) ?? inherited.get(switchKey) ?? ''
    const native = parseBool(text)
    if (native === undefined)
      findings.push({
        kind: 'ignored',
        key: switchKey,
        message: `${quoted(text)} is not true or false`,
      })
    else draft = {...(draft ?? settings), nativeSidecar: native}
  }
  return draft ?? settings
}

type KeysOf<T> = {[K in keyof Draft]-?: Draft[K] extends T ? (T extends Draft[K] ? K : never) : never}[keyof Draft]

const raw =
  (name: KeysOf<string>): Reader =>
  (text, draft) => {
    draft[name] = text
    return undefined
  }

const flag =
  (name: KeysOf<boolean>): Reader =>
  (text, draft) => {
    const value = parseBool(text)
    if (value === undefined) return 'true or false'
    draft[name] = value
    return undefined
  }

const enabled =
  (name: KeysOf<boolean>): Reader =>
  (text, draft) => {
    if (text !== 'enabled' && text !== 'disabled') return 'enabled or disabled'
    draft[name] = text === 'enabled'
    return undefined
  }

const integer =
  (name: KeysOf<number>, bits: 32 | 64): Reader =>
  (text, draft) => {
    const parsed = parseInteger(text, 10, bits)
    if (!parsed.ok) return `a whole number of ${bits} bits`
    draft[name] = Number(parsed.value)
    return undefined
  }

const quantity =
  (name: KeysOf<string>): Reader =>
  (text, draft) => {
    if (parseQuantity(text) === undefined) return 'a quantity'
    draft[name] = text
    return undefined
  }

/** A quantity of processors also sets how many threads the proxy starts. */
const cpu =
  (name: 'cpuRequest' | 'cpuLimit', workers: 'workersMinimum' | 'workersMaximum'): Reader =>
  (text, draft) => {
    const cores = wholeCores(text)
    if (cores === undefined) return 'a quantity'
    draft[name] = text
    draft[workers] = cores
    return undefined
  }

const duration =
  (name: KeysOf<string>, print: (nanoseconds: bigint) => string): Reader =>
  (text, draft) => {
    const nanoseconds = parseDuration(text)
    if (nanoseconds === undefined) return 'a duration such as 5s'
    draft[name] = print(nanoseconds)
    return undefined
  }

/** Duration.Seconds() of Go: the whole seconds and the rest are added as floats, so thousandths can come out one less. */
function toSeconds(nanoseconds: bigint): number {
  const second = 1_000_000_000n
  return Number(nanoseconds / second) + Number(nanoseconds % second) / 1e9
}

const milliseconds = (nanoseconds: bigint) => `${BigInt(Math.trunc(toSeconds(nanoseconds) * 1000))}ms`
const wholeSeconds = (nanoseconds: bigint) => `${BigInt(Math.trunc(toSeconds(nanoseconds)))}s`
const policies = new Set([
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'deny',
  'audit',
])

const prefix = 'config.linkerd.io/'
/** Go's strconv.ParseFloat for what a ratio can be; hexadecimal floats are left out. */
const decimal = /^[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    injectAnnotation,
    (_, draft) => {
      draft.isIngress = true
      return undefined
    },
  ],
  [`${prefix}proxy-image`, raw('imageName')],
  [`${prefix}proxy-version`, raw('imageVersion')],
  [`${prefix}image-pull-policy`, raw('pullPolicy')],
  [`${prefix}debug-image`, raw('debugImageName')],
  [`${prefix}debug-image-version`, raw('debugImageVersion')],
  [`${prefix}debug-image-pull-policy`, raw('debugPullPolicy')],
  [`${prefix}enable-debug-sidecar`, (text, draft) => (text === '' ? undefined : flag('debug')(text, draft))],
  [`${prefix}admin-port`, integer('adminPort', 32)],
  [`${prefix}control-port`, integer('controlPort', 32)],
  [`${prefix}inbound-port`, integer('inboundPort', 32)],
  [`${prefix}outbound-port`, integer('outboundPort', 32)],
  [`${prefix}proxy-uid`, integer('uid', 64)],
  [`${prefix}proxy-gid`, integer('gid', 64)],
  [`${prefix}skip-inbound-ports`, raw('ignoreInboundPorts')],
  [`${prefix}skip-outbound-ports`, raw('ignoreOutboundPorts')],
  [`${prefix}skip-subnets`, raw('skipSubnets')],
  [`${prefix}proxy-require-identity-inbound-ports`, raw('requireIdentityOnInboundPorts')],
  [`${prefix}proxy-log-level`, raw('logLevel')],
  [`${prefix}proxy-log-format`, raw('logFormat')],
  [`${prefix}proxy-log-http-headers`, raw('logHTTPHeaders')],
  [`${prefix}access-log`, raw('accessLog')],
  [`${prefix}proxy-cpu-request`, cpu('cpuRequest', 'workersMinimum')],
  [`${prefix}proxy-cpu-limit`, cpu('cpuLimit', 'workersMaximum')],
  [
    `${prefix}proxy-cpu-ratio-limit`,
    (text, draft) => {
      const ratio = decimal.test(text) ? Number(text) : Number.NaN
      // Go's ParseFloat takes NaN and no comparison rejects it; `settingsProblem` refuses the pod then, as Linkerd does.
      if (!(ratio > 0 && ratio < 1) && text.toLowerCase() !== 'nan') return 'a number between 0 and 1'
      draft.workersRatio = ratio
      return undefined
    },
  ],
  [`${prefix}proxy-memory-request`, quantity('memoryRequest')],
  [`${prefix}proxy-memory-limit`, quantity('memoryLimit')],
  [`${prefix}proxy-ephemeral-storage-request`, quantity('storageRequest')],
  [`${prefix}proxy-ephemeral-storage-limit`, quantity('storageLimit')],
  [`${prefix}proxy-admin-shutdown`, enabled('enableShutdownEndpoint')],
  [`${prefix}proxy-await`, enabled('await')],
  [`${prefix}enable-external-profiles`, flag('enableExternalProfiles')],
  [`${prefix}proxy-metrics-hostname-labels`, flag('hostnameLabels')],
  [`${prefix}enable-gateway`, flag('isGateway')],
  [`${prefix}proxy-disable-inbound-protocol-detect-timeout`, flag('disableInboundProtocolDetectTimeout')],
  [`${prefix}proxy-disable-outbound-protocol-detect-timeout`, flag('disableOutboundProtocolDetectTimeout')],
  [`${prefix}proxy-inbound-connect-timeout`, duration('inboundConnectTimeout', milliseconds)],
  [`${prefix}proxy-outbound-connect-timeout`, duration('outboundConnectTimeout', milliseconds)],
  [`${prefix}shutdown-grace-period`, duration('shutdownGracePeriod', milliseconds)],
  [
    `${prefix}proxy-inbound-discovery-cache-unused-timeout`,
    duration('inboundDiscoveryCacheUnusedTimeout', wholeSeconds),
  ],
  [
    `${prefix}proxy-outbound-discovery-cache-unused-timeout`,
    duration('outboundDiscoveryCacheUnusedTimeout', wholeSeconds),
  ],
  [
    `${prefix}default-inbound-policy`,
    (text, draft) => {
      if (!policies.has(text)) return 'an inbound policy'
      draft.defaultInboundPolicy = text
      return undefined
    },
  ],
  [
    'config.alpha.linkerd.io/proxy-wait-before-exit-seconds',
    (text, draft) => {
      const parsed = parseUnsigned(text, 10, 64)
      if (!parsed.ok) return 'a whole number of seconds'
      draft.waitBeforeExitSeconds = String(parsed.value)
      return undefined
    },
  ],
  [
    `${prefix}close-wait-timeout`,
    (text, draft) => {
      if (text === '') return undefined
      const nanoseconds = parseDuration(text)
      if (nanoseconds === undefined) return 'a duration such as 60s'
      draft.closeWaitTimeoutSecs = BigInt(Math.trunc(toSeconds(nanoseconds)))
      return undefined
    },
  ],
])
