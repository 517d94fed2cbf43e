import {clean} from '../go/filepath.ts'
import type {Subject} from '../mesh.ts'
import type {Container, Volume, VolumeMount} from '../pod.ts'
import {isValues} from '../values.ts'
import type {Annotations} from './annotations.ts'
import {keyPrefix} from './keys.ts'
import {mergingEnabled} from './metrics.ts'
import type {Settings} from './settings.ts'
import {shown} from './shown.ts'
import {userMountKey} from './user-volumes.ts'
import type {Wishes} from './wishes.ts'

/** One of the services that a pod registers; a pod with a single service leaves it unnamed. */
export interface PodService {
  readonly index: number
  readonly name: string
}

/** Each service brings two containers and ports of its own; the mesh sets no bound, a tenant's annotation must have one. */
const mostServices = 100

const single: readonly PodService[] = [{index: 0, name: ''}]

/**
 * The services of a pod: one without a name, or those that `connect-service` lists, untrimmed. Their names become words of
 * a shell command in the init container, so what a shell would read is refused.
 */
export function readServices(annotations: Annotations, settings: Settings): readonly PodService[] {
  const text = annotations.get('connect-service')
  const names = text?.split(',') ?? []
  if (text !== undefined && (names.length > 1 ? /["'`$\\;&|<>()*?[\]#~!{}\n\r]/ : quotable(settings)).test(text)) {
    annotations.refuseValue(
      'connect-service',
      'the init container runs it in a shell; use letters, digits, "-", "_", "."',
    )
  }
  if (names.length > mostServices) {
    annotations.refuse(
      `annotation consul.hashicorp.com/connect-service lists ${names.length} services: ${mostServices} are the most`,
    )
    return single
  }
  return names.length > 1 ? names.map((name, index) => ({index, name})) : single
}

/** Characters of annotations whose items every service's containers get, times the services. */
const mostCopied = 1024 * 1024
const copiedKeys = ['envoy-extra-args', userMountKey] as const

/** Each service has a sidecar of its own, so what a pod writes for its sidecar is multiplied by them. */
export function refuseManyCopies(annotations: Annotations, services: number): void {
  for (const key of copiedKeys) {
    const length = annotations.get(key)?.length ?? 0
    if (length * services > mostCopied) {
      annotations.refuse(
        `annotation ${keyPrefix}${key} has ${length} characters for each of ${services} services: ${mostCopied} together are the most`,
      )
    }
  }
}

/** A single service is named in the command only where there are ACLs, and stands between double quotes there. */
function quotable({connection}: Settings): RegExp {
  return connection.authMethod === '' ? /(?!)/ : /["`$\\]/
}

export function refuseUnsupportedMultiPort(annotations: Annotations, wishes: Wishes, settings: Settings): void {
  const merging = mergingEnabled(annotations, settings.metrics)
  const obstacle = wishes.transparentProxy
    ? 'transparent proxy is on: set consul.hashicorp.com/transparent-proxy to "false"'
    : wishes.metrics
      ? 'metrics are on: set consul.hashicorp.com/enable-metrics to "false"'
      : merging
        ? 'metrics merging is on: set consul.hashicorp.com/enable-metrics-merging to "false"'
        : undefined
  if (obstacle !== undefined) {
    annotations.refuse(
      `consul.hashicorp.com/connect-service lists several services, which is not possible while ${obstacle}`,
    )
  }
}

/**
 * The volume with the token of a service's own ServiceAccount, where the pod does not run as that account already: the
 * account's first Secret, else the Secret of its name.
 */
export function accountVolume(
  annotations: Annotations,
  {name}: PodService,
  {pod, namespace, objects}: Subject,
): Volume | undefined {
  if (name === '' || pod.spec.serviceAccountName === name) return undefined
  const account = objects.get('ServiceAccount', namespace.name, name)
  if (account === undefined) {
    annotations.refuse(
      `service ${shown(name)} of consul.hashicorp.com/connect-service needs a ServiceAccount of that name in namespace ` +
        `${namespace.name}: create it, or correct the name`,
    )
    return undefined
  }
  const {secrets} = account
  const first: unknown = Array.isArray(secrets) ? secrets[0] : undefined
  const missing = objects.unseen?.has('Secret') !== true && objects.get('Secret', namespace.name, name) === undefined
  if (first === undefined && missing) {
    annotations.refuse(
      `ServiceAccount ${shown(name)} in namespace ${namespace.name} has no Secret: create one of its name, of type ` +
        'kubernetes.io/service-account-token',
    )
    return undefined
  }
  const listed = isValues(first) && typeof first['name'] === 'string' ? first['name'] : ''
  return {name: `${name}-service-account`, secret: {secretName: first === undefined ? name : listed}}
}

export interface Token {
  readonly mount: VolumeMount
  /** The token's path in the container. */
  readonly file: string
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The service account token that a container logs in to Consul with: the service's own, else the one the pod mounts. */
export function findToken(
  annotations: Annotations,
  {name}: PodService,
  containers: readonly Container[],
  volumes: readonly Volume[],
): Token | undefined {
  if (name !== '') {
    const own = `${name}-service-account`
    if (volumes.some((volume) => volume.name === own)) {
      const mountPath = `/consul/serviceaccount-${name}`
      return {mount: {name: own, readOnly: true, mountPath}, file: clean(`${mountPath}/token`)}
    }
  }
  // The injector goes on to the last container that has the mount.
  for (const {volumeMounts} of containers.toReversed()) {
    const mount = volumeMounts?.find(({mountPath}) => mountPath === tokenPath)
    if (mount !== undefined) return {mount, file: `${tokenPath}/token`}
  }
  annotations.refuse(
    'no container mounts the service account token that logs the proxy in to Consul: remove ' +
      'automountServiceAccountToken: false from the pod and its ServiceAccount',
  )
  return undefined
}
