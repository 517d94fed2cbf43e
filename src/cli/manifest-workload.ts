import type {KubeObject, OwnerReference} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'
import type {DocumentPath} from './manifest-document.ts'

/** Something in a manifest that makes pods, or is one. */
export interface Workload {
  readonly apiVersion: string
  readonly kind: string
  /** metadata.name, or metadata.generateName of an object that has only that. */
  readonly name: string
  /** As written; undefined where the namespace is the command line's. */
  readonly namespace: string | undefined
  readonly metadata: Values
  /** Where the pod template stands in its document; of a Pod, where the Pod does. */
  readonly path: DocumentPath
  readonly template: Values
}

/** A pod as the workload's controller would send it to the API server, and the owners above it. */
export interface Creation {
  /** Raw: nobody has checked its shape yet. */
  readonly pod: Values
  readonly owners: readonly KubeObject[]
}

/** What the controllers hash a template into; any will do, for it never reaches the output. */
const hash = '6d5f9c7b8'
/** What the CronJob controller appends: the minutes since 1970. */
const scheduled = '29012345'
const uid = '00000000-0000-4000-8000-000000000000'

/** Every object of a document with its path: lists (a v1 List, a PodList) are opened. */
export function* objectsOf(value: unknown, path: DocumentPath = []): Generator<{object: Values; path: DocumentPath}> {
  if (!isValues(value)) return
  const {kind, items} = value
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) {
    yield {object: value, path}
    return
  }
  // The items of a typed list, such as a PodList, may leave out what the list says for them.
  const inherited = kind === 'List' ? {} : {apiVersion: value['apiVersion'], kind: kind.slice(0, -'List'.length)}
  for (const [index, item] of items.entries()) {
    if (isValues(item)) yield* objectsOf({...inherited, ...item}, [...path, 'items', index])
  }
}

/** The workload that an object is, or undefined: Pods, all that Kubernetes knows, and kinds with a pod template at spec.template. */
export function workloadOf(object: Values, path: DocumentPath): Workload | undefined {
  const {apiVersion, kind, metadata} = object
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  const below = templatePath(apiVersion, kind)
  const template = below.reduce<unknown>((at, key) => (isValues(at) ? at[key] : undefined), object)
  if (!isValues(template)) return undefined
  if (below.length > 0 && !hasContainers(template)) return undefined
  const meta = isValues(metadata) ? metadata : {}
  return {
    apiVersion,
    kind,
    name: textOf(meta['name']) ?? textOf(meta['generateName']) ?? '',
    namespace: textOf(meta['namespace']),
    metadata: meta,
    path: [...path, ...below],
    template,
  }
}

function templatePath(apiVersion: string, kind: string): readonly string[] {
  if (apiVersion === 'v1' && kind === 'Pod') return []
  if (apiVersion.startsWith('batch/') && kind === 'CronJob') return ['spec', 'jobTemplate', 'spec', 'template']
  return ['spec', 'template']
}

function hasContainers({spec}: Values): boolean {
  return isValues(spec) && Array.isArray(spec['containers'])
}

/**
 * What reaches the webhook when the workload's controller creates a pod: labels and annotations of the template,
 * generateName and the controlling owner. The names of single pods stay out, for one template makes many.
 */
export function createPod(workload: Workload, namespace: string): Creation {
  const {template, kind, apiVersion} = workload
  const written = asMap(template['metadata'])
  if (kind === 'Pod' && apiVersion === 'v1') return {pod: {...template, metadata: {...written, namespace}}, owners: []}
  const owners = ownersOf(workload, namespace)
  const {name} = owners[0].metadata
  const labels = {...asMap(written['labels']), ...addedLabels(workload, name)}
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...written,
        generateName: `${name}-`,
        namespace,
        // What is no map at all is for the shape check to refuse.
        ...(Object.keys(labels).length > 0 && isMapOrAbsent(written['labels']) && {labels}),
        ownerReferences: [reference(owners[0])],
      },
      spec: template['spec'],
    },
    owners,
  }
}

