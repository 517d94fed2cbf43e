import type {Container, Pod, StringMap} from '../pod.ts'
import {own} from './annotations.ts'
import type {Owner} from './owner.ts'
import type {ProtoJson} from './proto.ts'
import type {ResourceSettings, Settings} from './settings.ts'
import {afterText, bare, inQuotes, shown} from './yaml-text.ts'

/** What a template sees of one pod: istiod's SidecarTemplateData. */
export interface Rendering {
  readonly settings: Settings
  readonly labels: StringMap
  readonly annotations: StringMap
  /** The pod's containers without those of an earlier injection. */
  readonly containers: readonly Container[]
  readonly serviceAccount: string
  readonly owner: Owner
  readonly proxyConfig: ProtoJson
  readonly proxyConfigText: string
  readonly metadata: StringMap
  readonly native: boolean
  readonly hold: boolean
  readonly uid: number
  readonly gid: number
  readonly resources: ResourceSettings
}

/** A rendered template: a partial pod that is merged into the real one. */
export interface Template {
  readonly labels: StringMap
  readonly annotations: StringMap
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly Volumes[number][]
  readonly imagePullSecrets: readonly {readonly name: string}[]
  readonly securityContext?: unknown
}

type Volumes = NonNullable<Pod['spec']['volumes']>

/** Thrown while a template renders; caught in one place, where it becomes the sentence of a refusal. */
export class RefusedValue extends Error {}

/** The annotation's value, else the chart's. */
export function annotationOr(rendering: Rendering, key: string, path: string): string {
  return own(rendering.annotations, key) ?? rendering.settings.chart.text(path)
}

/** Text that stands between double quotes in the mesh's template. */
export function quoted(place: string, text: string): string {
  return inQuotes(text) ?? refuse(place, text)
}

/** Text that ends a bare scalar in the mesh's template. */
export function ending(place: string, text: string): string {
  return afterText(text) ?? refuse(place, text)
}

/** Text that is a bare scalar of its own in the mesh's template. */
export function alone(place: string, text: string): string {
  return bare(text) ?? refuse(place, text)
}

function refuse(place: string, text: string): never {
  throw new RefusedValue(
    `${place} is ${shown(text)}, which Istio's template cannot hold as text; remove quotes, colons before spaces and control characters`,
  )
}
