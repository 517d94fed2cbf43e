import type {Container, EnvVar} from '../pod.ts'
import {configuredMode, metadataVariables, variable} from './capture.ts'
import {
  appContainers,
  bootstrapVariables,
  certificateVariables,
  clusterVariable,
  complianceVariables,
  cpuLimit,
  downwardVariables,
  identityVariables,
  networkVariables,
  nodeName,
  podPorts,
  runtimeLimits,
  workloadVariables,
} from './environment.ts'
import {proxyImage} from './images.ts'
import {proxyName} from './names.ts'
import {quoted, type Rendering, type Template} from './rendering.ts'
import {canonicalName, canonicalRevision, commonAnnotations, numberField, proxyArgs, pullSecrets} from './sidecar.ts'
import {proxyMounts, proxyVolumes} from './volumes.ts'

/** Istio's template for gateways (files/gateway-injection-template.yaml). */
export function gatewayTemplate(rendering: Rendering): Template {
  const {settings, labels, owner} = rendering
  return {
    labels: {
      'service.istio.io/canonical-name': canonicalName(labels, owner.name),
      'service.istio.io/canonical-revision': canonicalRevision(labels),
    },
    annotations: commonAnnotations(rendering),
    initContainers: [],
    containers: [proxyContainer(rendering)],
    volumes: proxyVolumes(rendering, 'gateway'),
    imagePullSecrets: pullSecrets(settings),
    securityContext: settings.gatewaySecurityContext ?? {
      sysctls: [{name: 'net.ipv4.ip_unprivileged_port_start', value: '0'}],
    },
  }
}

function proxyContainer(rendering: Rendering): Container {
  const {settings, annotations, proxyConfig, uid, gid} = rendering
  const {chart} = settings
  const pullPolicy = chart.text('global.imagePullPolicy')
  const number = (name: string, path: string) => numberField(name, chart.number(`global.proxy.${path}`))
  return {
    name: proxyName,
    image: quoted("the proxy's image", proxyImage(settings, annotations, proxyConfig)),
    ports: [{containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom'}],
    args: proxyArgs(rendering, 'router'),
    ...(settings.lifecycle === undefined ? {} : {lifecycle: settings.lifecycle}),
    securityContext: {runAsUser: uid, runAsGroup: gid},
    env: gatewayVariables(rendering),
    ...(pullPolicy === '' ? {} : {imagePullPolicy: pullPolicy}),
    readinessProbe: {
      httpGet: {path: '/healthz/ready', port: 15021},
      ...number('initialDelaySeconds', 'readinessInitialDelaySeconds'),
      ...number('periodSeconds', 'readinessPeriodSeconds'),
      timeoutSeconds: 3,
      ...number('failureThreshold', 'readinessFailureThreshold'),
    },
    resources: {},
    volumeMounts: proxyMounts(rendering, 'gateway'),
  }
}

function gatewayVariables(rendering: Rendering): EnvVar[] {
  const {owner, containers, annotations, proxyConfig} = rendering
  return [
    ...certificateVariables(rendering),
    ...downwardVariables,
    cpuLimit,
    {name: 'PROXY_CONFIG', value: rendering.proxyConfigText},
    {name: 'ISTIO_META_POD_PORTS', value: podPorts(containers)},
    ...runtimeLimits,
    ...complianceVariables(rendering),
    variable('ISTIO_META_APP_CONTAINERS', appContainers(containers).join(',')),
    clusterVariable(rendering),
    nodeName,
    {name: 'ISTIO_META_INTERCEPTION_MODE', value: configuredMode(proxyConfig)},
    ...networkVariables(rendering),
    ...workloadVariables(owner.name, owner),
    ...bootstrapVariables(annotations),
    ...identityVariables(rendering),
    ...metadataVariables(rendering),
  ]
}
