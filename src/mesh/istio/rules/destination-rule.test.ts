import {describe, expect, test} from 'vitest'
import type {Breaker} from '../../../intent/intent.ts'
import {at, factsOf, httpPort, intentOf, outcomes, serviceParts, specOf, subset, trafficOf} from './testing.ts'

const breaker: Breaker = {threshold: 5, timeout: 30_000, recovery: 60_000, origin: at('circuitBreaker')}
const parts = (more: Partial<Parameters<typeof trafficOf>[0]>, intent: object = {}, mesh: object = {}) =>
  serviceParts(intentOf({traffic: trafficOf(more), ...intent}), mesh)
const host = 'orders.shop.svc.cluster.local'

test('versions are subsets by the labels of their pods, in order, under names that Istio takes', () => {
  const spec = specOf(parts({subsets: [subset('v2'), subset('v1.1.0')]}), 'DestinationRule')
  expect(spec).toEqual({
    host,
    subsets: [
      {name: 'v1-1-0', labels: {version: 'v1.1.0'}},
      {name: 'v2', labels: {version: 'v2'}},
    ],
  })
})

describe('a breaker', () => {
  test('ejects endpoints, all of them if need be, and nobody is sent to another zone for it', () => {
    expect(specOf(parts({breaker}), 'DestinationRule')).toEqual({
      host,
      trafficPolicy: {
        outlierDetection: {
          consecutive5xxErrors: 5,
          interval: '10s',
          baseEjectionTime: '30s',
          maxEjectionPercent: 100,
          minHealthPercent: 0,
        },
        loadBalancer: {localityLbSetting: {enabled: false}},
      },
    })
  })

  test('that is shorter than a sweep sweeps as often', () => {
    const spec = specOf(parts({breaker: {...breaker, timeout: 1500}}), 'DestinationRule')
    expect(spec).toMatchObject({trafficPolicy: {outlierDetection: {interval: '1500ms', baseEjectionTime: '1500ms'}}})
  })

  test.each([
    [{}, {istio: {meshConfig: {localityLbSetting: {enabled: true}}}}],
    [{facts: factsOf({trafficDistribution: 'PreferClose'})}, {}],
    [{facts: factsOf({annotations: {'networking.istio.io/traffic-distribution': 'PreferClose'}})}, {}],
  ])('leaves alone how somebody chose to prefer near endpoints: %j %j', (intent, mesh) => {
    const spec = specOf(parts({breaker}, intent, mesh), 'DestinationRule')
    expect(spec?.['trafficPolicy']).toHaveProperty('outlierDetection')
    expect(spec?.['trafficPolicy']).not.toHaveProperty('loadBalancer')
  })

  test.each([
    [30_000, 60_000, ['approximated MW6101 circuit-breaker-recovery']],
    [30_000, 300_000, []],
    [600_000, 600_000, []],
    [600_000, 900_000, ['approximated MW6101 circuit-breaker-recovery']],
  ])('first ejected for %i ms and at most for %i ms', (timeout, recovery, expected) => {
    expect(outcomes(parts({breaker: {...breaker, timeout, recovery}}))).toEqual(expected)
  })

  test('on bytes counts connections only', () => {
    const exact = {...breaker, recovery: 300_000}
    const facts = factsOf({ports: [{...httpPort, name: 'tcp-db'}]})
    expect(outcomes(parts({breaker: exact}, {facts}))).toEqual(['approximated MW6102 circuit-breaker'])
    expect(outcomes(parts({breaker: exact}, {protocol: 'tcp'}))).toEqual(['approximated MW6102 circuit-breaker'])
  })

  test('of a headless Service is refused', () => {
    const exact = {...breaker, recovery: 300_000}
    expect(outcomes(parts({breaker: exact}, {facts: factsOf({headless: true})}))).toEqual([
      'refused MW6103 circuit-breaker',
    ])
  })
})

describe('where clients do not choose mutual TLS by themselves', () => {
  const mesh = {security: {mutualTLS: true}, istio: {meshConfig: {enableAutoMtls: false}}}
  const mutualTLS = {value: true, origin: at('mutualTLS')}

  test('every service has a rule that tells them', () => {
    expect(specOf(serviceParts(intentOf({mutualTLS}), mesh), 'DestinationRule')).toEqual({
      host,
      trafficPolicy: {tls: {mode: 'ISTIO_MUTUAL'}},
    })
    expect(serviceParts(intentOf({mutualTLS}), {security: {mutualTLS: true}})).toEqual([])
  })

  test('beside what else the rule says, in whatever words', () => {
    const tls = {mode: 'ISTIO_MUTUAL'}
    expect(specOf(parts({subsets: [subset('v1')]}, {mutualTLS}, mesh), 'DestinationRule')).toMatchObject({
      trafficPolicy: {tls},
      subsets: [{name: 'v1'}],
    })
    const destinationRule = {host, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}
    expect(specOf(parts({istio: {destinationRule}}, {mutualTLS}, mesh), 'DestinationRule')).toEqual({
      host,
      trafficPolicy: {tls, connectionPool: {tcp: {maxConnections: 1}}},
    })
  })
})
