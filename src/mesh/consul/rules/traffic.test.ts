import {expect, test} from 'vitest'
import type {Route} from '../../../intent/intent.ts'
import {
  backend,
  facts,
  intent,
  match,
  objectsOf,
  origin,
  partOf,
  route,
  shop,
  specOf,
  subset,
  traffic,
  translator,
  verdicts,
  versioned,
} from './fixture.ts'

const pods = facts([versioned('v1'), versioned('v2')])
const versions = [subset('v1'), subset('v2')]
const service = (routes: readonly Route[], wishes: Parameters<typeof intent>[0] = {}, mesh = {}) =>
  translator(mesh).service(intent({facts: pods, traffic: traffic({subsets: versions, routes}), ...wishes}))
const canary = [backend('v1', 80), backend('v2', 20)]

test('weights are a splitter that sums to 100, over a resolver, under a protocol', () => {
  const parts = service([route({backends: canary})])
  expect(objectsOf(parts).map(({kind, metadata}) => `${kind} ${metadata?.namespace}/${metadata?.name}`)).toEqual([
    'ServiceDefaults shop/order-service',
    'ServiceResolver shop/order-service',
    'ServiceSplitter shop/order-service',
  ])
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'http'})
  expect(specOf(parts, 'ServiceSplitter')).toEqual({
    splits: [
      {weight: 80, serviceSubset: 'v1'},
      {weight: 20, serviceSubset: 'v2'},
    ],
  })
  expect(verdicts(parts)).toEqual([])
})

test('a version that is written without its v is the same version', () => {
  const parts = service([route({backends: [backend('1.0', 90), backend('v2', 10)]})], {
    traffic: traffic({
      subsets: [subset('v1.0'), subset('v2')],
      routes: [route({backends: [backend('1.0', 90), backend('v2', 10)]})],
    }),
  })
  expect(specOf(parts, 'ServiceSplitter')).toMatchObject({splits: [{serviceSubset: 'v1-0'}, {serviceSubset: 'v2'}]})
})

test('two shares of one version are one split', () => {
  const parts = service([route({backends: [backend('v1', 30), backend('v2', 50), backend('v1', 20)]})])
  expect(specOf(parts, 'ServiceSplitter')).toEqual({
    splits: [
      {weight: 50, serviceSubset: 'v1'},
      {weight: 50, serviceSubset: 'v2'},
    ],
  })
})

test('everything to one version is a route, not a split', () => {
  const parts = service([route({backends: [backend('v2')]})])
  expect(specOf(parts, 'ServiceSplitter')).toBeUndefined()
  expect(specOf(parts, 'ServiceRouter')).toEqual({routes: [{destination: {serviceSubset: 'v2'}}]})
})

test('a route to all pods of the service needs no router', () => {
  expect(objectsOf(service([route({})])).map(({kind}) => kind)).toEqual(['ServiceDefaults', 'ServiceResolver'])
})

test('a route of its own goes before the split', () => {
  const header = {name: 'x-user', kind: 'exact' as const, value: 'qa'}
  const parts = service([
    route({matches: [match({headers: [header]})], backends: [backend('v2')]}),
    route({backends: canary}),
  ])
  expect(specOf(parts, 'ServiceRouter')).toEqual({
    routes: [{match: {http: {header: [{name: 'x-user', exact: 'qa'}]}}, destination: {serviceSubset: 'v2'}}],
  })
  expect(specOf(parts, 'ServiceSplitter')).toBeDefined()
})

test('a route that shares as the rest does goes through the same splitter', () => {
  const parts = service([
    route({matches: [match({method: 'GET'})], backends: canary, timeout: 4000}),
    route({backends: canary}),
  ])
  expect(specOf(parts, 'ServiceRouter')).toEqual({
    routes: [{match: {http: {methods: ['GET']}}, destination: {requestTimeout: '4s'}}],
  })
})

test('other shares of one route are a splitter under a name that no Service can have', () => {
  const parts = service([
    route({matches: [match({method: 'GET'})], backends: [backend('v1', 50), backend('v2', 50)]}),
    route({backends: canary}),
  ])
  expect(specOf(parts, 'ServiceRouter')).toEqual({
    routes: [{match: {http: {methods: ['GET']}}, destination: {service: 'order-service.route-1'}}],
  })
  expect(specOf(parts, 'ServiceSplitter', 'order-service.route-1')).toEqual({
    splits: [
      {weight: 50, service: 'order-service', serviceSubset: 'v1'},
      {weight: 50, service: 'order-service', serviceSubset: 'v2'},
    ],
  })
})

