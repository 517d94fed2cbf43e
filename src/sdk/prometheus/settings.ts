import {meshNames, type MeshName} from '../../mesh/mesh.ts'
import {milliseconds} from '../../rules/value.ts'
import type {Environment} from '../environment.ts'
import {MeshConfigError} from '../errors.ts'
import type {MeshOptions} from '../options.ts'
import type {PrometheusClientOptions} from './client.ts'

/** Which Prometheus is asked, and about whose sidecars. */
export interface PrometheusSettings extends PrometheusClientOptions {
  /** Undefined where neither options nor environment nor a configuration say it. */
  readonly mesh: MeshName | undefined
  /** Milliseconds. */
  readonly scrapeInterval: number
}

/** What the charts of Istio and Consul scrape by; Linkerd's is 10s. */
const usualScrapeInterval = '15s'
const usualTimeout = '10s'

/**
 * @param configured the mesh that the application's own configuration names
 * @returns undefined where no Prometheus is named
 * @throws MeshConfigError
 */
export function prometheusOf(
  {prometheus: option}: MeshOptions,
  environment: Environment,
  configured: MeshName | undefined,
): PrometheusSettings | undefined {
  const given = typeof option === 'string' ? {url: option} : option
  const url = given?.url ?? environment.prometheus
  if (url === undefined) {
    if (given === undefined) return undefined
    throw new MeshConfigError('prometheus: name its url, or set MESHWRIGHT_PROMETHEUS')
  }
  const {mesh, headers = {}, timeout = usualTimeout, scrapeInterval = usualScrapeInterval} = given ?? {}
  if (mesh !== undefined && !meshNames.includes(mesh)) {
    throw new MeshConfigError(`prometheus.mesh must be ${meshNames.join(', ')}, found ${JSON.stringify(mesh)}`)
  }
  return {
    url: addressOf(url, given?.url === undefined ? 'MESHWRIGHT_PROMETHEUS' : 'prometheus.url'),
    headers,
    timeout: durationOf('timeout', timeout),
    scrapeInterval: durationOf('scrapeInterval', scrapeInterval),
    mesh: mesh ?? environment.mesh ?? configured,
  }
}

function addressOf(text: string, place: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  // What was found may hold a password.
  throw new MeshConfigError(`${place} must be a URL such as http://prometheus.istio-system:9090`)
}

function durationOf(key: string, text: string): number {
  const duration = milliseconds(text)
  if (duration !== undefined) return duration
  throw new MeshConfigError(`prometheus.${key} must be a duration such as 15s, found ${JSON.stringify(text)}`)
}
