import {expect, test} from 'vitest'
import type {Traffic} from '../../../intent/intent.ts'
import {intentOf, serviceParts, specOf, subset, trafficOf} from './testing.ts'

const host = 'orders.shop.svc.cluster.local'
const mesh = {injectionNamespace: 'shop'}
const parts = (istio: NonNullable<Traffic['istio']>, versions: readonly string[] = []) =>
  serviceParts(intentOf({traffic: trafficOf({istio, subsets: versions.map(subset)})}), mesh)

test('specs pass as they stand', () => {
  const destinationRule = {
    host,
    trafficPolicy: {connectionPool: {http: {http2MaxRequests: 100}}, loadBalancer: {simple: 'LEAST_REQUEST'}},
    subsets: [{name: 'v1', labels: {version: 'v1'}, trafficPolicy: {tls: {mode: 'DISABLE'}}}],
    exportTo: ['.'],
  }
  const virtualService = {
    hosts: [host],
    gateways: ['mesh', 'shop/edge'],
    http: [
      {
        name: 'all',
        match: [{uri: {prefix: '/api'}, sourceNamespace: 'front'}],
        fault: {abort: {httpStatus: 503, percentage: {value: 1}}},
        mirror: {host, subset: 'v1'},
        route: [
          {destination: {host, subset: 'v1'}, weight: 3},
          {destination: {host: 'api.example.com'}, weight: 1},
        ],
      },
    ],
  }
  const made = parts({destinationRule, virtualService}, ['v1'])
  expect(specOf(made, 'DestinationRule')).toEqual(destinationRule)
  expect(specOf(made, 'VirtualService')).toEqual(virtualService)
})

test('hosts become whole: Istio would take orders.shop for a host outside the cluster', () => {
  const destination = (name: string) => [{destination: {host: name}}]
  const virtualService = {
    hosts: ['orders.shop', 'shop.example.com'],
    http: [
      {route: destination('orders')},
      {route: destination('orders.shop')},
      {route: destination('orders.shop.svc')},
      {route: destination('web.front.svc')},
      {route: destination('example.com')},
    ],
    tcp: [{route: destination('orders')}],
  }
  const spec = specOf(parts({destinationRule: {host: 'orders'}, virtualService}), 'VirtualService')
  expect(spec).toEqual({
    hosts: [host, 'shop.example.com'],
    http: [host, host, host, 'web.front.svc.cluster.local', 'example.com'].map((name) => ({route: destination(name)})),
    tcp: [{route: destination(host)}],
  })
})

test('one that names several services is made for each, about that one', () => {
  const virtualService = {hosts: [host, 'users.shop.svc.cluster.local', '*.example.com'], http: []}
  expect(specOf(parts({virtualService}), 'VirtualService')).toEqual({hosts: [host, '*.example.com'], http: []})
})

test('names of subsets become legal on both sides', () => {
  const made = parts(
    {
      destinationRule: {
        host,
        subsets: [
          {name: 'v1.1', labels: {version: 'v1.1'}},
          {name: 'v1-1', labels: {}},
        ],
      },
      virtualService: {
        hosts: [host],
        http: [
          {
            route: [{destination: {host, subset: 'v1.1'}}, {destination: {host, subset: 'v1-1'}}],
            mirrors: [{destination: {host: 'users', subset: '2.0'}, percentage: {value: 5}}],
          },
        ],
      },
    },
    ['v1.1', 'v1-1'],
  )
  const hashed = expect.stringMatching(/^v1-1-[0-9a-f]{8}$/)
  expect(specOf(made, 'DestinationRule')).toMatchObject({subsets: [{name: hashed}, {name: 'v1-1'}]})
  expect(specOf(made, 'VirtualService')).toMatchObject({
    http: [
      {
        route: [{destination: {subset: hashed}}, {destination: {subset: 'v1-1'}}],
        mirrors: [{destination: {host: 'users.shop.svc.cluster.local', subset: '2-0'}}],
      },
    ],
  })
})