interface Owner extends KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly ownerReferences?: readonly OwnerReference[]
  }
}

/** The pod's controller, and what made that one. */
function ownersOf({kind, apiVersion, name}: Workload, namespace: string): readonly [Owner, ...Owner[]] {
  const self: Owner = {apiVersion, kind, metadata: {name, namespace}}
  const made = (kind: string, name: string): Owner => ({
    apiVersion,
    kind,
    metadata: {name, namespace, ownerReferences: [reference(self)]},
  })
  if (isDeployment(apiVersion, kind)) return [made('ReplicaSet', `${name}-${hash}`), self]
  if (isCronJob(apiVersion, kind)) return [made('Job', `${name}-${scheduled}`), self]
  return [self]
}

function isDeployment(apiVersion: string, kind: string): boolean {
  return kind === 'Deployment' && /^(apps|extensions)\//.test(apiVersion)
}

function isCronJob(apiVersion: string, kind: string): boolean {
  return kind === 'CronJob' && apiVersion.startsWith('batch/')
}

function reference({apiVersion, kind, metadata: {name}}: Owner): OwnerReference {
  return {apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true}
}

/** The labels that controllers write on their pods, as far as they are the same on each. */
function addedLabels({apiVersion, kind}: Workload, controller: string): Values {
  if (isDeployment(apiVersion, kind)) return {'pod-template-hash': hash}
  if (!apiVersion.startsWith('batch/')) return {}
  return {'batch.kubernetes.io/job-name': controller, 'job-name': controller}
}

/** The template that makes pods like `injected`: what the controller had added to `created` is taken off again. */
export function templateFrom({template}: Workload, created: Values, injected: KubeObject): Values {
  const written = asMap(template['metadata'])
  const added = asMap(created['metadata'])
  const metadata = uncontrolled(asMap(injected.metadata), written, added)
  const annotations = Object.entries(asMap(metadata['annotations'])).map(([key, value]) => [
    key,
    typeof value === 'string' && isOf(value) ? uncontrolledPod(value, written, added) : value,
  ])
  const hasMetadata = Object.keys(metadata).length > 0 || Object.hasOwn(template, 'metadata')
  return {
    ...template,
    ...(hasMetadata && {
      metadata: annotations.length > 0 ? {...metadata, annotations: Object.fromEntries(annotations)} : metadata,
    }),
    spec: injected['spec'],
  }
}

/** A pod's metadata as a template may have it. */
function uncontrolled(metadata: Values, written: Values, added: Values): Values {
  const kept = new Map<string, unknown>(Object.entries(metadata))
  for (const key of ['generateName', 'namespace', 'ownerReferences']) {
    if (Object.hasOwn(written, key)) kept.set(key, written[key])
    else kept.delete(key)
  }
  const [ours, theirs] = [asMap(written['labels']), asMap(added['labels'])]
  const labels = Object.entries(asMap(metadata['labels'])).filter(
    ([key, value]) => Object.hasOwn(ours, key) || theirs[key] !== value,
  )
  if (labels.length > 0 || Object.hasOwn(written, 'labels')) kept.set('labels', Object.fromEntries(labels))
  else kept.delete('labels')
  return Object.fromEntries(kept)
}

/** True for text that repeats the owner that `createPod` made up: Consul keeps the whole pod in an annotation. */
function isOf(text: string): boolean {
  return text.startsWith('{') && text.includes(uid)
}

function uncontrolledPod(text: string, written: Values, added: Values): string {
  try {
    const pod: unknown = JSON.parse(text)
    if (!isValues(pod) || !isValues(pod['metadata'])) return text
    return JSON.stringify({...pod, metadata: uncontrolled(pod['metadata'], written, added)})
  } catch {
    return text
  }
}

function asMap(value: unknown): Values {
  return isValues(value) ? value : {}
}

function isMapOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || isValues(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
