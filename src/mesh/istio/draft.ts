import type {Container, Pod, StringMap, Volume} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {
  containersSchema,
  mergeList,
  mergeObject,
  namedSchema,
  templateContainersSchema,
  templateVolumesSchema,
  type MergeSchema,
} from './merge.ts'
import type {Template} from './rendering.ts'

/** The parts of a pod that injection changes, while it does. Parts are replaced, never changed. */
export interface Draft {
  readonly labels: StringMap
  readonly annotations: StringMap
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly Volume[]
  readonly imagePullSecrets: readonly Values[]
  readonly securityContext: Values | undefined
}

export const emptyDraft: Draft = {
  labels: {},
  annotations: {},
  initContainers: [],
  containers: [],
  volumes: [],
  imagePullSecrets: [],
  securityContext: undefined,
}

/** What a template alone puts into a pod. */
export function draftOfTemplate(template: Template): Draft {
  const {securityContext} = template
  return {...template, securityContext: isValues(securityContext) ? securityContext : undefined}
}

export function draftOf({metadata, spec}: Pod): Draft {
  return {
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    initContainers: spec.initContainers ?? [],
    containers: spec.containers,
    volumes: spec.volumes ?? [],
    imagePullSecrets: spec.imagePullSecrets ?? [],
    securityContext: spec.securityContext,
  }
}

/** The strategic merge of a rendered template into a pod. */
export function applyTemplate(draft: Draft, template: Template): Draft {
  return {
    labels: {...draft.labels, ...template.labels},
    annotations: {...draft.annotations, ...template.annotations},
    initContainers: mergeContainers(draft.initContainers, template.initContainers, templateContainersSchema),
    containers: mergeContainers(draft.containers, template.containers, templateContainersSchema),
    volumes: mergeList(draft.volumes, template.volumes, templateVolumesSchema).filter(isNamed),
    imagePullSecrets: mergeList(draft.imagePullSecrets, template.imagePullSecrets, namedSchema).filter(isValues),
    securityContext: isValues(template.securityContext)
      ? mergeObject(draft.securityContext ?? {}, template.securityContext, {})
      : draft.securityContext,
  }
}

export function mergeContainers(
  original: readonly Container[],
  patch: readonly Container[],
  schema: MergeSchema = containersSchema,
): readonly Container[] {
  return patch.length === 0 ? original : mergeList(original, patch, schema).filter(isNamed)
}

/** The pod with the draft's parts; what is as before is shared with it, and empty lists are not added. */
export function podOf(pod: Pod, draft: Draft): Pod {
  const {metadata, spec} = pod
  return {
    ...pod,
    metadata: {...metadata, labels: draft.labels, annotations: draft.annotations},
    spec: {
      ...spec,
      containers: draft.containers,
      ...list('initContainers', spec.initContainers, draft.initContainers),
      ...list('volumes', spec.volumes, draft.volumes),
      ...list('imagePullSecrets', spec.imagePullSecrets, draft.imagePullSecrets),
      ...(draft.securityContext === undefined ? {} : {securityContext: draft.securityContext}),
    },
  }
}

function list(name: string, before: unknown, after: readonly unknown[]): {readonly [name: string]: unknown} {
  return before === undefined && after.length === 0 ? {} : {[name]: after}
}

export function findContainer(containers: readonly Container[], name: string): Container | undefined {
  return containers.find((container) => container.name === name)
}

/** The container of that name among the containers, else among the init containers. */
export function findInPod(draft: Pick<Draft, 'containers' | 'initContainers'>, name: string): Container | undefined {
  return findContainer(draft.containers, name) ?? findContainer(draft.initContainers, name)
}

/** Replaces the container that `findInPod` finds. */
export function replaceInPod(draft: Draft, name: string, change: (container: Container) => Container): Draft {
  const replace = (list: readonly Container[]) => {
    const place = list.findIndex((container) => container.name === name)
    return place < 0 ? undefined : list.map((container, index) => (index === place ? change(container) : container))
  }
  const containers = replace(draft.containers)
  if (containers !== undefined) return {...draft, containers}
  const initContainers = replace(draft.initContainers)
  return initContainers === undefined ? draft : {...draft, initContainers}
}

function isNamed(item: unknown): item is Container & Volume {
  return isValues(item) && typeof item['name'] === 'string'
}
