import {expect, test} from 'vitest'
import type {KubeObject} from '../mesh/pod.ts'
import {askedAt} from './asked.ts'
import {meshConfig, service, worldOf} from './testing.ts'
import type {World} from './world.ts'

const orders = service('orders')

test.each([
  [{timeout: 'soon'}, 'timeout'],
  [{retries: {attempts: 99}}, 'retries'],
  [{retries: {attempts: 1, perTryTimeout: 'soon'}}, 'per-try-timeout'],
  [{retries: {attempts: 1, on: ['bad-luck']}}, 'retry-conditions'],
  [{circuitBreaker: {threshold: 0}}, 'circuit-breaker'],
  [{circuitBreaker: {threshold: 5, recovery: 'late'}}, 'circuit-breaker-recovery'],
  [{versions: [{name: ''}]}, 'subsets'],
  [{canary: {version: 'v2', percent: 101}}, 'canary'],
  [{split: [{version: 'v1', weight: 60}]}, 'split'],
  [{routes: [{match: {path: 'orders'}}]}, 'route-path-exact'],
  [{routes: [{match: {pathPrefix: 'orders'}}]}, 'route-path-prefix'],
  [{routes: [{match: {pathRegex: '('}}]}, 'route-path-regex'],
  [{routes: [{match: {method: 'get'}}]}, 'route-method'],
  [{routes: [{match: {headers: {'x-user': {exact: ''}}}}]}, 'route-header'],
  [{routes: [{match: {headers: {'x-user': {regex: '('}}}}]}, 'route-header-regex'],
  [{routes: [{match: {method: 'GET'}, timeout: 'soon'}]}, 'timeout'],
  [{circuitBreaker: {threshold: 5}, sorrow: true}, 'circuit-breaker'],
])('what is wrong with a TrafficPolicy %j is told of %s', (spec, feature) => {
  expect(featuresOf(worldOf([orders, policy('TrafficPolicy', {service: 'orders', ...spec})]))).toEqual([feature])
})

test.each([
  [{action: 'DENY', from: [{}]}, 'deny'],
  [{action: 'ALLOW', from: [{service: 'A'}]}, 'allow-service'],
  [{action: 'ALLOW', from: [{namespace: 'A'}]}, 'allow-namespace'],
  [{action: 'ALLOW', methods: ['get']}, 'access-method'],
  [{action: 'ALLOW', paths: ['orders']}, 'access-path'],
])('what is wrong with an AccessPolicy %j is told of %s', (spec, feature) => {
  const found = featuresOf(worldOf([orders, policy('AccessPolicy', {destination: 'orders', ...spec})]))
  expect(found).toEqual([feature])
})

test.each([
  [{port: 0}, 'registration'],
  [{port: 80, versions: [{name: ''}]}, 'registration-versions'],
  [{port: 80, tags: ['']}, 'tags'],
  [{port: 80, metadata: {team: 1}}, 'metadata'],
  [{port: 80, healthCheck: {interval: 'often'}}, 'health-check'],
])('what is wrong with a MeshService %j is told of %s', (spec, feature) => {
  expect(featuresOf(worldOf([orders, policy('MeshService', spec)]))).toEqual([feature])
})

test.each([
  ['TrafficPolicy', {service: 'orders', namespace: 'shop', timeout: '1s'}, 'timeout'],
  ['TrafficPolicy', {service: 'orders', namespace: 'shop', circuitBreaker: {threshold: 5}}, 'circuit-breaker'],
  ['AccessPolicy', {destination: 'orders', namespace: 'shop', action: 'DENY', from: [{service: 'users'}]}, 'deny'],
  [
    'AccessPolicy',
    {destination: 'orders', namespace: 'shop', action: 'ALLOW', from: [{namespace: 'bank'}]},
    'allow-namespace',
  ],
])('a %s that no grant lets speak is told of what it asks for', (kind, spec, feature) => {
  expect(featuresOf(worldOf([orders, policy(kind, spec, 'bank')]))).toEqual([feature])
})

test.each([
  [{virtualServices: [{hosts: ['orders'], http: [{timeout: 'soon'}]}]}, 'timeout'],
  [{virtualServices: [{hosts: ['orders'], http: [{retries: {attempts: 'some'}}]}]}, 'retries'],
  [
    {destinationRules: [{host: 'orders', trafficPolicy: {outlierDetection: {baseEjectionTime: 'late'}}}]},
    'circuit-breaker',
  ],
  [{destinationRules: [{host: 'orders', trafficPolicy: 'strict'}]}, 'istio-words'],
])("what is wrong with Istio's own words %j is told of %s", (trafficManagement, feature) => {
  const world = worldOf([service('orders', {}, {namespace: 'default'}), meshConfig({mesh: {trafficManagement}})])
  expect(featuresOf(world, 'default/orders')).toEqual([feature])
})

test('a place that no feature is about is that of none', () => {
  expect(askedAt('TrafficPolicy', ['service'])).toBeUndefined()
})

function policy(kind: string, spec: object, namespace = 'shop'): KubeObject {
  return {apiVersion: 'meshwright.dev/v1alpha1', kind, metadata: {namespace, name: 'orders'}, spec}
}

function featuresOf(world: World, name = 'shop/orders'): readonly string[] {
  return [...new Set(world.intentOf(`service/${name}`).problems.map(({feature}) => feature))]
}
