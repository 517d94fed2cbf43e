import {flatText} from '../flat.ts'
import {goJson} from '../go/struct.ts'
import type {Container, ContainerPort, EnvVar, Json, StringMap} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {interceptionMode, metadataVariables, variable} from './capture.ts'
import {proxyName} from './names.ts'
import type {Owner} from './owner.ts'
import {alone, ending, quoted, RefusedValue, type Rendering} from './rendering.ts'
import {fipsPolicy, limitDivisor, limitVariables} from './version.ts'

/** Environment that differs from template to template only by its place. */
export function certificateVariables({settings}: Rendering): readonly EnvVar[] {
  const {chart} = settings
  const authority = chart.text('global.caAddress')
  const revision = settings.revision === '' ? '' : `-${settings.revision}`
  return [
    variable('PILOT_CERT_PROVIDER', chart.text('global.pilotCertProvider')),
    variable(
      'CA_ADDR',
      authority === ''
        ? alone('revision', `istiod${revision}.${chart.text('global.istioNamespace')}.svc:15012`)
        : authority,
    ),
  ]
}

export const downwardVariables: readonly EnvVar[] = [
  fieldVariable('POD_NAME', 'metadata.name'),
  fieldVariable('POD_NAMESPACE', 'metadata.namespace'),
  fieldVariable('INSTANCE_IP', 'status.podIP'),
  fieldVariable('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
  fieldVariable('HOST_IP', 'status.hostIP'),
]
export const cpuLimit = limitVariable('ISTIO_CPU_LIMIT', 'limits.cpu')
export const runtimeLimits: readonly EnvVar[] = limitVariables.map(({name, resource}) => limitVariable(name, resource))
export const nodeName = fieldVariable('ISTIO_META_NODE_NAME', 'spec.nodeName')
export const legacyProbes: EnvVar = {name: 'REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION', value: 'true'}

function fieldVariable(name: string, fieldPath: string): EnvVar {
  return {name, valueFrom: {fieldRef: {fieldPath}}}
}

function limitVariable(name: string, resource: string): EnvVar {
  return {name, valueFrom: {resourceFieldRef: {resource, divisor: limitDivisor}}}
}

export function complianceVariables({settings}: Rendering): readonly EnvVar[] {
  const policy = settings.compliancePolicy
  if (policy === '') return []
  const variables = [variable('COMPLIANCE_POLICY', policy)]
  return policy === fipsPolicy ? [...variables, variable('GODEBUG', 'fips140=only')] : variables
}

/** What the agent is told about cluster, workload and trust, after what differs between the templates. */
export function identityVariables({settings}: Rendering): readonly EnvVar[] {
  const {chart, mesh} = settings
  const meshId = chart.text('global.meshID')
  return [
    variable('ISTIO_META_MESH_ID', meshId === '' ? mesh.trustDomain : meshId),
    variable('TRUST_DOMAIN', mesh.trustDomain),
  ]
}

export function clusterVariable({settings}: Rendering): EnvVar {
  const cluster = settings.chart.text('global.multiCluster.clusterName')
  return variable('ISTIO_META_CLUSTER_ID', cluster === '' ? 'Kubernetes' : cluster)
}

export function networkVariables({settings}: Rendering): readonly EnvVar[] {
  return settings.network === '' ? [] : [variable('ISTIO_META_NETWORK', settings.network)]
}

export function workloadVariables(name: string, owner: Owner): readonly EnvVar[] {
  const variables: EnvVar[] = []
  if (name !== '') variables.push({name: 'ISTIO_META_WORKLOAD_NAME', value: quoted('the workload name', name)})
  if (owner.apiVersion !== '' && owner.name !== '') {
    const namespace = owner.namespace === '' ? 'default' : owner.namespace
    const path = [
      'kubernetes://apis',
      owner.apiVersion,
      'namespaces',
      namespace,
      `${owner.kind.toLowerCase()}s`,
      owner.name,
    ]
    variables.push({name: 'ISTIO_META_OWNER', value: ending("the owner's name", path.join('/'))})
  }
  return variables
}

/** Names of the application's containers. */
export function appContainers(containers: readonly Container[]): readonly string[] {
  return containers.map(({name}) => name).filter((name) => name !== proxyName)
}

/** All ports of the pod's containers as JSON lines, in the order and spelling of Go. */
export function podPorts(containers: readonly Container[]): string {
  const lines: string[] = []
  for (const {ports} of containers) for (const port of ports ?? []) lines.push(goJson(portJson(port)))
  return lines.length === 0 ? '[\n]' : flatText('[\n    ', lines.join('\n    ,'), '\n]')
}

function portJson({name, hostPort, containerPort, protocol, hostIP}: ContainerPort): Json {
  return {
    ...(name === undefined || name === '' ? {} : {name}),
    ...(hostPort === undefined || hostPort === 0 ? {} : {hostPort}),
    containerPort: containerPort ?? 0,
    ...(protocol === undefined || protocol === '' ? {} : {protocol}),
    ...(hostIP === undefined || hostIP === '' ? {} : {hostIP}),
  }
}

/** The parts of the sidecar's environment that stand between those which differ from pod to pod. */
export interface FixedVariables {
  readonly head: readonly EnvVar[]
  readonly middle: readonly EnvVar[]
  readonly tail: readonly EnvVar[]
  readonly metadata: readonly EnvVar[]
}

export function fixedVariables(rendering: Rendering): FixedVariables {
  return {
    head: [
      ...(rendering.settings.mesh.inboundLocalhost ? [legacyProbes] : []),
      ...certificateVariables(rendering),
      ...downwardVariables,
      cpuLimit,
      {name: 'PROXY_CONFIG', value: rendering.proxyConfigText},
    ],
    middle: [
      ...runtimeLimits,
      ...complianceVariables(rendering),
      clusterVariable(rendering),
      nodeName,
      {name: 'ISTIO_META_INTERCEPTION_MODE', value: interceptionMode(rendering)},
      ...networkVariables(rendering),
    ],
    tail: [...bootstrapVariables(rendering.annotations), ...identityVariables(rendering)],
    metadata: metadataVariables(rendering),
  }
}

/** The environment of the sidecar, in the order of its template. */
export function sidecarVariables(rendering: Rendering, fixed: FixedVariables): EnvVar[] {
  const {labels, owner, containers} = rendering
  return [
    ...fixed.head,
    {name: 'ISTIO_META_POD_PORTS', value: podPorts(containers)},
    variable('ISTIO_META_APP_CONTAINERS', appContainers(containers).join(',')),
    ...fixed.middle,
    ...workloadVariables(own(labels, 'service.istio.io/workload-name') || owner.name, owner),
    ...fixed.tail,
    ...datadogVariables(rendering),
    ...otelVariables(rendering),
    ...fixed.metadata,
  ]
}

export function bootstrapVariables(annotations: StringMap): readonly EnvVar[] {
  return own(annotations, keys.bootstrapOverride) === undefined
    ? []
    : [{name: 'ISTIO_BOOTSTRAP_OVERRIDE', value: '/etc/istio/custom-bootstrap/custom_bootstrap.json'}]
}

function datadogVariables({settings, annotations}: Rendering): readonly EnvVar[] {
  const text = own(annotations, keys.datadogEnv)
  if (text === undefined || settings.chart.text('global.proxy.tracer') !== 'datadog') return []
  return entriesOf(keys.datadogEnv, text).map(([name, value]) => {
    if (typeof value === 'object' && value !== null) {
      throw new RefusedValue(
        `annotation ${keys.datadogEnv}: the value of ${JSON.stringify(name.slice(0, 60))} must be text`,
      )
    }
    return variable(alone(keys.datadogEnv, name), quoted(keys.datadogEnv, String(value)))
  })
}

/** A JSON object in an annotation, sorted by key; null and empty lists count as empty. */
export function entriesOf(key: string, text: string): readonly (readonly [string, Json])[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RefusedValue(`annotation ${key} must be a JSON object, and it is not JSON`)
  }
  if (value === null || (Array.isArray(value) && value.length === 0)) return []
  if (typeof value !== 'object' || Array.isArray(value))
    throw new RefusedValue(`annotation ${key} must be a JSON object`)
  const entries: [string, Json][] = Object.entries(value)
  return entries.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** OpenTelemetry's service attributes (pkg/kube/inject/template.go otelResourceAttributes). */
function otelVariables(rendering: Rendering): readonly EnvVar[] {
  if (!rendering.settings.mesh.otelAttributes) return []
  const {annotations, labels, containers, owner} = rendering
  const attributes: string[] = []
  const add = (name: string, fallback: string | undefined) => {
    const value = own(annotations, `resource.opentelemetry.io/${name}`) || fallback
    if (value !== undefined && value !== '') attributes.push(`${name}=${value}`)
  }
  const [first] = containers
  add('service.namespace', owner.namespace)
  add(
    'service.version',
    own(labels, 'app.kubernetes.io/version') ||
      (containers.length === 1 ? imageVersion(first?.image ?? '') : undefined),
  )
  add('service.instance.id', first === undefined ? undefined : `${owner.namespace}.$(POD_NAME).${first.name}`)
  return attributes.length === 0
    ? []
    : [variable('OTEL_RESOURCE_ATTRIBUTES', quoted('an OpenTelemetry attribute', attributes.join(',')))]
}

/** The tag of an image, its digest, or both with @ between. */
function imageVersion(image: string): string {
  const at = image.indexOf('@')
  const digest = at < 0 ? '' : image.slice(at + 1)
  const name = at < 0 ? image : image.slice(0, at)
  const colon = name.lastIndexOf(':')
  const tag = colon > name.lastIndexOf('/') ? name.slice(colon + 1) : ''
  return [tag, digest].filter((part) => part !== '').join('@')
}