test('all pods of a service that is split are a subset without a filter', () => {
  const parts = service([
    route({matches: [match({method: 'GET'})], backends: [backend()]}),
    route({matches: [match({method: 'PUT'})], backends: [backend(undefined, 60), backend('v1', 40)]}),
    route({backends: canary}),
  ])
  expect(specOf(parts, 'ServiceResolver')).toMatchObject({subsets: {all: {filter: ''}}})
  expect(specOf(parts, 'ServiceRouter')).toMatchObject({routes: [{destination: {serviceSubset: 'all'}}, {}]})
  expect(specOf(parts, 'ServiceSplitter', 'order-service.route-2')).toMatchObject({
    splits: [
      {weight: 60, service: 'order-service', serviceSubset: 'all'},
      {weight: 40, service: 'order-service', serviceSubset: 'v1'},
    ],
  })
})

test('a version that nobody has defined is refused', () => {
  const {objects, findings} = partOf(service([route({backends: [backend('v3')]})]), 'traffic')
  expect(objects).toEqual([])
  expect(findings).toMatchObject([{kind: 'refused', code: 'MW6308', feature: 'split'}])
})

test('a share of another service names it, and tells what it depends on', () => {
  const parts = service([route({backends: [backend('v1', 90), backend(undefined, 10, 'order-next')]})])
  expect(specOf(parts, 'ServiceSplitter')).toEqual({
    splits: [
      {weight: 90, serviceSubset: 'v1'},
      {weight: 10, service: 'order-next'},
    ],
  })
  expect(verdicts(parts)).toEqual(['approximated MW6309'])
})

test('a share of a service of the same name in another namespace is refused', () => {
  const routes = [route({backends: [backend('v1', 90), backend(undefined, 10, 'order-service', 'billing')]})]
  expect(verdicts(service(routes))).toContain('refused MW6301')
})

test("with Consul Enterprise's mirroring another namespace's service is named with its namespace", () => {
  const mesh = {consul: {values: {global: {enableConsulNamespaces: true}}}}
  const routes = [route({backends: [backend('v1', 90), backend(undefined, 10, 'order-service', 'billing')]})]
  expect(specOf(service(routes, {}, mesh), 'ServiceSplitter')).toMatchObject({
    splits: [{weight: 90}, {weight: 10, service: 'order-service', namespace: 'billing'}],
  })
})

test('tcp is not routed', () => {
  const parts = service([route({backends: canary})], {protocol: 'tcp'})
  expect(partOf(parts, 'traffic')).toMatchObject({objects: [], findings: [{kind: 'refused', code: 'MW6303'}]})
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'tcp'})
})

test('routes of a headless service are told to be passed by', () => {
  expect(verdicts(service([route({backends: canary})], {facts: {...pods, headless: true}}))).toEqual([
    'approximated MW6311',
  ])
})

test("a port that is not the service's only one is told to be lost", () => {
  const toPort = (port: number) => service([route({backends: [{...backend('v1'), port}]})])
  expect(verdicts(toPort(80))).toEqual([])
  expect(verdicts(toPort(9090))).toEqual(['approximated MW6310'])
})

test("what only Istio's words say is left out, and told", () => {
  const beyond = [{field: 'spec.http[0].mirror', origin: origin('mesh.trafficManagement.virtualServices[0]')}]
  const parts = service([], {traffic: traffic({beyond})})
  expect(partOf(parts, 'traffic').findings).toMatchObject([
    {
      kind: 'ignored',
      code: 'MW6370',
      feature: 'istio-words',
      message: "Consul has nothing for Istio's spec.http[0].mirror",
    },
  ])
})

test('a Service of another namespace with the same name refuses every part', () => {
  const parts = service([route({backends: canary})], {facts: {...pods, namesakes: ['billing']}})
  expect(objectsOf(parts)).toEqual([])
  expect(partOf(parts, 'traffic').findings).toMatchObject([{kind: 'refused', code: 'MW6301'}])
  expect(partOf(parts, 'defaults').findings).toMatchObject([{kind: 'refused', code: 'MW6301'}])
})

test('pods that register under another name refuse every part', () => {
  const renamed = {...versioned('v1'), annotations: {'consul.hashicorp.com/connect-service': 'orders'}}
  const parts = service([route({})], {facts: facts([renamed]), traffic: traffic({routes: [route({})]})})
  expect(objectsOf(parts)).toEqual([])
  expect(verdicts(parts)).toContain('refused MW6302')
})

test('a service that others send a share to has its protocol written, and no more', () => {
  expect(objectsOf(translator().service(intent({protocol: 'grpc'})))).toEqual([
    {
      apiVersion: 'consul.hashicorp.com/v1alpha1',
      kind: 'ServiceDefaults',
      metadata: {name: 'order-service', namespace: shop},
      spec: {protocol: 'grpc'},
    },
  ])
})
