import {parseBool} from '../../go/bool.ts'
import type {StringMap} from '../../pod.ts'
import {keys, own} from '../annotations.ts'
import type {Draft} from '../draft.ts'
import {prometheusPort, withoutPrometheus} from '../metrics.ts'
import type {Settings} from '../settings.ts'
import {metricsPath, metricsPort} from './listeners.ts'

const scrape = {
  'prometheus.io/scrape': 'true',
  'prometheus.io/port': String(metricsPort),
  'prometheus.io/path': metricsPath,
}

/**
 * Has Prometheus scrape the sidecar. There is no agent to merge the application's metrics in, so a pod that says itself
 * how it is scraped keeps that.
 */
export function scrapeEnvoy(draft: Draft, settings: Settings): Draft {
  const {annotations} = draft
  if (!isWanted(annotations, settings) || isScraped(annotations)) return draft
  return {...draft, annotations: {...annotations, ...scrape}}
}

/** Whether the pod's own annotations keep Prometheus from the sidecar. */
export function keepsOwnScrape(annotations: StringMap, settings: Settings): boolean {
  const port = String(metricsPort)
  return isWanted(annotations, settings) && isScraped(annotations) && prometheusPort(annotations) !== port
}

function isWanted(annotations: StringMap, {envoy, mesh}: Settings): boolean {
  return envoy?.metrics === true && (parseBool(own(annotations, keys.mergeMetrics) ?? '') ?? mesh.prometheusMerge)
}

function isScraped(annotations: StringMap): boolean {
  return withoutPrometheus(annotations) !== annotations
}
