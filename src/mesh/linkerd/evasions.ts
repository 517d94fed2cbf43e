import type {Evasion, Subject} from '../mesh.ts'
import type {Container} from '../pod.ts'
import {additionalEnvAnnotation, applyAnnotations, inheritedAnnotations, own} from './annotations.ts'
import {parseEnv} from './env-list.ts'
import {serviceAccountPath} from './env.ts'
import {containersOf} from './ports.ts'
import type {Settings} from './settings.ts'
import {isOwnImage, reservedNames} from './sidecar.ts'

/** Annotations that keep traffic away from the proxy, or put another program in its place. */
const evasive: readonly (readonly [string, string])[] = [
  ['config.linkerd.io/skip-inbound-ports', 'keeps inbound traffic away from the proxy'],
  ['config.linkerd.io/skip-outbound-ports', 'keeps outbound traffic away from the proxy'],
  ['config.linkerd.io/skip-subnets', 'keeps inbound traffic of these addresses away from the proxy'],
  ['config.linkerd.io/proxy-image', "puts another image in the proxy's place"],
]

/** The ways around Linkerd's proxy that a pod, or its namespace's annotations, take. */
export function evasionsOf({pod, namespace, overrides}: Subject, settings: Settings): readonly Evasion[] {
  const found: Evasion[] = []
  const annotations = pod.metadata.annotations
  const inherited = inheritedAnnotations(annotations, namespace.annotations)
  for (const [key, reason] of evasive)
    if ((own(annotations, key) ?? inherited.get(key) ?? '') !== '') found.push({key, reason})
  if (overrides.excludeInboundPorts)
    found.push({key: 'meshwright.dev/exclude-inbound-ports', reason: 'keeps inbound traffic away from the proxy'})
  if (overrides.excludeOutboundPorts)
    found.push({key: 'meshwright.dev/exclude-outbound-ports', reason: 'keeps outbound traffic away from the proxy'})
  for (const map of [annotations, namespace.annotations]) {
    const env = parseEnv(own(map, additionalEnvAnnotation) ?? '')
    const name = env.ok ? env.list.find(({name}) => /^(LINKERD2_PROXY_|_)/.test(name))?.name : undefined
    if (name !== undefined)
      found.push({key: additionalEnvAnnotation, reason: `sets ${name}, which is the mesh's to set`})
  }

  const containers = containersOf(pod.spec)
  for (const container of containers) {
    const {name} = container
    if (reservedNames.includes(name) && !isOwnImage(container, settings))
      found.push({key: `container ${name}`, reason: "the name is the sidecar's, the image is not"})
  }
  // The redirection lets through what runs as the proxy's own user or group.
  const {uid, gid, debug} = applyAnnotations(settings.proxy, annotations, inherited, [])
  if (uid === 0 && settings.proxy.uid !== 0)
    found.push({key: 'config.linkerd.io/proxy-uid', reason: 'runs the proxy as root'})
  if (debug && !settings.proxy.debug)
    found.push({
      key: 'config.linkerd.io/enable-debug-sidecar',
      reason: 'adds a container with every capability of root',
    })
  const context = pod.spec.securityContext
  for (const container of containers) {
    if (reservedNames.includes(container.name)) continue
    const user = container.securityContext?.runAsUser ?? context?.runAsUser
    const group = container.securityContext?.runAsGroup ?? context?.runAsGroup
    if (user === uid && uid > 0)
      found.push({key: `container ${container.name}`, reason: `runs as user ${uid}, whose traffic is the proxy's own`})
    else if (group === gid && gid > 0)
      found.push({key: `container ${container.name}`, reason: `runs as group ${gid}, whose traffic is the proxy's own`})
  }
  const hostVolume = copiedHostPath(pod.spec.containers[0], pod.spec.volumes ?? [])
  if (hostVolume !== undefined)
    found.push({
      key: `volume ${hostVolume}`,
      reason: `is a host path at ${serviceAccountPath}, which the proxy would mount too`,
    })
  return found
}

function copiedHostPath(
  first: Container | undefined,
  volumes: readonly {readonly name: string; readonly [key: string]: unknown}[],
): string | undefined {
  const mount = first?.volumeMounts?.find(({mountPath}) => mountPath === serviceAccountPath)
  if (mount === undefined) return undefined
  return volumes.find((volume) => volume.name === mount.name && volume['hostPath'] !== undefined)?.name
}
