import {flatText} from '../flat.ts'
import type {Container, ContainerPort, Handler, Probe, SecurityContext, VolumeMount} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {envVar, fieldVar} from './env.ts'
import {dataPath, sidecarName} from './keys.ts'
import {dataMount} from './init-container.ts'
import {proxyHealthPort, proxyInboundPort} from './redirect.ts'
import type {PodService, Token} from './services.ts'
import type {Settings} from './settings.ts'
import type {Wishes} from './wishes.ts'

/** What differs between the sidecars of two pods. */
export interface SidecarParts {
  readonly service: PodService
  readonly annotations: Annotations
  readonly wishes: Wishes
  readonly args: readonly string[]
  readonly token: Token | undefined
  /** Mounts of the access log and of the user's own volumes. */
  readonly mounts: readonly VolumeMount[]
  readonly prometheusPort: number
  readonly securityContext: SecurityContext
}

const env = [
  envVar('TMPDIR', dataPath),
  fieldVar('NODE_NAME', 'spec.nodeName'),
  envVar('DP_SERVICE_NODE_NAME', '$(NODE_NAME)-virtual'),
  fieldVar('POD_NAME', 'metadata.name'),
  fieldVar('POD_NAMESPACE', 'metadata.namespace'),
  fieldVar('POD_UID', 'metadata.uid'),
  envVar('DP_CREDENTIAL_LOGIN_META', 'pod=$(POD_NAMESPACE)/$(POD_NAME)'),
  envVar('DP_CREDENTIAL_LOGIN_META1', 'pod=$(POD_NAMESPACE)/$(POD_NAME)'),
  envVar('DP_CREDENTIAL_LOGIN_META2', 'pod-uid=$(POD_UID)'),
  fieldVar('HOST_IP', 'status.hostIP'),
]
const envWithHealth = [...env, fieldVar('DP_ENVOY_READY_BIND_ADDRESS', 'status.podIP')]

/** The proxy's container, consul-dataplane with Envoy inside. */
export function sidecarContainer(parts: SidecarParts, settings: Settings): Container {
  const {service, annotations, wishes, args, token, mounts, securityContext} = parts
  const handler = readiness(wishes, service)
  const liveness = annotations.probeNumber('sidecar-proxy-liveness-failure-seconds', settings.livenessFailureSeconds)
  const startup = startupProbe(annotations, wishes, handler, settings)
  const ports = containerPorts(wishes, service, parts.prometheusPort)
  return {
    name: service.name === '' ? sidecarName : `${sidecarName}-${service.name}`,
    image: settings.dataplaneImage,
    args,
    ...(ports.length > 0 && {ports}),
    env: wishes.proxyHealthCheck ? envWithHealth : env,
    resources: wishes.resources,
    ...(wishes.nativeSidecar && {restartPolicy: 'Always'}),
    volumeMounts: [dataMount, ...(token === undefined ? [] : [token.mount]), ...mounts],
    ...(liveness > 0 && {livenessProbe: {...handler, periodSeconds: 1, failureThreshold: liveness}}),
    readinessProbe: {...handler, initialDelaySeconds: 1},
    ...(startup !== undefined && {startupProbe: startup}),
    securityContext,
  }
}

function readiness({proxyHealthCheck}: Wishes, {index}: PodService): Handler {
  return proxyHealthCheck
    ? {httpGet: {path: '/ready', port: proxyHealthPort + index}}
    : {tcpSocket: {port: proxyInboundPort + index}}
}

/** A native sidecar holds the application back until Envoy is healthy; another only has the probe that is asked for. */
function startupProbe(
  annotations: Annotations,
  {nativeSidecar}: Wishes,
  handler: Handler,
  settings: Settings,
): Probe | undefined {
  if (!nativeSidecar) {
    const seconds = annotations.probeNumber('sidecar-proxy-startup-failure-seconds', settings.startupFailureSeconds)
    return seconds > 0 ? {...handler, periodSeconds: 1, failureThreshold: seconds} : undefined
  }
  const defaults = settings.nativeSidecar
  const number = (field: string, key: string, otherwise: number) => {
    const value = annotations.probeNumber(key, otherwise)
    return value > 0 ? {[field]: value} : {}
  }
  return {
    exec: {command: ['/usr/local/bin/consul-dataplane', '-check-proxy-health']},
    ...number('initialDelaySeconds', 'sidecar-initial-probe-check-delay-seconds', defaults.initialDelaySeconds),
    ...number('timeoutSeconds', 'sidecar-probe-check-timeout-seconds', defaults.timeoutSeconds),
    ...number('periodSeconds', 'sidecar-probe-period-seconds', defaults.periodSeconds),
    ...number('failureThreshold', 'sidecar-probe-failure-threshold', defaults.failureThreshold),
  }
}

function containerPorts({proxyHealthCheck, metrics}: Wishes, {index}: PodService, prometheusPort: number) {
  const ports: ContainerPort[] = []
  if (proxyHealthCheck) ports.push({name: flatText('proxy-health-', index), containerPort: proxyHealthPort + index})
  if (metrics) ports.push({name: 'prometheus', containerPort: prometheusPort, protocol: 'TCP'})
  return ports
}
