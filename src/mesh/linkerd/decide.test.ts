import {describe, expect, test} from 'vitest'
import type {NativeVerdict} from '../mesh.ts'
import type {Pod} from '../pod.ts'
import type {Values} from '../values.ts'
import {injectorOf, podOf, subjectOf} from './testing.ts'

interface Given {
  readonly pod?: string
  readonly namespace?: string
  readonly labels?: Record<string, string>
  readonly spec?: Partial<Pod['spec']>
  readonly podLabels?: Record<string, string>
  readonly values?: Values
  readonly mesh?: object
}

function verdict({pod, namespace, labels = {}, spec = {}, podLabels, values, mesh}: Given): NativeVerdict {
  const base = podOf(pod === undefined ? {} : {'linkerd.io/inject': pod}, spec)
  const subject = subjectOf(podLabels ? {...base, metadata: {...base.metadata, labels: podLabels}} : base, {
    namespace: {
      name: 'shop',
      labels: {'kubernetes.io/metadata.name': 'shop', ...labels},
      annotations: namespace === undefined ? {} : {'linkerd.io/inject': namespace},
    },
  })
  return injectorOf(mesh, values).native(subject)
}

describe("Linkerd's switch", () => {
  test.each<[string, Given, boolean, NativeVerdict['speaker'], NativeVerdict['code']]>([
    ['nobody speaks', {}, false, 'policy', 'MW1110'],
    ['the pod says enabled', {pod: 'enabled'}, true, 'pod', 'MW1002'],
    ['the pod says ingress', {pod: 'ingress', namespace: 'disabled'}, true, 'pod', 'MW1002'],
    ['the pod says disabled', {pod: 'disabled', namespace: 'enabled'}, false, 'pod', 'MW1105'],
    ['the namespace says enabled', {namespace: 'enabled'}, true, 'namespace', 'MW1004'],
    ['the namespace says disabled', {namespace: 'disabled'}, false, 'namespace', 'MW1107'],
    ['both are empty', {pod: '', namespace: ''}, false, 'policy', 'MW1110'],
    ["the namespace's value is unknown", {pod: 'enabled', namespace: 'true'}, false, 'policy', 'MW1110'],
    ["the pod's value is unknown", {pod: 'yes', namespace: 'enabled'}, false, 'namespace', 'MW1107'],
  ])('%s', (_, given, inject, speaker, code) => {
    expect(verdict(given)).toMatchObject({inject, speaker, code})
  })

  test('is no label', () => {
    expect(verdict({podLabels: {'linkerd.io/inject': 'enabled'}}).inject).toBe(false)
  })
})

describe('the selectors of the webhook', () => {
  test.each<[string, Given, NativeVerdict['speaker']]>([
    ['webhooks disabled on the namespace', {labels: {'config.linkerd.io/admission-webhooks': 'disabled'}}, 'namespace'],
    ['a namespace left out by name', {labels: {'kubernetes.io/metadata.name': 'cert-manager'}}, 'namespace'],
    ['a pod of the control plane', {podLabels: {'linkerd.io/control-plane-component': ''}}, 'pod'],
    [
      'a pod that says no anyway',
      {pod: 'disabled', labels: {'config.linkerd.io/admission-webhooks': 'disabled'}},
      'pod',
    ],
    [
      'a label that is asked for',
      {
        values: {
          proxyInjector: {namespaceSelector: {matchExpressions: [{key: 'mesh', operator: 'In', values: ['on']}]}},
        },
      },
      'policy',
    ],
  ])('%s', (_, given, speaker) => {
    expect(verdict({namespace: 'enabled', ...given})).toMatchObject({inject: false, speaker, code: 'MW1116'})
  })

  test('match the exact value only', () => {
    const labels = {'config.linkerd.io/admission-webhooks': 'Disabled'}
    expect(verdict({namespace: 'enabled', labels}).inject).toBe(true)
  })

  test('of the values join those of the chart', () => {
    const values = {proxyInjector: {objectSelector: {matchLabels: {mesh: 'on'}}}}
    const labels = {mesh: 'on', 'linkerd.io/cni-resource': ''}
    expect(verdict({namespace: 'enabled', values, podLabels: {mesh: 'on'}}).inject).toBe(true)
    expect(verdict({namespace: 'enabled', values, podLabels: labels}).inject).toBe(false)
    expect(verdict({namespace: 'enabled', values}).inject).toBe(false)
  })
})

describe('what keeps a pod out that should be in', () => {
  const container = {name: 'web', image: 'web:1'}

  test.each<[string, Partial<Pod['spec']>, NativeVerdict['code']]>([
    ['the host network', {hostNetwork: true}, 'MW1112'],
    ["Linkerd's proxy by name", {containers: [container, {name: 'linkerd-proxy'}]}, 'MW1115'],
    ['a native proxy', {initContainers: [{name: 'linkerd-proxy'}]}, 'MW1115'],
    ['linkerd-init', {initContainers: [{name: 'linkerd-init'}]}, 'MW1115'],
    ["Istio's proxy by image", {containers: [{name: 'p', image: 'gcr.io/istio-release/proxyv2:1'}]}, 'MW1115'],
  ])('%s', (_, spec, code) => {
    expect(verdict({namespace: 'enabled', spec})).toMatchObject({inject: false, speaker: 'namespace', code})
  })

  test.each<[string, Partial<Pod['spec']>]>([
    ['an app container named linkerd-init', {containers: [container, {name: 'linkerd-init'}]}],
    ['the validator', {initContainers: [{name: 'linkerd-network-validator'}]}],
    ['the proxy by digest', {containers: [{name: 'p', image: 'cr.l5d.io/linkerd/proxy@sha256:0'}]}],
    ['no token, with the projection on', {automountServiceAccountToken: false}],
  ])('not %s', (_, spec) => {
    expect(verdict({namespace: 'enabled', spec}).inject).toBe(true)
  })

  test('is a missing token where nothing projects one', () => {
    const values = {identity: {serviceAccountTokenProjection: false}}
    const mount = {name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount'}
    const mounted = {containers: [{name: 'web', volumeMounts: [mount]}]}
    expect(verdict({namespace: 'enabled', values}).code).toBe('MW1118')
    expect(verdict({namespace: 'enabled', values, spec: mounted}).inject).toBe(true)
    expect(verdict({namespace: 'enabled', values, spec: {...mounted, automountServiceAccountToken: false}}).code).toBe(
      'MW1118',
    )
  })

  test("is no tenant's claim where the mesh is enforced", () => {
    const mesh = {enforced: true}
    const claim = {containers: [container, {name: 'linkerd-proxy', image: 'nginx'}]}
    const proxy = {containers: [container, {name: 'linkerd-proxy', image: 'cr.l5d.io/linkerd/proxy:edge-26.7.1'}]}
    expect(verdict({namespace: 'enabled', mesh, spec: claim}).inject).toBe(true)
    expect(verdict({namespace: 'enabled', mesh, spec: proxy}).code).toBe('MW1115')
  })
})
