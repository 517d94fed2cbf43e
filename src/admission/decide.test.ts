import {describe, expect, test} from 'vitest'
import type {MeshSection} from '../config/schema.ts'
import type {Injector, NativeVerdict, Subject} from '../mesh/mesh.ts'
import type {Pod, StringMap} from '../mesh/pod.ts'
import {decide, ownerOf, type Prepared} from './decide.ts'

const silent: NativeVerdict = {
  inject: false,
  speaker: 'policy',
  code: 'MW1110',
  reason: 'the default policy does not inject',
}
const nativeYes = (speaker: NativeVerdict['speaker']): NativeVerdict => ({
  inject: true,
  speaker,
  code: 'MW1110',
  reason: 'native yes',
})
const nativeNo = (speaker: NativeVerdict['speaker']): NativeVerdict => ({
  inject: false,
  speaker,
  code: 'MW1107',
  reason: 'native no',
})

function prepared(settings: Partial<MeshSection>, native: Injector['native'] = () => silent): Prepared {
  const injector: Injector = {
    findings: [],
    systemNamespaces: ['istio-system'],
    switches: ['native'],
    native,
    inject: ({pod}) => ({outcome: 'injected', pod, sidecars: [], findings: []}),
    carries: () => false,
    annotate: (object) => object,
    evasions: () => [],
  }
  return {mesh: 'istio', settings: {type: 'istio', ...settings}, injector}
}

interface Written {
  readonly labels?: StringMap
  readonly annotations?: StringMap
  readonly spec?: Partial<Pod['spec']>
  readonly namespace?: string
  readonly namespaceLabels?: StringMap
}

function subject({
  labels = {},
  annotations = {},
  spec = {},
  namespace = 'shop',
  namespaceLabels = {},
}: Written): Subject {
  return {
    pod: {metadata: {labels, annotations}, spec: {containers: [{name: 'web'}], ...spec}},
    namespace: {name: namespace, labels: namespaceLabels, annotations: {}},
    objects: {get: () => undefined, namespace: () => undefined},
    overrides: {},
  }
}

const enabled = {'meshwright.dev/inject': 'enabled'}
const disabled = {'meshwright.dev/inject': 'disabled'}

describe('who decides', () => {
  test.each<[string, Written, Partial<MeshSection>, NativeVerdict, string]>([
    [
      'the label of the pod beats its annotation',
      {labels: disabled, annotations: enabled},
      {},
      nativeYes('pod'),
      'MW1104',
    ],
    ['the key of the pod beats the native key', {annotations: enabled}, {}, nativeNo('pod'), 'MW1001'],
    [
      'the native key of the pod beats the label of the namespace',
      {namespaceLabels: enabled},
      {},
      nativeNo('pod'),
      'MW1107',
    ],
    [
      'the label of the namespace beats the native switch of the namespace',
      {namespaceLabels: disabled},
      {},
      nativeYes('namespace'),
      'MW1106',
    ],
    ['the native switch of the namespace beats autoInject', {}, {autoInject: false}, nativeYes('namespace'), 'MW1004'],
    ['autoInject false beats the default policy', {}, {autoInject: false}, nativeYes('policy'), 'MW1108'],
    ['autoInject true beats the default policy', {}, {autoInject: true}, nativeNo('policy'), 'MW1005'],
    ['with nobody speaking the default policy decides', {}, {}, nativeYes('policy'), 'MW1006'],
    [
      'autoInject true counts in injectionNamespace',
      {},
      {autoInject: true, injectionNamespace: ['shop']},
      silent,
      'MW1005',
    ],
    [
      'autoInject true does not count elsewhere',
      {},
      {autoInject: true, injectionNamespace: ['default']},
      nativeYes('policy'),
      'MW1109',
    ],
  ])('%s', (_, written, settings, native, code) => {
    expect(
      decide(
        subject(written),
        prepared(settings, () => native),
      ),
    ).toMatchObject({code})
  })

  test('a value that is neither enabled nor disabled refuses the pod and shows it', () => {
    expect(decide(subject({labels: {'meshwright.dev/inject': 'yes'}}), prepared({}))).toMatchObject({
      verdict: 'refuse',
      code: 'MW2001',
      reason: expect.stringContaining('"yes"'),
    })
  })

  test('such a value on the namespace does not count and is reported', () => {
    const decision = decide(subject({namespaceLabels: {'meshwright.dev/inject': 'on'}}), prepared({}))
    expect(decision).toMatchObject({
      verdict: 'skip',
      code: 'MW1110',
      notes: [{kind: 'unheeded', key: 'meshwright.dev/inject'}],
    })
  })

  test("where the mesh's own rules speak, its refusal is ours", () => {
    const native = {...nativeNo('pod'), refusal: 'the annotation is no boolean'}
    expect(
      decide(
        subject({}),
        prepared({}, () => native),
      ),
    ).toMatchObject({verdict: 'refuse', code: 'MW2007'})
  })
})

