import type {NativeVerdict, Subject} from '../mesh.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {KubeObject} from '../pod.ts'
import {ingressMode, injectAnnotation, own} from './annotations.ts'
import {quoted} from './quoted.ts'
import {describeRequirement, excludes, unmet} from './selector.ts'
import type {Settings} from './settings.ts'
import {carriesProxy, existingSidecar, missingToken} from './sidecar.ts'

/** What Linkerd's own webhook would make of a pod: its selectors, then every reason of pkg/inject/report.go. */
export function nativeVerdict(subject: Subject, settings: Settings, enforced: boolean): NativeVerdict {
  const {pod, namespace} = subject
  const onPod = own(pod.metadata.annotations, injectAnnotation) ?? ''
  const excluded = excludedBySelector(pod, namespace, settings)
  if (excluded !== undefined) {
    // A pod that says no gets what it asked for, whoever else says no.
    const speaker = onPod === 'disabled' ? 'pod' : excluded.speaker
    return {inject: false, speaker, code: 'MW1116', reason: excluded.reason}
  }
  const wish = decide(onPod, own(namespace.annotations, injectAnnotation) ?? '', namespace.name)
  if (!wish.inject) return wish
  const hindrance = hindrances(subject, settings, enforced)[0]
  return hindrance === undefined
    ? wish
    : {inject: false, speaker: wish.speaker, code: hindrance.code, reason: `${wish.reason}, but ${hindrance.reason}`}
}

/** True where the API server would send the object to Linkerd's own webhook. */
export function isSelected(object: KubeObject, namespace: NamespaceFacts, settings: Settings): boolean {
  return excludedBySelector(object, namespace, settings) === undefined
}

export interface Hindrance {
  readonly code: 'MW1112' | 'MW1115' | 'MW1118'
  readonly reason: string
}

/** What keeps Linkerd from injecting a pod whatever the switches say, in Linkerd's order. */
export function hindrances({pod}: Subject, settings: Settings, enforced: boolean): readonly Hindrance[] {
  const found: Hindrance[] = []
  if (pod.spec.hostNetwork === true) found.push({code: 'MW1112', reason: 'spec.hostNetwork is true'})
  const sidecar = existingSidecar(pod)
  // A name alone is a tenant's claim; where the mesh is enforced the proxy itself has to be there.
  if (sidecar !== undefined && (!enforced || carriesProxy(pod, settings)))
    found.push({code: 'MW1115', reason: `container ${quoted(sidecar.name)} is a sidecar already`})
  const token = missingToken(pod, settings)
  if (token !== undefined)
    found.push({code: 'MW1118', reason: `${token} and identity.serviceAccountTokenProjection is false`})
  return found
}

/** Only annotations count, an empty one like none; a namespace's unknown value outranks the pod's wish. */
function decide(onPod: string, onNamespace: string, namespace: string): NativeVerdict {
  const podSays = `the pod's annotation ${injectAnnotation} is ${quoted(onPod)}`
  const namespaceSays = `the annotation ${injectAnnotation} of namespace ${namespace} is ${quoted(onNamespace)}`
  if (onPod === 'disabled') return no('pod', 'MW1105', podSays)
  if (onNamespace !== '' && !isSwitch(onNamespace))
    return no('policy', 'MW1110', `${namespaceSays}, which Linkerd does not know: write enabled, ingress or disabled`)
  const namespaceSpeaks = onNamespace === '' ? 'policy' : 'namespace'
  if (onPod !== '' && !isSwitch(onPod))
    return no(
      namespaceSpeaks,
      onNamespace === '' ? 'MW1110' : 'MW1107',
      `${podSays}, which Linkerd does not know: write enabled, ingress or disabled`,
    )
  if (isYes(onPod)) return {inject: true, speaker: 'pod', code: 'MW1002', reason: podSays}
  if (isYes(onNamespace)) return {inject: true, speaker: 'namespace', code: 'MW1004', reason: namespaceSays}
  return onNamespace === 'disabled'
    ? no('namespace', 'MW1107', namespaceSays)
    : no('policy', 'MW1110', `neither the pod nor namespace ${namespace} carries the annotation ${injectAnnotation}`)
}

/**
 * The selectors of the chart's MutatingWebhookConfiguration. One that shuts out by a label speaks for whoever carries
 * the label; one that asks for a label nobody wrote is the mesh's policy.
 */
function excludedBySelector(
  {metadata}: KubeObject,
  namespace: NamespaceFacts,
  {namespaceSelector, objectSelector}: Settings,
): {readonly speaker: NativeVerdict['speaker']; readonly reason: string} | undefined {
  const ofNamespace = unmet(namespaceSelector, namespace.labels)
  if (ofNamespace !== undefined)
    return {
      speaker: excludes(ofNamespace) ? 'namespace' : 'policy',
      reason: `namespace ${namespace.name} does not meet ${describeRequirement(ofNamespace)} of Linkerd's namespaceSelector`,
    }
  const ofObject = unmet(objectSelector, metadata?.labels)
  if (ofObject === undefined) return undefined
  return {
    speaker: excludes(ofObject) ? 'pod' : 'policy',
    reason: `its labels do not meet ${describeRequirement(ofObject)} of Linkerd's objectSelector`,
  }
}

function no(speaker: NativeVerdict['speaker'], code: NativeVerdict['code'], reason: string): NativeVerdict {
  return {inject: false, speaker, code, reason}
}

function isSwitch(value: string): boolean {
  return isYes(value) || value === 'disabled'
}

export function isYes(value: string | undefined): boolean {
  return value === 'enabled' || value === ingressMode
}
