import {readYaml} from '../go/yaml.ts'
import type {Evasion, Subject} from '../mesh.ts'
import type {Container, SecurityContext, StringMap} from '../pod.ts'
import {isValues} from '../values.ts'
import {keys, own} from './annotations.ts'
import {configuredMode} from './capture.ts'
import {envoyContainerEvasions} from './envoy/evasions.ts'
import {initImage, proxyImage} from './images.ts'
import {initName, proxyName, validationName} from './names.ts'
import type {Settings} from './settings.ts'
import {shown} from './yaml-text.ts'

const reserved: ReadonlySet<string> = new Set([proxyName, initName, validationName])
/** The capture spares traffic of this user and group, for it is the proxy's own. */
const proxyId = 1337

/** Annotations that keep traffic away from the proxy, or take the proxy away from the mesh, and values that do no harm. */
const suspicious: readonly {readonly key: string; readonly harmless: readonly string[]; readonly reason: string}[] = [
  {key: keys.excludeInboundPorts, harmless: [''], reason: 'keeps inbound ports away from the sidecar'},
  {key: keys.excludeOutboundPorts, harmless: [''], reason: 'keeps outbound ports away from the sidecar'},
  {key: keys.excludeOutboundIPRanges, harmless: [''], reason: 'keeps address ranges away from the sidecar'},
  {key: keys.includeOutboundIPRanges, harmless: ['*'], reason: 'captures only some address ranges'},
  {key: keys.includeInboundPorts, harmless: ['*'], reason: 'captures only some inbound ports'},
  {key: keys.excludeInterfaces, harmless: [''], reason: 'keeps network interfaces away from the sidecar'},
  {key: keys.interceptionMode, harmless: ['REDIRECT', 'TPROXY'], reason: 'switches the capture of traffic off'},
  {key: keys.capNetBindService, harmless: ['false'], reason: 'runs the sidecar as root'},
  {key: keys.statusPort, harmless: ['15020'], reason: 'keeps that port away from the sidecar'},
  {key: keys.bootstrapOverride, harmless: [], reason: "replaces the proxy's bootstrap"},
]

/** Fields of ProxyConfig that take the proxy away from the mesh's control plane, or run something else in its place. */
const suspiciousConfig = ['binaryPath', 'customConfigFile', 'discoveryAddress', 'proxyBootstrapTemplatePath']

const overrideKeys = {
  excludeInboundPorts: 'meshwright.dev/exclude-inbound-ports',
  excludeOutboundPorts: 'meshwright.dev/exclude-outbound-ports',
  excludeOutboundCidrs: 'meshwright.dev/exclude-outbound-cidrs',
} as const

/** The ways around the sidecar that this pod uses. */
export function evasionsOf({pod, overrides}: Subject, settings: Settings): readonly Evasion[] {
  const annotations = pod.metadata.annotations ?? {}
  const {containers, initContainers = [], securityContext} = pod.spec
  const all = [...containers, ...initContainers]
  return [
    ...Object.entries(overrideKeys).flatMap(([name, key]) =>
      name in overrides ? [{key, reason: 'keeps traffic away from the sidecar'}] : [],
    ),
    ...suspicious.flatMap(({key, harmless, reason}) => {
      const value = own(annotations, key)
      return value === undefined || harmless.includes(value.trim()) ? [] : [{key, reason}]
    }),
    ...privilegeEvasions(annotations, settings),
    ...configEvasions(annotations),
    ...templateEvasions(annotations, settings),
    ...volumeEvasions(annotations),
    ...all.flatMap((container) => containerEvasions(container, annotations, settings)),
    ...userEvasions('spec.securityContext', securityContext),
    ...all
      .filter(({name}) => !reserved.has(name))
      .flatMap((container) => userEvasions(`container ${container.name}`, container.securityContext)),
    ...recordedEvasions(annotations),
  ]
}

/** TPROXY captures as well as REDIRECT does, but the proxy needs root and NET_ADMIN for it: that is the mesh's to choose. */
function privilegeEvasions(annotations: StringMap, {mesh}: Settings): readonly Evasion[] {
  const text = own(annotations, keys.proxyConfig)
  const reading = text === undefined ? undefined : readYaml(text)
  const config = new Map(reading?.ok === true && isValues(reading.value) ? Object.entries(reading.value) : [])
  const asked = [
    [keys.interceptionMode, own(annotations, keys.interceptionMode)],
    [keys.proxyConfig, config.get('interceptionMode') ?? config.get('interception_mode')],
  ] as const
  if (configuredMode(mesh.defaultConfig) === 'TPROXY') return []
  return asked
    .filter(([, mode]) => mode === 'TPROXY' || mode === 1)
    .map(([key]) => ({key, reason: 'interceptionMode TPROXY runs the sidecar as root'}))
}

