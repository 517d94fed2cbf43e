import {goJson, goPod} from '../go/struct.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {Container, ObjectMeta, Pod} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {consulNamespace} from './connection.ts'
import {keyPrefix, statusKey} from './keys.ts'
import {scrapePath} from './metrics.ts'
import type {Settings} from './settings.ts'
import {consulK8s2_0_3} from './version.ts'
import type {Wishes} from './wishes.ts'

export const managedByKey = `${keyPrefix}connect-inject-managed-by`
export const servicePortKey = `${keyPrefix}connect-service-port`
export const originalPodKey = `${keyPrefix}original-pod`

/** Annotations that the injector writes over whatever the pod had, for `uninject`. */
export const writtenKeys: readonly string[] = [
  originalPodKey,
  statusKey,
  `${keyPrefix}connect-k8s-version`,
  `${keyPrefix}consul-k8s-version`,
  `${keyPrefix}dual-stack`,
  `${keyPrefix}transparent-proxy-status`,
  `${keyPrefix}redirect-traffic-config`,
  `${keyPrefix}consul-namespace`,
  `${keyPrefix}consul-sidecar-access-log-enabled`,
  `${keyPrefix}consul-sidecar-access-log-path`,
]

/** The ports that Consul registers where the pod names none: all of the first container, by name or else by number. */
export function defaultServicePort(containers: readonly Container[]): string {
  const ports = containers[0]?.ports ?? []
  return ports
    .map(({name, containerPort = 0}) => name || (containerPort > 0 ? String(containerPort) : ''))
    .filter((port) => port !== '')
    .join(',')
}

export interface MetadataParts {
  readonly pod: Pod
  readonly namespace: NamespaceFacts
  readonly annotations: Annotations
  readonly wishes: Wishes
  readonly servicePort: string
  readonly prometheusPort: number
  /** Only under the CNI plugin, which reads it off the pod. */
  readonly redirect: string | undefined
}

/** The pod's metadata with what the injector notes for Consul's controllers, its CNI plugin and Prometheus. */
export function injectedMetadata(parts: MetadataParts, settings: Settings): ObjectMeta {
  const {pod, namespace, annotations, wishes, servicePort, redirect} = parts
  const {accessLogs, connection, dualStack, metrics} = settings
  const written: Record<string, string> = {
    ...pod.metadata.annotations,
    [originalPodKey]: goJson(goPod(pod)),
    [`${keyPrefix}connect-k8s-version`]: consulK8s2_0_3.version,
    [`${keyPrefix}consul-k8s-version`]: consulK8s2_0_3.version,
    [`${keyPrefix}dual-stack`]: String(dualStack),
    [statusKey]: 'injected',
  }
  if (annotations.get('connect-service-port') === undefined && servicePort !== '') written[servicePortKey] = servicePort
  if (accessLogs !== undefined) written[`${keyPrefix}consul-sidecar-access-log-enabled`] = 'true'
  if (accessLogs?.path !== undefined) written[`${keyPrefix}consul-sidecar-access-log-path`] = accessLogs.path
  if (wishes.transparentProxy) written[`${keyPrefix}transparent-proxy-status`] = 'enabled'
  if (redirect !== undefined) written[`${keyPrefix}redirect-traffic-config`] = redirect
  if (wishes.metrics) {
    written['prometheus.io/scrape'] = 'true'
    written['prometheus.io/port'] = String(parts.prometheusPort)
    written['prometheus.io/path'] = scrapePath(annotations, metrics)
  }
  if (connection.namespaces !== undefined) {
    written[`${keyPrefix}consul-namespace`] = consulNamespace(connection.namespaces, namespace.name)
  }
  return {
    ...pod.metadata,
    annotations: written,
    labels: {
      ...pod.metadata.labels,
      [statusKey]: 'injected',
      [managedByKey]: 'consul-k8s-endpoints-controller',
    },
  }
}
