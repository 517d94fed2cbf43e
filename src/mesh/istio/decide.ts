import type {NativeVerdict, SettingsProblem, Subject} from '../mesh.ts'
import type {StringMap} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {isAbsent, isIn, isNotIn, matches, readSelector, type LabelSelector} from './selectors.ts'
import {valuesPath, type Chart} from './values.ts'
import {shown} from './yaml-text.ts'

/** The namespace's own switch; `enabled` is yes, every other value no. */
export const namespaceKey = 'istio-injection'
const nameKey = 'kubernetes.io/metadata.name'
/** Never injected, whatever is asked (pkg/kube/inject/initializer.go). */
const ignoredNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']

interface Webhook {
  readonly namespace: LabelSelector
  readonly pod: LabelSelector
}

/** Who gets a sidecar by Istio's own rules: its webhooks' selectors first, then its injector's policy. */
export interface InjectionPolicy {
  readonly revision: string
  readonly webhooks: readonly Webhook[]
  readonly never: readonly LabelSelector[]
  readonly always: readonly LabelSelector[]
  /** Any other word than these two switches injection off, even for an explicit yes. */
  readonly policy: 'enabled' | 'disabled' | 'illegal'
}

export type ReadPolicy =
  | {readonly ok: true; readonly policy: InjectionPolicy}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

export function readPolicy(chart: Chart): ReadPolicy {
  const problems: SettingsProblem[] = []
  const selectors = (name: string) =>
    chart.list(`sidecarInjectorWebhook.${name}`).flatMap((value, index): readonly LabelSelector[] => {
      const selector = readSelector(value)
      if (selector === undefined) return []
      if (!('message' in selector)) return [selector]
      problems.push({path: [...valuesPath, 'sidecarInjectorWebhook', name, index], message: selector.message})
      return []
    })
  const never = selectors('neverInjectSelector')
  const always = selectors('alwaysInjectSelector')
  if (problems.length > 0) return {ok: false, problems}
  const word = chart.text('global.proxy.autoInject')
  const revision = chart.text('revision')
  return {
    ok: true,
    policy: {
      revision: revision === '' ? 'default' : revision,
      webhooks: webhooksOf(chart),
      never,
      always,
      policy: word === 'enabled' || word === 'disabled' ? word : 'illegal',
    },
  }
}

/** The chart's MutatingWebhookConfigurations (templates/mutatingwebhook.yaml, revision-tags-mwc.yaml). */
function webhooksOf(chart: Chart): readonly Webhook[] {
  if (chart.at('global.operatorManageWebhooks') === true) return []
  if (!['all', 'cluster'].includes(chart.text('global.resourceScope'))) return []
  const revision = chart.text('revision')
  const byDefault = chart.truthy('sidecarInjectorWebhook.enableNamespacesByDefault')
  const tags = chart.list('revisionTags').map(String)
  return [
    ...revisionWebhooks(revision === '' ? 'default' : revision),
    ...(revision === '' ? defaultWebhooks(byDefault) : []),
    ...tags.flatMap((tag) => [...revisionWebhooks(tag), ...(tag === 'default' ? defaultWebhooks(byDefault) : [])]),
  ]
}

function revisionWebhooks(revision: string): readonly Webhook[] {
  return [
    {
      namespace: [isIn(keys.revision, revision), isAbsent(namespaceKey)],
      pod: [isNotIn(keys.inject, 'false')],
    },
    {
      namespace: [isAbsent(keys.revision), isAbsent(namespaceKey)],
      pod: [isNotIn(keys.inject, 'false'), isIn(keys.revision, revision)],
    },
  ]
}

function defaultWebhooks(byDefault: boolean): readonly Webhook[] {
  const unlabelled = [isAbsent(namespaceKey), isAbsent(keys.revision)]
  return [
    {namespace: [isIn(namespaceKey, 'enabled')], pod: [isNotIn(keys.inject, 'false')]},
    {namespace: unlabelled, pod: [isIn(keys.inject, 'true'), isAbsent(keys.revision)]},
    ...(byDefault
      ? [
          {
            namespace: [...unlabelled, isNotIn(nameKey, ...ignoredNamespaces)],
            pod: [isAbsent(keys.inject), isAbsent(keys.revision)],
          },
        ]
      : []),
  ]
}

/** What Istio itself would do with the pod, and who decided it. */
export function decideNatively({pod, namespace}: Subject, policy: InjectionPolicy): NativeVerdict {
  const labels = pod.metadata.labels ?? {}
  const wish = wishOf(labels, pod.metadata.annotations ?? {})
  // The API server gives every namespace this label; one from a file may lack it.
  const namespaceLabels = Object.hasOwn(namespace.labels, nameKey)
    ? namespace.labels
    : {[nameKey]: namespace.name, ...namespace.labels}
  const selected = policy.webhooks.some(
    (webhook) => matches(webhook.namespace, namespaceLabels) && matches(webhook.pod, labels),
  )
  return selected
    ? injectorVerdict({pod, namespace, wish, labels}, policy)
    : unselectedVerdict({namespace, wish, labels}, policy)
}

