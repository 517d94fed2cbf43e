import {describe, expect, test} from 'vitest'
import {ObjectIndex} from '../admission/objects.ts'
import {configurationSchema} from '../config/schema.ts'
import type {MeshName, Resolution} from './mesh.ts'
import {meshes} from './registry.ts'

const configMap = (namespace: string, name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {namespace, name},
  data,
})
const resolve = (mesh: MeshName, section: Record<string, unknown>, ...objects: unknown[]): Resolution =>
  meshes[mesh].resolve(configurationSchema.parse({mesh: {type: mesh, ...section}}), new ObjectIndex(objects))
const inject = (resolution: Resolution) => {
  if (!resolution.ok) throw new Error(JSON.stringify(resolution.problems))
  const injection = resolution.injector.inject({
    pod: {metadata: {name: 'p'}, spec: {containers: [{name: 'app', image: 'app'}]}},
    namespace: {name: 'shop', labels: {}, annotations: {}},
    objects: new ObjectIndex([]),
    overrides: {},
  })
  return JSON.stringify(injection)
}

describe('what a mesh was installed with', () => {
  const values = configMap('istio-system', 'istio-sidecar-injector', {
    values: JSON.stringify({global: {hub: 'registry.example/istio', tag: '1.31.0'}, pilot: {cni: {enabled: true}}}),
  })

  test('Istio: values come from the ConfigMap of its injector', () => {
    const pod = inject(resolve('istio', {}, values))
    expect(pod).toContain('registry.example/istio/proxyv2:1.31.0')
    expect(pod).toContain('istio-validation')
  })

  test('Istio: the mesh config comes from the ConfigMap istio', () => {
    const mesh = configMap('istio-system', 'istio', {mesh: 'trustDomain: shop.example\n'})
    expect(inject(resolve('istio', {}, mesh))).toContain('"value":"shop.example"')
  })

  test('Istio: values of the configuration leave the ConfigMap unread', () => {
    const pod = inject(resolve('istio', {istio: {values: {global: {hub: 'mine'}}}}, values))
    expect(pod).toContain('mine/proxyv2')
    expect(pod).not.toContain('registry.example')
  })

  test('Linkerd: values and trust anchors come from its two ConfigMaps', () => {
    const resolution = resolve(
      'linkerd',
      {},
      configMap('linkerd', 'linkerd-config', {values: 'proxy:\n  image:\n    name: registry.example/proxy\n'}),
      configMap('linkerd', 'linkerd-identity-trust-roots', {'ca-bundle.crt': 'PEM\n'}),
    )
    expect(inject(resolution)).toContain('registry.example/proxy:')
    expect(resolution.ok && resolution.injector.incomplete).toBeUndefined()
  })

  test('Linkerd: without trust anchors it says what is incomplete', () => {
    const resolution = resolve('linkerd', {})
    expect(resolution.ok && resolution.injector.incomplete).toContain('identityTrustAnchorsPEM')
  })

  test.each([
    ['istio', 'istio-system', 'istio-sidecar-injector', 'values'],
    ['linkerd', 'linkerd', 'linkerd-config', 'values'],
  ] as const)('%s: a ConfigMap that cannot be read is a problem, not a default', (mesh, namespace, name, key) => {
    expect(resolve(mesh, {}, configMap(namespace, name, {[key]: '{'}))).toMatchObject({
      ok: false,
      problems: [
        {path: ['mesh', mesh, 'values'], message: expect.stringContaining(`${key} of ConfigMap ${namespace}/`)},
      ],
    })
  })
})

describe('what is looked up in a cluster', () => {
  const needs = (mesh: MeshName, section: Record<string, unknown> = {}) =>
    meshes[mesh]
      .needs(configurationSchema.parse({mesh: {type: mesh, ...section}}))
      .map(({kind, namespace = '*', name = '*'}) => `${kind.kind} ${namespace}/${name}`)

  test('Istio: its own settings, unless the configuration has them', () => {
    expect(needs('istio')).toEqual(['ConfigMap istio-system/istio-sidecar-injector', 'ConfigMap istio-system/istio'])
    expect(needs('istio', {istio: {values: {}, meshConfig: {}}})).toEqual([])
  })

  test('Linkerd: the owners of owners as well', () => {
    expect(needs('linkerd', {linkerd: {values: {}}})).toEqual(['ReplicaSet */*', 'Job */*'])
  })

  test('Consul: of Secrets none but the one that its settings name', () => {
    const tls = {consul: {values: {global: {tls: {enabled: true, caCert: {secretName: 'my-ca'}}}}}}
    expect(needs('consul', tls).filter((need) => need.startsWith('Secret'))).toEqual(['Secret consul/my-ca'])
    expect(needs('consul').filter((need) => need.startsWith('Secret'))).toEqual([])
  })
})
