import type {Pod, StringMap} from '../pod.ts'
import {injectAnnotation} from './annotations.ts'
import {reservedNames} from './sidecar.ts'
import {volumeNames} from './volumes.ts'

const annotationKeys = new Set([
  'linkerd.io/created-by',
  'linkerd.io/proxy-version',
  'linkerd.io/trust-root-sha256',
  'linkerd.io/identity-mode',
])
const labelKeys = new Set(['linkerd.io/control-plane-ns', 'linkerd.io/workload-ns'])

/**
 * The pod without Linkerd's containers, volumes and marks. As `linkerd uninject` it takes the switch away too, unless it
 * says disabled, and keeps `config.linkerd.io/` settings: nobody can tell the user's from the namespace's any more.
 */
export function uninject(pod: Pod): Pod {
  const {metadata, spec} = pod
  const containers = without(spec.containers)
  const initContainers = spec.initContainers && without(spec.initContainers)
  const volumes = spec.volumes && spec.volumes.filter(({name}) => !volumeNames.includes(name))
  const labels = metadata.labels && keep(metadata.labels, (key) => !isLabel(key))
  const annotations =
    metadata.annotations &&
    keep(
      metadata.annotations,
      (key, value) => !annotationKeys.has(key) && (key !== injectAnnotation || value === 'disabled'),
    )
  const same =
    containers.length === spec.containers.length &&
    initContainers?.length === spec.initContainers?.length &&
    volumes?.length === spec.volumes?.length &&
    labels === metadata.labels &&
    annotations === metadata.annotations
  if (same) return pod
  return {
    ...pod,
    metadata: {...metadata, ...(labels && {labels}), ...(annotations && {annotations})},
    spec: {...spec, containers, ...(initContainers && {initContainers}), ...(volumes && {volumes})},
  }
}

function without<T extends {readonly name: string}>(containers: readonly T[]): readonly T[] {
  return containers.filter(({name}) => !reservedNames.includes(name))
}

function isLabel(key: string): boolean {
  return labelKeys.has(key) || key.startsWith('linkerd.io/proxy-')
}

function keep(map: StringMap, wanted: (key: string, value: string) => boolean): StringMap {
  const entries = Object.entries(map)
  const kept = entries.filter(([key, value]) => wanted(key, value))
  return kept.length === entries.length ? map : Object.fromEntries(kept)
}
