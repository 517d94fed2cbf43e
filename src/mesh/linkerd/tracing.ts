import type {ObjectMeta} from '../pod.ts'
import {own} from './annotations.ts'
import type {ValuesReader} from './reader.ts'
import type {Tracing} from './settings.ts'

const prefix = 'resource.opentelemetry.io/'
const serviceName = 'service.name'

/**
 * Attributes of the proxy's spans as `key=value` lines: the values' labels, the pod's `resource.opentelemetry.io/`
 * annotations, and a service name, by OpenTelemetry's order from annotation, app.kubernetes.io/instance and /name.
 */
export function traceAttributes({annotations, labels}: ObjectMeta, {labels: common}: Tracing): string {
  const attributes = new Map(common)
  const workload = own(labels, 'app.kubernetes.io/instance') ?? own(labels, 'app.kubernetes.io/name')
  if (workload !== undefined) attributes.set(serviceName, workload)
  for (const key of Object.keys(annotations ?? {}))
    if (key.startsWith(prefix)) attributes.set(key.slice(prefix.length), own(annotations, key) ?? '')
  return [...attributes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** `proxy.tracing` of the values. */
export function readTracing(read: ValuesReader): Tracing {
  const labels = new Map<string, string>()
  for (const key of Object.keys(read.map('proxy', 'tracing', 'labels')))
    labels.set(key, read.text('proxy', 'tracing', 'labels', key))
  return {
    enabled: read.flag('proxy', 'tracing', 'enabled'),
    protocol: read.text('proxy', 'tracing', 'protocol') || 'opentelemetry',
    traceServiceName: read.text('proxy', 'tracing', 'traceServiceName'),
    labels,
    endpoint: read.text('proxy', 'tracing', 'collector', 'endpoint'),
    serviceAccountName: read.text('proxy', 'tracing', 'collector', 'meshIdentity', 'serviceAccountName'),
    namespace: read.text('proxy', 'tracing', 'collector', 'meshIdentity', 'namespace'),
  }
}