describe('what Meshwright never injects on its own word', () => {
  test.each<[string, Written, string]>([
    ['kube-system', {namespace: 'kube-system'}, 'MW1111'],
    ["the mesh's own namespace", {namespace: 'istio-system'}, 'MW1111'],
    ['a pod on the host network', {spec: {hostNetwork: true}}, 'MW1112'],
    ['a mirror pod', {annotations: {'kubernetes.io/config.mirror': 'x'}}, 'MW1113'],
    ["a pod with another mesh's sidecar", {spec: {initContainers: [{name: 'linkerd-proxy'}]}}, 'MW1114'],
    ["one of Consul's many sidecars", {spec: {containers: [{name: 'consul-dataplane-admin'}]}}, 'MW1114'],
  ])('%s', (_, written, code) => {
    expect(decide(subject(written), prepared({autoInject: true}))).toMatchObject({verdict: 'skip', code, notes: []})
    const wished = decide(subject({...written, labels: enabled}), prepared({}))
    expect(wished).toMatchObject({verdict: 'skip', code, notes: [{kind: 'unheeded'}]})
  })

  test("the mesh's own rules decide these where they say yes", () => {
    const onHost = subject({spec: {hostNetwork: true}, namespace: 'istio-system'})
    expect(
      decide(
        onHost,
        prepared({}, () => nativeYes('namespace')),
      ),
    ).toMatchObject({verdict: 'inject', code: 'MW1004'})
  })
})

describe('mesh.enforced', () => {
  const native = ({pod}: Subject): NativeVerdict =>
    pod.metadata.annotations?.['native'] === 'no' ? nativeNo('pod') : nativeYes('namespace')

  test("a tenant's opt-outs are not heeded, and that is said", () => {
    const decision = decide(
      subject({labels: disabled, annotations: {native: 'no'}}),
      prepared({enforced: true}, native),
    )
    expect(decision).toMatchObject({
      verdict: 'inject',
      code: 'MW1004',
      notes: [{key: 'meshwright.dev/inject'}, {key: 'native'}],
    })
  })

  test("taking a pod's no away leaves its namespace's yes", () => {
    const optedOut = subject({labels: {native: 'no'}, namespaceLabels: {native: 'yes'}})
    const both = ({pod, namespace}: Subject): NativeVerdict =>
      pod.metadata.labels?.['native'] === 'no'
        ? nativeNo('pod')
        : namespace.labels['native'] === 'yes'
          ? nativeYes('namespace')
          : silent
    expect(decide(optedOut, prepared({enforced: true}, both))).toMatchObject({verdict: 'inject', code: 'MW1004'})
  })

  test('without it they are', () => {
    expect(decide(subject({annotations: {native: 'no'}}), prepared({}, native))).toMatchObject({verdict: 'skip'})
  })

  test('the never-inject list still counts', () => {
    const decision = decide(subject({namespace: 'kube-system', namespaceLabels: enabled}), prepared({enforced: true}))
    expect(decision).toMatchObject({verdict: 'skip', code: 'MW1111'})
  })
})

test('the owner of a pod is its controller, else itself, whatever shape the object has', () => {
  const ownerReferences = [
    {kind: 'Node', name: 'n'},
    {kind: 'ReplicaSet', name: 'web-1', controller: true},
  ]
  expect(ownerOf({metadata: {ownerReferences}})).toBe('ReplicaSet/web-1')
  expect(ownerOf({kind: 'Pod', metadata: {generateName: 'web-'}})).toBe('Pod/web-')
  for (const odd of [undefined, null, 7, [], {metadata: []}, {metadata: {ownerReferences: {}}}])
    expect(ownerOf(odd)).toBe('Pod/')
})
