import type {MeshSection} from '../config/schema.ts'
import type {DecisionCode} from '../codes/decisions.ts'
import type {RefusalCode} from '../codes/refusals.ts'
import type {Finding} from '../mesh/finding.ts'
import {meshNames, type Injector, type MeshName, type NativeVerdict, type Subject} from '../mesh/mesh.ts'
import type {Pod, StringMap} from '../mesh/pod.ts'

/** The switch of pods (label first, then annotation) and of namespaces (label). */
export const injectKey = 'meshwright.dev/inject'

export interface Prepared {
  readonly mesh: MeshName
  readonly settings: MeshSection
  readonly injector: Injector
}

export type Decision =
  | {
      readonly verdict: 'inject' | 'skip'
      readonly code: DecisionCode
      readonly reason: string
      readonly notes: readonly Finding[]
    }
  | {readonly verdict: 'refuse'; readonly code: RefusalCode; readonly reason: string}

/** Namespaces that run the cluster itself: never injected on Meshwright's own word. */
export const clusterNamespaces: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease'])

/**
 * Who is injected, and why: the first of the pod's Meshwright key, the pod's native key, the namespace's Meshwright
 * label, the namespace's native switch, `autoInject`, and the mesh's default policy that speaks.
 */
export function decide(subject: Subject, prepared: Prepared): Decision {
  const {settings, injector} = prepared
  const enforced = settings.enforced === true
  const notes: Finding[] = []

  const onPod = podSwitch(subject.pod)
  if (onPod !== undefined) {
    if (onPod.value === 'enabled')
      return ours(subject, prepared, 'MW1001', `${onPod.where} ${injectKey} is enabled`, notes)
    if (onPod.value !== 'disabled') {
      return {
        verdict: 'refuse',
        code: 'MW2001',
        reason: `${onPod.where} ${injectKey} is ${quoted(onPod.value)}; write enabled or disabled`,
      }
    }
    if (!enforced) return skip('MW1104', `${onPod.where} ${injectKey} is disabled`, notes)
    notes.push(unheeded(injectKey))
  }

  const native = nativeVerdict(subject, injector, enforced, notes)
  if (native.speaker === 'pod') return theirs(native, 'MW1002', notes)

  const onNamespace = own(subject.namespace.labels, injectKey)
  if (onNamespace === 'enabled') {
    return ours(
      subject,
      prepared,
      'MW1003',
      `namespace ${subject.namespace.name} is labelled ${injectKey}: enabled`,
      notes,
    )
  }
  if (onNamespace === 'disabled') {
    if (!enforced)
      return skip('MW1106', `namespace ${subject.namespace.name} is labelled ${injectKey}: disabled`, notes)
    notes.push(unheeded(injectKey))
  } else if (onNamespace !== undefined) {
    notes.push({
      kind: 'unheeded',
      key: injectKey,
      message: `the namespace's label ${quoted(onNamespace)} is neither enabled nor disabled`,
    })
  }

  if (native.speaker === 'namespace') return theirs(native, 'MW1004', notes)
  if (settings.autoInject === false) {
    return skip('MW1108', 'mesh.autoInject is false, and neither the pod nor its namespace opted in', notes)
  }
  if (settings.autoInject === true) return automatic(subject, prepared, notes)
  return theirs(native, 'MW1006', notes)
}

function automatic(subject: Subject, prepared: Prepared, notes: readonly Finding[]): Decision {
  const {name} = subject.namespace
  const chosen = prepared.settings.injectionNamespace
  if (chosen !== undefined && !chosen.includes(name)) {
    return skip('MW1109', `mesh.autoInject is true for ${chosen.join(', ')}, and the namespace is ${name}`, notes)
  }
  return ours(subject, prepared, 'MW1005', `mesh.autoInject is true for namespace ${name}`, notes)
}

/** Meshwright itself says yes, so its own never-inject rules come first. */
function ours(
  subject: Subject,
  prepared: Prepared,
  code: DecisionCode,
  reason: string,
  notes: readonly Finding[],
): Decision {
  const {pod, namespace} = subject
  if (clusterNamespaces.has(namespace.name) || prepared.injector.systemNamespaces.includes(namespace.name)) {
    return skip(
      'MW1111',
      `namespace ${namespace.name} runs the cluster or the mesh itself`,
      overruled(code, notes, `namespace ${namespace.name} is never injected`),
    )
  }
  if (pod.spec.hostNetwork === true) {
    return skip(
      'MW1112',
      'spec.hostNetwork is true',
      overruled(code, notes, 'a pod on the host network is never injected'),
    )
  }
  if (own(pod.metadata.annotations, 'kubernetes.io/config.mirror') !== undefined) {
    return skip(
      'MW1113',
      'the annotation kubernetes.io/config.mirror marks a static pod',
      overruled(code, notes, 'a mirror pod is never injected'),
    )
  }
  const other = foreignSidecar(pod, prepared.mesh)
  if (other !== undefined) {
    return skip(
      'MW1114',
      `container ${other.container} is ${other.mesh}'s sidecar`,
      overruled(code, notes, `the pod carries ${other.mesh}'s sidecar already`),
    )
  }
  return {verdict: 'inject', code, reason, notes}
}