interface Wish {
  readonly value: string
  readonly where: 'label' | 'annotation'
}

/** The label hides the annotation, even where it is empty. */
function wishOf(labels: StringMap, annotations: StringMap): Wish | undefined {
  const label = own(labels, keys.inject)
  if (label !== undefined) return {value: label, where: 'label'}
  const annotation = own(annotations, keys.inject)
  return annotation === undefined ? undefined : {value: annotation, where: 'annotation'}
}

interface Asked {
  readonly namespace: Subject['namespace']
  readonly wish: Wish | undefined
  readonly labels: StringMap
}

/** No webhook of the mesh selects the pod: whose doing is that? */
function unselectedVerdict({namespace, wish, labels}: Asked, {revision}: InjectionPolicy): NativeVerdict {
  if (wish?.value === 'false') return verdict(false, 'pod', 'MW1105', `${said(wish)} is false`)
  const label = own(namespace.labels, namespaceKey)
  if (label !== undefined) {
    return verdict(
      false,
      'namespace',
      'MW1107',
      `namespace ${namespace.name} is labelled ${namespaceKey}: ${shown(label)}`,
    )
  }
  const namespaceRevision = own(namespace.labels, keys.revision)
  if (namespaceRevision !== undefined) {
    const reason = `namespace ${namespace.name} is labelled ${keys.revision}: ${shown(namespaceRevision)}, and this is ${revision}`
    return verdict(false, 'namespace', 'MW1107', reason)
  }
  const podRevision = own(labels, keys.revision)
  if (podRevision !== undefined && podRevision !== revision) {
    return verdict(
      false,
      'pod',
      'MW1116',
      `the pod's label ${keys.revision} is ${shown(podRevision)}, and this is ${revision}`,
    )
  }
  return verdict(
    false,
    'policy',
    'MW1110',
    `neither the pod nor namespace ${namespace.name} carries a label that Istio's webhook selects`,
  )
}

function injectorVerdict(asked: Asked & {readonly pod: Subject['pod']}, policy: InjectionPolicy): NativeVerdict {
  const {pod, namespace, wish, labels} = asked
  const speaker = selectedBy(asked)
  const place = pod.metadata.namespace ?? namespace.name
  if (pod.spec.hostNetwork === true) return verdict(false, speaker, 'MW1112', 'spec.hostNetwork is true')
  if (ignoredNamespaces.includes(place)) {
    return verdict(false, speaker, 'MW1111', `Istio never injects into namespace ${place}`)
  }
  if (policy.policy === 'illegal') {
    return verdict(
      false,
      speaker,
      'MW1110',
      'global.proxy.autoInject is neither enabled nor disabled, so nothing is injected',
    )
  }
  if (wish?.value === 'true') return verdict(true, 'pod', 'MW1002', `${said(wish)} is true`)
  if (wish?.value === 'false') return verdict(false, 'pod', 'MW1105', `${said(wish)} is false`)
  if (policy.never.some((selector) => matches(selector, labels))) {
    return verdict(false, speaker, 'MW1116', 'a neverInjectSelector of the mesh matches the pod')
  }
  if (policy.always.some((selector) => matches(selector, labels))) {
    return verdict(true, speaker, yes(speaker), 'an alwaysInjectSelector of the mesh matches the pod')
  }
  if (policy.policy === 'disabled') {
    return verdict(false, speaker, 'MW1110', 'global.proxy.autoInject is disabled, and the pod did not opt in')
  }
  return verdict(true, speaker, yes(speaker), reasonOf(speaker, asked))
}

/** Which label made a webhook select the pod. */
function selectedBy({namespace, labels}: Asked): NativeVerdict['speaker'] {
  if (own(namespace.labels, namespaceKey) !== undefined || own(namespace.labels, keys.revision) !== undefined) {
    return 'namespace'
  }
  return own(labels, keys.inject) === 'true' || own(labels, keys.revision) !== undefined ? 'pod' : 'policy'
}

function reasonOf(speaker: NativeVerdict['speaker'], {namespace, labels}: Asked): string {
  if (speaker === 'pod') return `the pod's label ${keys.revision} is ${shown(own(labels, keys.revision) ?? '')}`
  if (speaker === 'policy') return 'enableNamespacesByDefault is true, and neither the pod nor its namespace spoke'
  const key = own(namespace.labels, namespaceKey) === undefined ? keys.revision : namespaceKey
  return `namespace ${namespace.name} is labelled ${key}: ${shown(own(namespace.labels, key) ?? '')}`
}

function yes(speaker: NativeVerdict['speaker']): NativeVerdict['code'] {
  return speaker === 'pod' ? 'MW1002' : speaker === 'namespace' ? 'MW1004' : 'MW1006'
}

function said({where}: Wish): string {
  return `the pod's ${where} ${keys.inject}`
}

function verdict(
  inject: boolean,
  speaker: NativeVerdict['speaker'],
  code: NativeVerdict['code'],
  reason: string,
): NativeVerdict {
  return {inject, speaker, code, reason}
}
