import type {Container, EnvVar, Pod, PodSpec, Volume} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {dataMount} from './init-container.ts'
import {sidecarName, sidecarUser} from './keys.ts'
import {probeNames, probePort} from './redirect.ts'
import {shown} from './shown.ts'
import type {Wishes} from './wishes.ts'

/** The containers with their upstreams' environment added; the same list where there is nothing to add. */
export function withEnv(containers: readonly Container[], env: readonly EnvVar[]): readonly Container[] {
  if (env.length === 0) return containers
  return containers.map((container) => ({...container, env: [...(container.env ?? []), ...env]}))
}

/** The application's containers as the mesh wants them: with the data volume where asked for, probes led through Envoy. */
export function changeContainers(
  containers: readonly Container[],
  annotations: Annotations,
  wishes: Wishes,
): readonly Container[] {
  const mounting = new Set(annotations.list('connect-inject-mount-volume'))
  const overwrite = wishes.transparentProxy && wishes.overwriteProbes
  if (mounting.size === 0 && !overwrite) return containers
  let index = 0
  return containers.map((container) => {
    const mounted = mounting.has(container.name)
      ? {...container, volumeMounts: [...(container.volumeMounts ?? []), dataMount]}
      : container
    // Envoy's listeners are counted over the application's containers, those without probes included.
    return overwrite && container.name !== sidecarName ? withProbes(mounted, index++) : mounted
  })
}

function withProbes(container: Container, index: number): Container {
  const probes = probeNames.flatMap((name) => {
    const probe = container[name]
    if (probe?.httpGet === undefined) return []
    return [[name, {...probe, httpGet: {...probe.httpGet, port: probePort(name, index)}}] as const]
  })
  return probes.length > 0 ? {...container, ...Object.fromEntries(probes)} : container
}

/** What one service of a pod brings: the container that registers it, and its sidecar. */
export interface InjectedPair {
  readonly init: Container
  readonly sidecar: Container
}

/**
 * Puts the injected containers where the mesh puts them: the init containers last, the sidecars before the application
 * where their lifecycle is managed, behind it where not, and behind their own init container where they are native.
 */
export function arrange(
  {containers, initContainers}: Required<Pick<PodSpec, 'containers' | 'initContainers'>>,
  pairs: readonly InjectedPair[],
  {lifecycle, nativeSidecar}: Wishes,
): Pick<PodSpec, 'containers' | 'initContainers'> {
  if (nativeSidecar) {
    return {containers, initContainers: [...initContainers, ...pairs.flatMap(({init, sidecar}) => [init, sidecar])]}
  }
  const sidecars = pairs.map(({sidecar}) => sidecar)
  return {
    containers: lifecycle ? [...sidecars, ...containers] : [...containers, ...sidecars],
    initContainers: [...initContainers, ...pairs.map(({init}) => init)],
  }
}

/** Traffic of the sidecar's own user is not redirected, so no other container may run as that user. */
export function refuseSidecarUser(annotations: Annotations, {spec}: Pod, dataplaneImage: string): void {
  if (spec.securityContext?.runAsUser === sidecarUser) {
    annotations.refuse(`spec.securityContext.runAsUser is ${sidecarUser}, the sidecar's own user: choose another`)
  }
  for (const {name, image, securityContext} of spec.containers) {
    if (securityContext?.runAsUser === sidecarUser && image !== dataplaneImage) {
      annotations.refuse(`container ${shown(name)} runs as user ${sidecarUser}, the sidecar's own: choose another`)
    }
  }
}

/** The injector itself would add a second container or volume of that name, and the API server refuse the pod. */
export function refuseDuplicates(
  annotations: Annotations,
  {spec}: Pod,
  added: readonly Container[],
  addedVolumes: readonly Volume[],
): void {
  const containers = [spec.containers, spec.initContainers ?? []]
  const container = duplicate(containers, added)
  if (container !== undefined)
    annotations.refuse(`the pod would have two containers named ${shown(container)}: rename one`)
  const volume = duplicate([spec.volumes ?? []], addedVolumes)
  if (volume !== undefined) annotations.refuse(`the pod would have two volumes named ${shown(volume)}: rename one`)
}

interface Named {
  readonly name: string
}

function duplicate(lists: readonly (readonly Named[])[], added: readonly Named[]): string | undefined {
  const names = new Set<string>()
  for (const {name} of added) {
    if (names.has(name)) return name
    names.add(name)
  }
  for (const list of lists) {
    for (const {name} of list) {
      if (names.has(name)) return name
    }
  }
  return undefined
}
