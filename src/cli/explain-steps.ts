import {injectKey, quoted, type Prepared} from '../admission/decide.ts'
import type {Injector, NativeVerdict, Subject} from '../mesh/mesh.ts'
import type {StringMap} from '../mesh/pod.ts'

/** One of those who may speak about a pod, in order of rank; the first that is heeded decides. */
export interface Step {
  readonly rank: number
  readonly speaker: string
  readonly says: 'yes' | 'no' | 'refuses' | 'nothing'
  readonly sentence: string
  /** False for a tenant's no under `mesh.enforced`, and for words that mean nothing. */
  readonly heeded: boolean
  readonly decides: boolean
}

type Said = Pick<Step, 'says' | 'sentence'> & {readonly heeded?: boolean}

const nothing: Said = {says: 'nothing', sentence: ''}

/** What each of the seven has to say about a pod, also those who come too late to be asked. */
export function stepsOf(subject: Subject, {mesh, settings, injector}: Prepared): readonly Step[] {
  const enforced = settings.enforced === true
  const native = nativeWords(subject, injector)
  const words: readonly (readonly [speaker: string, said: Said])[] = [
    // A manifest is a creation, outside Meshwright's own namespace.
    ['never: updates, subresources, own namespace', nothing],
    [`the pod: ${injectKey}`, podKey(subject)],
    [`the pod: ${mesh}'s own key`, native.pod],
    [`the namespace: ${injectKey}`, namespaceKey(subject)],
    [`the namespace: ${mesh}'s own switch`, native.namespace],
    ['mesh.autoInject', autoInject(subject, settings)],
    [`${mesh}'s default policy`, native.policy],
  ]
  let decided = false
  return words.map(([speaker, said], index) => {
    const rank = index + 1
    const overruled = enforced && said.says === 'no' && rank >= 2 && rank <= 5 && isOptOut(subject, injector, rank)
    const heeded = said.says !== 'nothing' && said.heeded !== false && !overruled
    const decides = heeded && !decided
    decided ||= decides
    const sentence = overruled ? `${said.sentence}; not heeded, for mesh.enforced is true` : said.sentence
    return {rank, speaker, says: said.says, sentence, heeded, decides}
  })
}

function podKey({pod: {metadata}}: Subject): Said {
  const label = own(metadata.labels, injectKey)
  const value = label ?? own(metadata.annotations, injectKey)
  if (value === undefined) return nothing
  const sentence = `${label === undefined ? 'annotation' : 'label'} ${quoted(value)}`
  return {says: value === 'enabled' ? 'yes' : value === 'disabled' ? 'no' : 'refuses', sentence}
}

function namespaceKey({namespace: {labels}}: Subject): Said {
  const value = own(labels, injectKey)
  if (value === undefined) return nothing
  const known = value === 'enabled' || value === 'disabled'
  return {says: value === 'enabled' ? 'yes' : 'no', sentence: `label ${quoted(value)}`, heeded: known}
}

function autoInject({namespace: {name}}: Subject, {autoInject, injectionNamespace}: Prepared['settings']): Said {
  if (autoInject === undefined) return nothing
  if (!autoInject) return {says: 'no', sentence: 'false: opt-in only'}
  if (injectionNamespace === undefined) return {says: 'yes', sentence: 'true, in every namespace'}
  const sentence = `true, in ${injectionNamespace.join(', ')}`
  return {says: injectionNamespace.includes(name) ? 'yes' : 'no', sentence}
}

interface NativeWords {
  readonly pod: Said
  readonly namespace: Said
  readonly policy: Said
}

/** A mesh gives one answer; who else would have spoken shows when the first is silenced. */
function nativeWords(subject: Subject, injector: Injector): NativeWords {
  const {pod, namespace} = subject
  const quietPod: Subject = {
    ...subject,
    pod: {
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: without(pod.metadata.labels, injector),
        annotations: without(pod.metadata.annotations, injector),
      },
    },
  }
  const quiet: Subject = {
    ...quietPod,
    namespace: {
      ...namespace,
      labels: without(namespace.labels, injector),
      annotations: without(namespace.annotations, injector),
    },
  }
  const verdicts = [subject, quietPod, quiet].map((one) => injector.native(one))
  const of = (speaker: NativeVerdict['speaker']): Said => {
    const verdict = verdicts.find((one) => one.speaker === speaker)
    if (verdict === undefined) return nothing
    const {inject, reason, refusal} = verdict
    return refusal === undefined
      ? {says: inject ? 'yes' : 'no', sentence: reason}
      : {says: 'refuses', sentence: refusal}
  }
  return {pod: of('pod'), namespace: of('namespace'), policy: of('policy')}
}

/** A no that a tenant wrote, not one of the administrator's lists or selectors. */
function isOptOut({pod, namespace}: Subject, {switches}: Injector, rank: number): boolean {
  const maps = rank <= 3 ? [pod.metadata.labels, pod.metadata.annotations] : [namespace.labels, namespace.annotations]
  return [injectKey, ...switches].some((key) => maps.some((map) => own(map, key) !== undefined))
}

function without(map: StringMap | undefined, {switches}: Injector): StringMap {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !switches.includes(key)))
}

function own(map: StringMap | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined
}