/** A wish on the pod or its namespace deserves an answer; `autoInject` is no wish of theirs. */
function overruled(code: DecisionCode, notes: readonly Finding[], message: string): readonly Finding[] {
  return code === 'MW1005' ? notes : [...notes, {kind: 'unheeded', key: injectKey, message}]
}

/** The mesh's own rules decide, its never-inject rules included; `code` is the one for yes. */
function theirs(native: NativeVerdict, code: DecisionCode, notes: readonly Finding[]): Decision {
  if (native.refusal !== undefined) return {verdict: 'refuse', code: 'MW2007', reason: native.refusal}
  return native.inject
    ? {verdict: 'inject', code, reason: native.reason, notes}
    : skip(native.code, native.reason, notes)
}

/** Under `mesh.enforced` a tenant's no is taken away where it was said, and the mesh asked again. */
function nativeVerdict(subject: Subject, injector: Injector, enforced: boolean, notes: Finding[]): NativeVerdict {
  let asked = subject
  let native = injector.native(asked)
  if (!enforced) return native
  for (const speaker of ['pod', 'namespace'] as const) {
    if (native.inject || native.refusal !== undefined || native.speaker !== speaker) continue
    const silenced = speaker === 'pod' ? withoutPodSwitches(asked, injector) : withoutNamespaceSwitches(asked, injector)
    for (const key of silenced.keys) notes.push(unheeded(key))
    asked = silenced.subject
    native = injector.native(asked)
  }
  return native
}

interface Silenced {
  readonly subject: Subject
  readonly keys: readonly string[]
}

function withoutPodSwitches(subject: Subject, {switches}: Injector): Silenced {
  const {pod} = subject
  const {labels, annotations} = pod.metadata
  const metadata = {...pod.metadata, labels: without(labels, switches), annotations: without(annotations, switches)}
  return {subject: {...subject, pod: {...pod, metadata}}, keys: written(switches, labels, annotations)}
}

function withoutNamespaceSwitches(subject: Subject, {switches}: Injector): Silenced {
  const {namespace} = subject
  const {labels, annotations} = namespace
  const silent = {...namespace, labels: without(labels, switches), annotations: without(annotations, switches)}
  return {subject: {...subject, namespace: silent}, keys: written(switches, labels, annotations)}
}

function without(map: StringMap | undefined, keys: readonly string[]): StringMap {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)))
}

function written(keys: readonly string[], ...maps: readonly (StringMap | undefined)[]): string[] {
  return keys.filter((key) => maps.some((map) => own(map, key) !== undefined))
}

function unheeded(key: string): Finding {
  return {kind: 'unheeded', key, message: 'the opt-out is not heeded, for mesh.enforced is true'}
}

function skip(code: DecisionCode, reason: string, notes: readonly Finding[]): Decision {
  return {verdict: 'skip', code, reason, notes}
}

function podSwitch({metadata}: Pod): {value: string; where: string} | undefined {
  const label = own(metadata.labels, injectKey)
  if (label !== undefined) return {value: label, where: "the pod's label"}
  const annotation = own(metadata.annotations, injectKey)
  return annotation === undefined ? undefined : {value: annotation, where: "the pod's annotation"}
}

const proxyNames: Readonly<Record<MeshName, RegExp>> = {
  istio: /^istio-proxy$/,
  linkerd: /^linkerd-proxy$/,
  consul: /^consul-dataplane(-|$)/,
}

function foreignSidecar({spec}: Pod, mesh: MeshName): {container: string; mesh: MeshName} | undefined {
  for (const other of meshNames) {
    if (other === mesh) continue
    const found = [...spec.containers, ...(spec.initContainers ?? [])].find(({name}) => proxyNames[other].test(name))
    if (found !== undefined) return {container: found.name, mesh: other}
  }
  return undefined
}

/** The value of a tenant-written key; never one inherited from a prototype. */
function own(map: StringMap | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined
}

/** A tenant's value, short enough and printable, for a sentence. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value)
}

/** What the log and the report of a pod call its workload: the controlling owner, else the object itself. Reads anything. */
export function ownerOf(object: unknown): string {
  const metadata = field(object, 'metadata')
  const owners = field(metadata, 'ownerReferences')
  const owner = Array.isArray(owners) ? owners.find((reference) => field(reference, 'controller') === true) : undefined
  if (owner !== undefined) return `${textField(owner, 'kind')}/${textField(owner, 'name')}`
  return `${textField(object, 'kind') || 'Pod'}/${textField(metadata, 'name') || textField(metadata, 'generateName')}`
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function textField(value: unknown, key: string): string {
  const text = field(value, key)
  return typeof text === 'string' ? text.slice(0, 253) : ''
}
