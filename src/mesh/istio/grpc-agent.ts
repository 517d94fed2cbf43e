import type {Container, EnvVar} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {metadataVariables, variable} from './capture.ts'
import {
  appContainers,
  certificateVariables,
  clusterVariable,
  downwardVariables,
  entriesOf,
  identityVariables,
  legacyProbes,
  networkVariables,
  nodeName,
  podPorts,
  workloadVariables,
} from './environment.ts'
import {proxyImage} from './images.ts'
import {proxyName} from './names.ts'
import {alone, annotationOr, quoted, RefusedValue, type Rendering, type Template} from './rendering.ts'
import {canonicalName, canonicalRevision, commonAnnotations, proxyArgs, pullSecrets, readinessProbe} from './sidecar.ts'
import {certificateMount, proxyMounts, proxyVolumes} from './volumes.ts'

/** Istio's template for applications that speak gRPC with xDS themselves (files/grpc-agent.yaml): the agent without Envoy. */
export function grpcAgentTemplate(rendering: Rendering): Template {
  const {settings, labels, owner, containers} = rendering
  return {
    labels: {
      'service.istio.io/canonical-name': canonicalName(labels, owner.name),
      'service.istio.io/canonical-revision': canonicalRevision(labels),
    },
    annotations: {...commonAnnotations(rendering), [keys.rewriteProbers]: 'false'},
    initContainers: [],
    containers: [
      agentContainer(rendering),
      ...appContainers(containers).map((name) => applicationContainer(rendering, name)),
    ],
    volumes: proxyVolumes(rendering, 'grpc-agent'),
    imagePullSecrets: pullSecrets(settings),
  }
}

function agentContainer(rendering: Rendering): Container {
  const {settings, annotations, proxyConfig} = rendering
  const pullPolicy = settings.chart.text('global.imagePullPolicy')
  return {
    name: proxyName,
    image: quoted("the proxy's image", proxyImage(settings, annotations, proxyConfig)),
    ports: [{containerPort: 15020, protocol: 'TCP', name: 'mesh-metrics'}],
    args: proxyArgs(rendering, 'sidecar'),
    lifecycle: {postStart: {exec: {command: ['pilot-agent', 'wait', '--url=http://localhost:15020/healthz/ready']}}},
    env: agentVariables(rendering),
    ...(pullPolicy === '' ? {} : {imagePullPolicy: pullPolicy}),
    ...served(rendering),
  }
}

/** The template puts resources and mounts inside the condition for the readiness probe. */
function served(rendering: Rendering): Partial<Container> {
  const {annotations} = rendering
  if (annotationOr(rendering, keys.statusPort, 'global.proxy.statusPort') !== '0') {
    return {
      readinessProbe: readinessProbe(rendering, 15020),
      resources: rendering.resources,
      volumeMounts: proxyMounts(rendering, 'grpc-agent'),
    }
  }
  const mounts = own(annotations, keys.userVolumeMount)
  if (mounts !== undefined && entriesOf(keys.userVolumeMount, mounts).length > 0) {
    throw new RefusedValue(
      `annotation ${keys.userVolumeMount} does not go with ${keys.statusPort} 0 and the template grpc-agent; remove one`,
    )
  }
  return {resources: {}}
}

function agentVariables(rendering: Rendering): EnvVar[] {
  const {settings, owner, containers} = rendering
  return [
    {name: 'ISTIO_META_GENERATOR', value: 'grpc'},
    {name: 'OUTPUT_CERTS', value: '/var/lib/istio/data'},
    ...(settings.mesh.inboundLocalhost ? [legacyProbes] : []),
    ...certificateVariables(rendering),
    ...downwardVariables,
    {name: 'PROXY_CONFIG', value: rendering.proxyConfigText},
    {name: 'ISTIO_META_POD_PORTS', value: podPorts(containers)},
    variable('ISTIO_META_APP_CONTAINERS', appContainers(containers).join(',')),
    clusterVariable(rendering),
    nodeName,
    ...networkVariables(rendering),
    ...workloadVariables(owner.name, owner),
    ...identityVariables(rendering),
    ...metadataVariables(rendering),
    {name: 'ISTIO_META_DNS_CAPTURE', value: 'false'},
    {name: 'DISABLE_ENVOY', value: 'true'},
  ]
}

/** What the gRPC library inside the application needs to find the agent. */
function applicationContainer(rendering: Rendering, name: string): Container {
  return {
    name: alone('the name of a container', name),
    env: [
      {name: 'GRPC_XDS_EXPERIMENTAL_SECURITY_SUPPORT', value: 'true'},
      {name: 'GRPC_XDS_BOOTSTRAP', value: '/etc/istio/proxy/grpc-bootstrap.json'},
    ],
    volumeMounts: [
      {name: 'istio-data', mountPath: '/var/lib/istio/data'},
      {name: 'istio-xds', mountPath: '/etc/istio/proxy'},
      certificateMount(rendering),
    ],
  }
}
