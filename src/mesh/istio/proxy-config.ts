import {flatText} from '../flat.ts'
import type {Json} from '../pod.ts'
import {addressProblem} from './address.ts'
import {compact, decode, layer, objectOf, print, textOf, type Decoded, type ProtoJson} from './proto.ts'
import {proxyConfigMessage} from './proxy-config-schema.ts'

/** Istio's code defaults (pkg/config/mesh/mesh.go DefaultProxyConfig). */
export const defaultProxyConfig: ProtoJson = {
  configPath: './etc/istio/proxy',
  binaryPath: '/usr/local/bin/envoy',
  serviceCluster: 'istio-proxy',
  drainDuration: '45s',
  discoveryAddress: 'istiod.istio-system.svc:15012',
  proxyAdminPort: 15000,
  controlPlaneAuthPolicy: 'MUTUAL_TLS',
  statNameLength: 189,
  statusPort: 15020,
  terminationDrainDuration: '5s',
}

/** Left out of PROXY_CONFIG where they are as in the code (pkg/kube/inject/template.go cleanProxyConfig). */
const cleaned: ReadonlySet<string> = new Set([
  'configPath',
  'binaryPath',
  'controlPlaneAuthPolicy',
  'serviceCluster',
  'drainDuration',
  'terminationDrainDuration',
  'discoveryAddress',
  'proxyAdminPort',
  'statNameLength',
  'statusPort',
])

/** Lays `over` on `base`: fields replace, except that proxyMetadata merges by key and proxyHeaders in part. */
export function mergeProxyConfig(base: ProtoJson, over: ProtoJson): ProtoJson {
  const merged = layer(proxyConfigMessage, base, over)
  const metadata = objectOf(over['proxyMetadata'])
  const headers = objectOf(over['proxyHeaders'])
  return {
    ...merged,
    ...(metadata === undefined ? {} : {proxyMetadata: {...objectOf(base['proxyMetadata']), ...metadata}}),
    ...(headers === undefined ? {} : {proxyHeaders: mergeHeaders(objectOf(base['proxyHeaders']) ?? {}, headers)}),
  }
}

/** Header settings that the upper layer leaves out are kept; its other fields are gone (mesh.go correctProxyHeaders). */
function mergeHeaders(base: ProtoJson, over: ProtoJson): ProtoJson {
  const merged: {[name: string]: Json} = {...over}
  for (const name of ['forwardedClientCert', 'requestId', 'attemptCount', 'server', 'envoyDebugHeaders']) {
    const kept = base[name]
    if ((merged[name] === undefined || merged[name] === 'UNDEFINED') && kept !== undefined) merged[name] = kept
  }
  return merged
}

/** Reads and checks one layer as it is written, in `meshConfig.defaultConfig` or an annotation. */
export function readProxyConfig(value: unknown): Decoded<ProtoJson> {
  const decoded = decode(proxyConfigMessage, value)
  if (!decoded.ok) return decoded
  const problem = proxyConfigProblem(mergeProxyConfig(defaultProxyConfig, decoded.value))
  return problem === undefined ? decoded : {ok: false, message: problem}
}

/** What a lower layer becomes under an upper one: zeros of the upper do not count, as istiod prints and reads it again. */
export function overProxyConfig(base: ProtoJson, over: ProtoJson): ProtoJson {
  return compact(proxyConfigMessage, mergeProxyConfig(base, compact(proxyConfigMessage, over)))
}

/** The value of PROXY_CONFIG, without what is as in the code; it ends in a line feed. */
export function printProxyConfig(config: ProtoJson): string {
  const kept: {[field: string]: Json} = {}
  for (const [name, value] of Object.entries(compact(proxyConfigMessage, config))) {
    if (!cleaned.has(name) || value !== defaultProxyConfig[name]) kept[name] = value
  }
  return flatText(print(kept), '\n')
}

/** The first rule of istiod's validation that is broken (pkg/config/validation/agent ValidateMeshConfigProxyConfig). */
export function proxyConfigProblem(config: ProtoJson): string | undefined {
  for (const name of ['configPath', 'binaryPath'] as const) {
    if ((config[name] ?? '') === '') return `${name} must be set`
  }
  if (config['serviceCluster'] === '') return 'serviceCluster must be set'
  const drain = milliseconds(config['drainDuration'])
  if (drain === undefined || drain < 1000 || drain % 1000 !== 0)
    return 'drainDuration must be whole seconds, at least 1s'
  return (
    addressProblem('discoveryAddress', textOf(config['discoveryAddress']) ?? '') ??
    tracingProblem(objectOf(config['tracing'])) ??
    optionalAddress('statsdUdpAddress', config['statsdUdpAddress']) ??
    optionalAddress('envoyMetricsServiceAddress', config['envoyMetricsServiceAddress']) ??
    optionalAddress('envoyMetricsService.address', objectOf(config['envoyMetricsService'])?.['address']) ??
    optionalAddress('envoyAccessLogService.address', objectOf(config['envoyAccessLogService'])?.['address']) ??
    portProblem('proxyAdminPort', config['proxyAdminPort']) ??
    portProblem('statusPort', config['statusPort']) ??
    authPolicyProblem(config['controlPlaneAuthPolicy']) ??
    keyProviderProblem(objectOf(config['privateKeyProvider'])) ??
    connectionProblem(objectOf(config['connectionSettings']))
  )
}

