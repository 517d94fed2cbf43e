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

// Spelled out once: a key that is put together for each pod costs more than the rest of its annotation.
export const managedByKey = `${keyPrefix}connect-inject-managed-by`
export const servicePortKey = `${keyPrefix}connect-service-port`
const originalPodKey = `${keyPrefix}original-pod`
const oldVersionKey = `${keyPrefix}connect-k8s-version`
const versionKey = `${keyPrefix}consul-k8s-version`
const dualStackKey = `${keyPrefix}dual-stack`
const transparentProxyStatusKey = `${keyPrefix}transparent-proxy-status`
const redirectKey = `${keyPrefix}redirect-traffic-config`
const namespaceKey = `${keyPrefix}consul-namespace`
const accessLogKey = `${keyPrefix}consul-sidecar-access-log-enabled`
const accessLogPathKey = `${keyPrefix}consul-sidecar-access-log-path`

/** Annotations that the injector writes over whatever the pod had, for `uninject`. */
export const writtenKeys: readonly string[] = [
  statusKey,
  originalPodKey,
  oldVersionKey,
  versionKey,
  dualStackKey,
  transparentProxyStatusKey,
  redirectKey,
  namespaceKey,
  accessLogKey,
  accessLogPathKey,
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
  /** What `originalPod` makes of it. */
  readonly original: string
  readonly namespace: NamespaceFacts
  readonly annotations: Annotations
  readonly wishes: Wishes
  readonly servicePort: string
  readonly prometheusPort: number
  /** Only under the CNI plugin, which reads it off the pod. */
  readonly redirect: string | undefined
}

/** What Kubernetes takes of all annotations together. */
const mostAnnotationBytes = 256 * 1024

/** The pod as it came, for an annotation; a pod that would not fit there is refused, as the API server would afterwards. */
export function originalPod(pod: Pod, annotations: Annotations): string {
  const text = goJson(goPod(pod))
  if (text.length > mostAnnotationBytes) {
    annotations.refuse(
      `the pod does not fit into the annotation ${originalPodKey} that Consul wants of it: it has ${text.length} ` +
        `characters of JSON, and Kubernetes takes ${mostAnnotationBytes} bytes`,
    )
  }
  return text
}

/** The pod's metadata with what the injector notes for Consul's controllers, its CNI plugin and Prometheus. */
export function injectedMetadata(parts: MetadataParts, settings: Settings): ObjectMeta {
  const {pod, namespace, annotations, wishes, servicePort, redirect} = parts
  const {accessLogs, connection, dualStack, metrics} = settings
  const written: Record<string, string> = {
    ...pod.metadata.annotations,
    [originalPodKey]: parts.original,
    [oldVersionKey]: consulK8s2_0_3.version,
    [versionKey]: consulK8s2_0_3.version,
    [dualStackKey]: String(dualStack),
    [statusKey]: 'injected',
  }
  if (annotations.get('connect-service-port') === undefined && servicePort !== '') written[servicePortKey] = servicePort
  if (accessLogs !== undefined) written[accessLogKey] = 'true'
  if (accessLogs?.path !== undefined) written[accessLogPathKey] = accessLogs.path
  if (wishes.transparentProxy) written[transparentProxyStatusKey] = 'enabled'
  if (redirect !== undefined) written[redirectKey] = redirect
  if (wishes.metrics) {
    written['prometheus.io/scrape'] = 'true'
    written['prometheus.io/port'] = String(parts.prometheusPort)
    written['prometheus.io/path'] = scrapePath(annotations, metrics)
  }
  if (connection.namespaces !== undefined) {
    written[namespaceKey] = consulNamespace(connection.namespaces, namespace.name)
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
