import {parseBool} from '../go/bool.ts'
import {goJson} from '../go/struct.ts'
import type {Json, StringMap} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {findInPod, replaceInPod, type Draft} from './draft.ts'
import {RefusedValue} from './rendering.ts'
import type {MeshConfig} from './mesh-config.ts'
import {proxyName} from './names.ts'
import {reservedPorts} from './version.ts'
import {shown} from './yaml-text.ts'

/** Prometheus replaces everything but letters and digits by underscores, so these may be spelled in many ways. */
const scrapeKey = /^prometheus[^a-zA-Z0-9]io[^a-zA-Z0-9](scrape|port|path)$/
const targetsKey = /^prometheus[^a-zA-Z0-9]istio[^a-zA-Z0-9]io[^a-zA-Z0-9]scrape[^a-zA-Z0-9]targets$/
const securePortKey = /^prometheus[^a-zA-Z0-9]istio[^a-zA-Z0-9]io[^a-zA-Z0-9]secure[^a-zA-Z0-9]port$/
const securePortVariable = 'ENVOY_SECURE_MERGED_METRICS_PORT'

interface Target {
  readonly port: string
  readonly path: string
}

interface Scrape {
  readonly scrape: string
  readonly path: string
  readonly port: string
  readonly targets: readonly Target[]
}

/**
 * Metrics merge: Prometheus scrapes the agent, which scrapes the application where its own annotations said
 * (pkg/kube/inject/webhook.go applyPrometheusMerge, applySecurePrometheusAnnotation).
 */
export function mergeMetrics(draft: Draft, mesh: MeshConfig): Draft {
  return markSecurePort(merged(draft, mesh))
}

function merged(draft: Draft, mesh: MeshConfig): Draft {
  const {annotations} = draft
  const wanted = parseBool(own(annotations, keys.mergeMetrics) ?? '') ?? mesh.prometheusMerge
  if (!wanted || refusesScrape(annotations)) return draft
  const agentPort = String(mesh.statusPort)
  if (prometheusPort(annotations) === agentPort) return draft
  const scrape = scrapeOf(annotations)
  checkPorts(scrape, mesh.statusPort)
  const annotated: Draft = {
    ...draft,
    annotations: {
      ...withoutPrometheus(annotations),
      'prometheus.io/port': agentPort,
      'prometheus.io/path': '/stats/prometheus',
      'prometheus.io/scrape': 'true',
    },
  }
  const empty = scrape.scrape === '' && scrape.path === '' && scrape.port === '' && scrape.targets.length === 0
  return empty ? annotated : appendVariable(annotated, 'ISTIO_PROMETHEUS_ANNOTATIONS', goJson(scrapeJson(scrape)))
}

function scrapeJson({scrape, path, port, targets}: Scrape): Json {
  const base = {scrape, path, port}
  return targets.length === 0
    ? base
    : {...base, targets: targets.map((target) => ({port: target.port, path: target.path}))}
}

/** A pod that says no is not scraped; what is neither yes nor no counts as yes. */
function refusesScrape(annotations: StringMap): boolean {
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith('prometheus') || scrapeKey.exec(key)?.[1] !== 'scrape') continue
    const scrape = parseBool(annotations[key] ?? '')
    if (scrape !== undefined) return !scrape
  }
  return false
}

/** The port that the pod asks to be scraped at. */
export function prometheusPort(annotations: StringMap): string | undefined {
  const key = Object.keys(annotations).find(
    (name) => name.startsWith('prometheus') && scrapeKey.exec(name)?.[1] === 'port',
  )
  return key === undefined ? undefined : annotations[key]
}

/** Without any spelling of what the agent's own annotations replace; the same object where there is none. */
export function withoutPrometheus(annotations: StringMap): StringMap {
  const names = Object.keys(annotations)
  const kept = names.filter((key) => !(key.startsWith('prometheus') && (scrapeKey.test(key) || targetsKey.test(key))))
  if (kept.length === names.length) return annotations
  return Object.fromEntries(kept.map((key) => [key, annotations[key] ?? '']))
}

function scrapeOf(annotations: StringMap): Scrape {
  const found = {scrape: '', path: '', port: ''}
  let targets: readonly Target[] = []
  for (const key of Object.keys(annotations)) {
    const value = annotations[key] ?? ''
    const name = scrapeKey.exec(key)?.[1]
    if (name === 'scrape' || name === 'path' || name === 'port') found[name] = value
    else if (targetsKey.test(key)) targets = readTargets(value) ?? targets
  }
  const [first] = targets
  // Agents of older versions know only one target.
  return first === undefined ? {...found, targets} : {...found, port: first.port, path: first.path, targets}
}

/** Each is written into the proxy's environment; a pod has fewer ports that somebody scrapes. */
const mostTargets = 1000

/** `port[:path]` with commas between; undefined where a port is missing, which istiod only logs. */
function readTargets(text: string): readonly Target[] | undefined {
  const targets: Target[] = []
  for (const entry of text.split(',').map((item) => item.trim())) {
    if (entry === '') continue
    const colon = entry.indexOf(':')
    const port = (colon < 0 ? entry : entry.slice(0, colon)).trim()
    if (port === '') return undefined
    if (targets.length === mostTargets)
      throw new RefusedValue(`annotation prometheus.istio.io/scrape-targets has more than ${mostTargets} targets`)
    targets.push({port, path: (colon < 0 ? '' : entry.slice(colon + 1).trim()) || '/metrics'})
  }
  return targets
}

function checkPorts({targets, port}: Scrape, agentPort: number): void {
  const ports = targets.length > 0 ? targets.map((target) => target.port) : port === '' ? [] : [port]
  const key = targets.length > 0 ? 'prometheus.istio.io/scrape-targets' : 'prometheus.io/port'
  for (const text of ports) {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : 0
    const reason = number === agentPort ? 'the agent itself' : reservedPorts.get(number)
    if (number < 1 || number > 65535) {
      throw new RefusedValue(`annotation ${key} names the port ${shown(text)}; use a port from 1 to 65535`)
    }
    if (reason !== undefined) {
      throw new RefusedValue(
        `annotation ${key} names port ${number}, which is reserved for Istio (${reason}); use the application's own port`,
      )
    }
  }
}

/** Tells Prometheus where the proxy serves merged metrics with mutual TLS, unless the pod says so itself. */
function markSecurePort(draft: Draft): Draft {
  if (Object.keys(draft.annotations).some((key) => key.startsWith('prometheus') && securePortKey.test(key)))
    return draft
  const port = findInPod(draft, proxyName)?.env?.find(
    ({name, value}) => name === securePortVariable && value !== undefined && value !== '' && value !== '0',
  )?.value
  return port === undefined
    ? draft
    : {...draft, annotations: {...draft.annotations, 'prometheus.istio.io/secure-port': port}}
}

export function appendVariable(draft: Draft, name: string, value: string): Draft {
  return replaceInPod(draft, proxyName, (proxy) => ({...proxy, env: [...(proxy.env ?? []), {name, value}]}))
}
