import {describe, expect, test} from 'vitest'
import {loadConfiguration} from '../config/load.ts'
import type {Need} from '../mesh/resource.ts'
import {ClusterState, keyOf, meshConfigs, namespaces} from './cluster-state.ts'

const defaults = loadConfiguration([])
if (!defaults.ok) throw new Error('the defaults do not load')
const files = defaults.loaded

const configured: Need = {kind: meshConfigs}
const meshConfig = (name: string, spec: unknown) => ({
  apiVersion: 'meshwright.dev/v1alpha1',
  kind: 'MeshConfig',
  metadata: {name},
  spec,
})
const anchors = {linkerd: {values: {identityTrustAnchorsPEM: 'PEM'}}}
const keys = (state: ClusterState) => state.needs().map(keyOf)

describe('a webhook in a cluster', () => {
  test('goes by its files until there is a MeshConfig default', () => {
    const state = new ClusterState({}, files)
    expect(state.judge().inForce?.base.mesh).toBe('istio')
    state.set(configured, meshConfig('default', {mesh: {type: 'linkerd', ...anchors}}))
    expect(state.judge().inForce?.base.mesh).toBe('linkerd')
    state.delete(configured, meshConfig('default', {}))
    expect(state.judge().inForce?.base.mesh).toBe('istio')
  })

  test('has one configuration a MeshConfig, each with its environments', () => {
    const state = new ClusterState({}, files)
    state.set(
      configured,
      meshConfig('edge', {mesh: {type: 'consul'}, environments: {staging: {mesh: {type: 'istio'}}}}),
    )
    const {inForce} = state.judge()
    const edge = inForce?.configurations.get('edge')
    expect([inForce?.base.mesh, edge?.base.mesh, edge?.environments.get('staging')?.mesh]).toEqual([
      'istio',
      'consul',
      'istio',
    ])
  })

  test('keeps the last good MeshConfig and says what is wrong with the new one', () => {
    const state = new ClusterState({}, files)
    state.set(configured, meshConfig('default', {mesh: {type: 'consul'}}))
    state.judge()
    state.set(configured, meshConfig('default', {mesh: {type: 'console'}}))
    const {inForce, problems} = state.judge()
    expect(inForce?.base.mesh).toBe('consul')
    expect(problems).toEqual([expect.stringMatching(/^MeshConfig default spec\.mesh\.type MW4\d+ .*consul/)])
  })

  test('has nothing in force while its first MeshConfig is bad: the defaults are not what was asked for', () => {
    const state = new ClusterState({}, files)
    state.set(configured, meshConfig('default', {mesh: {type: 'console'}}))
    expect(state.judge()).toEqual({problems: [expect.any(String)]})
  })

  test('has nothing in force without trust anchors, and takes them from where Linkerd keeps them', () => {
    const state = new ClusterState({mesh: 'linkerd'}, files)
    expect(state.judge()).toEqual({problems: [expect.stringContaining('TrustAnchors')]})
    const need = state.needs().find(({name}) => name === 'linkerd-identity-trust-roots')
    if (need === undefined) throw new Error('the trust anchors are not looked for')
    const changed = state.set(need, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {namespace: 'linkerd', name: 'linkerd-identity-trust-roots'},
      data: {'ca-bundle.crt': 'PEM'},
    })
    expect(changed).toBe(true)
    expect(state.judge().inForce?.base.mesh).toBe('linkerd')
  })

  test('asks for what any environment of any MeshConfig needs, once', () => {
    const state = new ClusterState({}, files)
    expect(keys(state)).toEqual(['v1/ConfigMap/istio-system/istio-sidecar-injector', 'v1/ConfigMap/istio-system/istio'])
    state.set(configured, meshConfig('a', {mesh: {type: 'linkerd', ...anchors}, environments: {x: {}, y: {}}}))
    state.set(configured, meshConfig('b', {mesh: {type: 'linkerd', ...anchors}}))
    expect(keys(state).slice(2)).toEqual(['apps/v1/ReplicaSet//', 'batch/v1/Job//'])
  })

  test('gives Consul the DNS of its own pod where the configuration has none', () => {
    const clusterDNS = {nameservers: ['10.0.0.10'], searches: ['svc.cluster.local'], options: []}
    const state = new ClusterState({mesh: 'consul', clusterDNS}, files)
    expect(state.judge().inForce?.findings.get('default') ?? []).toEqual([])
  })

  test('hears of namespaces and owners without preparing anything again', () => {
    const state = new ClusterState({}, files)
    const shop = {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'shop', labels: {a: 'b'}}}
    expect(state.set({kind: namespaces}, shop)).toBe(false)
    expect(state.cache.namespace('shop')).toEqual({name: 'shop', labels: {a: 'b'}, annotations: {}})
    expect(state.delete({kind: namespaces}, shop)).toBe(false)
    expect(state.cache.namespace('shop')).toBeUndefined()
  })
})