function configEvasions(annotations: StringMap): readonly Evasion[] {
  const text = own(annotations, keys.proxyConfig)
  const reading = text === undefined ? undefined : readYaml(text)
  // What cannot be read is refused by the injection itself.
  if (reading?.ok !== true || !isValues(reading.value)) return []
  const config = new Map(Object.entries(reading.value))
  const mode = config.get('interceptionMode') ?? config.get('interception_mode')
  const reasons = [
    ...(mode === 'NONE' || mode === 2 ? ['interceptionMode NONE switches the capture of traffic off'] : []),
    ...suspiciousConfig
      .filter((name) => config.has(name) || config.has(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)))
      .map((name) => `${name} takes the proxy away from the mesh`),
  ]
  return reasons.map((reason) => ({key: keys.proxyConfig, reason}))
}

/** Only the sidecar's template captures traffic. */
function templateEvasions(annotations: StringMap, {templates}: Settings): readonly Evasion[] {
  const asked = own(annotations, keys.templates)
  if (asked === undefined) return []
  const names = new Set<string>(asked.split(',').map((name) => name.trim()))
  return templates.every((name) => names.has(name))
    ? []
    : [{key: keys.templates, reason: `leaves out the template ${templates.join(', ')}`}]
}

function volumeEvasions(annotations: StringMap): readonly Evasion[] {
  const volumes = parsed(own(annotations, keys.userVolume))
  if (!isValues(volumes)) return []
  return Object.entries(volumes)
    .filter(([, source]) => isValues(source) && Object.hasOwn(source, 'hostPath'))
    .map(([name]) => ({key: keys.userVolume, reason: `gives the sidecar the node's files through ${shown(name)}`}))
}

function containerEvasions(container: Container, annotations: StringMap, settings: Settings): readonly Evasion[] {
  if (!reserved.has(container.name)) return []
  if (settings.envoy !== undefined) return envoyContainerEvasions(container, annotations, settings)
  const key = `container ${container.name}`
  const image = container.image ?? ''
  const ours = [proxyImage(settings, annotations, settings.mesh.defaultConfig), initImage(settings, annotations)]
  const known = image === '' || image === 'auto' || ours.some((reference) => reference === image)
  return [
    ...(known ? [] : [{key, reason: `has the image ${shown(image)}`}]),
    ...(container.command === undefined ? [] : [{key, reason: 'runs a command of its own'}]),
    ...(container.name === proxyName && asksForPrivilege(container.securityContext)
      ? [{key, reason: 'asks for privileges'}]
      : []),
  ]
}

/** Containers kept from an earlier injection are laid over the sidecar again. */
function recordedEvasions(annotations: StringMap): readonly Evasion[] {
  const text = own(annotations, keys.overrides)
  const recorded = parsed(text)
  if (!isValues(recorded)) return []
  const containers = [recorded['containers'], recorded['initContainers']].flatMap((list): readonly unknown[] =>
    Array.isArray(list) ? list : [],
  )
  return containers
    .filter(
      (item) =>
        isValues(item) && ['image', 'command', 'args', 'securityContext'].some((field) => Object.hasOwn(item, field)),
    )
    .map(() => ({key: keys.overrides, reason: 'replaces what the sidecar runs, or as whom'}))
}

function asksForPrivilege(context: SecurityContext | undefined): boolean {
  if (context === undefined) return false
  const {privileged, allowPrivilegeEscalation, runAsUser, capabilities} = context
  const added = isValues(capabilities) ? capabilities['add'] : undefined
  return (
    privileged === true ||
    allowPrivilegeEscalation === true ||
    runAsUser === 0 ||
    (Array.isArray(added) && added.length > 0)
  )
}

function userEvasions(key: string, context: SecurityContext | undefined): readonly Evasion[] {
  return context?.runAsUser === proxyId || context?.runAsGroup === proxyId
    ? [{key, reason: `runs as ${proxyId}, the proxy's own id, whose traffic is not captured`}]
    : []
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
