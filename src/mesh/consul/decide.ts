import {parseBool} from '../go/bool.ts'
import type {NativeVerdict, Subject} from '../mesh.ts'
import type {StringMap} from '../pod.ts'
import {injectKey, statusKey} from './keys.ts'
import {selects} from './selector.ts'
import type {Settings} from './settings.ts'
import {shown} from './shown.ts'

/**
 * What consul-k8s makes of a pod: the selectors of its MutatingWebhookConfiguration first, then its handler's rules in
 * their order. Its lists of namespaces speak only where they exclude.
 */
export function nativeVerdict({pod, namespace}: Subject, settings: Settings): NativeVerdict {
  const unselected = notSelected(pod.metadata.labels, namespace.labels, settings)
  if (unselected !== undefined) return no('policy', 'MW1116', unselected)
  const {name} = namespace
  if (name === 'kube-system' || name === 'kube-public') {
    return no('policy', 'MW1111', `Consul never injects into namespace ${name}`)
  }
  if (settings.deniedNamespaces.has(name)) {
    return no('namespace', 'MW1107', `connectInject.k8sDenyNamespaces lists namespace ${name}`)
  }
  if (!settings.allowedNamespaces.has('*') && !settings.allowedNamespaces.has(name)) {
    return no('namespace', 'MW1107', `connectInject.k8sAllowNamespaces does not list namespace ${name}`)
  }
  const status = own(pod.metadata.annotations, statusKey)
  if (status !== undefined && status !== '') {
    return no('pod', 'MW1115', `the pod's annotation ${statusKey} is ${shown(status)}, so Consul takes it for injected`)
  }
  const wish = own(pod.metadata.annotations, injectKey)
  if (wish !== undefined) return switched(wish)
  return settings.injectByDefault
    ? yes('policy', 'MW1006', 'connectInject.default is true, and the pod says nothing')
    : no('policy', 'MW1110', 'connectInject.default is false, and the pod says nothing')
}

function notSelected(
  podLabels: StringMap | undefined,
  namespaceLabels: StringMap,
  {installed, chartName, namespaceSelector}: Settings,
): string | undefined {
  if (!installed) return 'connectInject.enabled is false, so Consul runs no injector'
  if (!selects(namespaceSelector, namespaceLabels)) return 'connectInject.namespaceSelector leaves the namespace out'
  if (own(podLabels, 'app') === chartName) return `Consul's webhook leaves out pods labelled app: ${chartName}`
  return undefined
}

function switched(text: string): NativeVerdict {
  const wish = parseBool(text)
  const reason = `the pod's annotation ${injectKey} is ${shown(text)}`
  if (wish === undefined) {
    const refusal = `annotation ${injectKey} is ${shown(text)}: that is not a boolean; write "true" or "false"`
    return {...no('pod', 'MW1105', reason), refusal}
  }
  return wish ? yes('pod', 'MW1002', reason) : no('pod', 'MW1105', reason)
}

function yes(speaker: NativeVerdict['speaker'], code: NativeVerdict['code'], reason: string): NativeVerdict {
  return {inject: true, speaker, code, reason}
}

function no(speaker: NativeVerdict['speaker'], code: NativeVerdict['code'], reason: string): NativeVerdict {
  return {inject: false, speaker, code, reason}
}

function own(map: StringMap | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined
}
