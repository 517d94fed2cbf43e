import {describe, expect, it} from 'vitest'
import {injectorOf, shop, subjectOf, webPod} from './fixture.ts'

const on = {connectInject: {default: true}}
const named = (name: string, labels = {}) => ({
  name,
  labels: {'kubernetes.io/metadata.name': name, ...labels},
  annotations: {},
})

describe('who is injected', () => {
  it('is decided by the default where nobody speaks', () => {
    expect(injectorOf().native(subjectOf(webPod()))).toMatchObject({inject: false, speaker: 'policy', code: 'MW1110'})
    const native = injectorOf({values: on}).native(subjectOf(webPod()))
    expect(native).toMatchObject({inject: true, speaker: 'policy', code: 'MW1006'})
  })

  it.each([
    ['T', true, 'MW1002'],
    ['0', false, 'MW1105'],
  ])('is decided by the pod that says %s', (text, inject, code) => {
    const native = injectorOf().native(subjectOf(webPod({'connect-inject': text})))
    expect(native).toMatchObject({inject, speaker: 'pod', code})
  })

  it('is an error where the pod says neither yes nor no', () => {
    const native = injectorOf().native(subjectOf(webPod({'connect-inject': 'yes'})))
    expect(native.refusal).toContain('consul.hashicorp.com/connect-inject is "yes"')
  })

  it('is never anybody in a denied namespace, nor in one that is not allowed, whatever the pod says', () => {
    for (const lists of [{k8sDenyNamespaces: ['shop']}, {k8sAllowNamespaces: ['sho*']}, {k8sAllowNamespaces: []}]) {
      const native = injectorOf({values: {connectInject: lists}}).native(subjectOf(webPod({'connect-inject': 'yes'})))
      expect(native).toMatchObject({inject: false, speaker: 'namespace', code: 'MW1107'})
      expect(native.refusal).toBeUndefined()
    }
  })

  it('is never a pod that the selectors of the webhook leave out', () => {
    const injector = injectorOf({values: on})
    for (const namespace of [
      named('kube-system'),
      named('local-path-storage'),
      named('monitoring', {'openshift.io/cluster-monitoring': 'false'}),
    ]) {
      expect(injector.native(subjectOf(webPod(), {namespace}))).toMatchObject({inject: false, code: 'MW1116'})
    }
    const pod = webPod()
    const server = {...pod, metadata: {...pod.metadata, labels: {app: 'consul'}}}
    expect(injector.native(subjectOf(server))).toMatchObject({inject: false, code: 'MW1116'})
    expect(injector.native(subjectOf(webPod(), {namespace: {...shop, labels: {}}})).inject).toBe(true)
  })

  it('is nobody in kube-system and kube-public, even without a selector', () => {
    const injector = injectorOf({values: {connectInject: {default: true, namespaceSelector: null}}})
    for (const name of ['kube-system', 'kube-public']) {
      const namespace = named(name)
      expect(injector.native(subjectOf(webPod(), {namespace}))).toMatchObject({inject: false, code: 'MW1111'})
    }
    expect(injector.native(subjectOf(webPod(), {namespace: named('local-path-storage')})).inject).toBe(true)
  })

  it('is nobody where the chart installs no injector', () => {
    const native = injectorOf({values: {connectInject: {enabled: false, default: true}}}).native(subjectOf(webPod()))
    expect(native).toMatchObject({inject: false, speaker: 'policy', code: 'MW1116'})
  })
})