function tracingProblem(tracing: ProtoJson | undefined): string | undefined {
  if (tracing === undefined) return undefined
  const lightstep = objectOf(tracing['lightstep'])
  if (lightstep !== undefined) {
    const problem = addressProblem('tracing.lightstep.address', textOf(lightstep['address']) ?? '')
    if (problem !== undefined) return problem
    if ((lightstep['accessToken'] ?? '') === '') return 'tracing.lightstep.accessToken must be set'
  }
  for (const tracer of ['zipkin', 'datadog']) {
    const collector = objectOf(tracing[tracer])
    if (collector === undefined) continue
    const address = (textOf(collector['address']) ?? '').replace('$(HOST_IP)', '127.0.0.1')
    const problem = addressProblem(`tracing.${tracer}.address`, address)
    if (problem !== undefined) return problem
  }
  return tlsProblem(objectOf(tracing['tlsSettings']))
}

function tlsProblem(tls: ProtoJson | undefined): string | undefined {
  if (tls === undefined) return undefined
  const set = (name: string) => (tls[name] ?? '') !== ''
  const mode = tls['mode'] ?? 'DISABLE'
  const names = tls['subjectAltNames']
  if ((textOf(tls['credentialName']) ?? '').startsWith('configmap://')) {
    return 'tracing.tlsSettings.credentialName must not be a configmap:// here'
  }
  if (tls['insecureSkipVerify'] === true && (mode === 'SIMPLE' || mode === 'MUTUAL')) {
    const verified = set('caCertificates') || (Array.isArray(names) && names.length > 0)
    if (verified || (mode === 'SIMPLE' && set('credentialName'))) {
      return 'tracing.tlsSettings.insecureSkipVerify does not go with certificates to verify'
    }
  }
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && set('credentialName')) {
    const files = ['clientCertificate', 'caCertificates', 'privateKey', 'caCrl'].some(set)
    return files ? 'tracing.tlsSettings.credentialName does not go with certificate files' : undefined
  }
  if (mode === 'MUTUAL' && !(set('clientCertificate') && set('privateKey'))) {
    return 'tracing.tlsSettings needs clientCertificate and privateKey for MUTUAL'
  }
  return undefined
}

function keyProviderProblem(provider: ProtoJson | undefined): string | undefined {
  if (provider === undefined) return undefined
  const settings = objectOf(provider['cryptomb']) ?? objectOf(provider['qat'])
  if (settings === undefined) return 'privateKeyProvider needs cryptomb or qat'
  const delay = settings['pollDelay']
  return delay === undefined || delay === '0s' ? 'privateKeyProvider needs a pollDelay above 0' : undefined
}

const leastConnectionSettings: {readonly [name: string]: number} = {
  listenerPerConnectionBufferLimitBytes: 0,
  clusterPerConnectionBufferLimitBytes: 0,
  httpMaxConcurrentStreams: 1,
  http2InitialStreamWindowSize: 65535,
  http2InitialConnectionWindowSize: 65535,
  listenerConnectionLimit: 1,
  globalDownstreamConnectionLimit: 1,
}

function connectionProblem(settings: ProtoJson | undefined): string | undefined {
  for (const [name, value] of Object.entries(settings ?? {})) {
    if (typeof value === 'string' && value.startsWith('-')) return `connectionSettings.${name} must not be negative`
    const least = leastConnectionSettings[name]
    if (least !== undefined && typeof value === 'number' && value < least) {
      return `connectionSettings.${name} must be at least ${least}`
    }
  }
  return undefined
}

function authPolicyProblem(policy: Json | undefined): string | undefined {
  return policy === undefined || policy === 'NONE' || policy === 'MUTUAL_TLS'
    ? undefined
    : 'controlPlaneAuthPolicy must be NONE or MUTUAL_TLS'
}

function portProblem(name: string, port: Json | undefined): string | undefined {
  return typeof port === 'number' && port >= 1 && port <= 65535 ? undefined : `${name} must be from 1 to 65535`
}

function optionalAddress(name: string, address: Json | undefined): string | undefined {
  const text = textOf(address) ?? ''
  return text === '' ? undefined : addressProblem(name, text)
}

/** Of a canonical duration. */
function milliseconds(duration: Json | undefined): number | undefined {
  return typeof duration === 'string' ? Number(duration.slice(0, -1)) * 1000 : undefined
}
