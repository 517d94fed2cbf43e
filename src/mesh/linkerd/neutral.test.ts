import {describe, expect, test} from 'vitest'
import type {Values} from '../values.ts'
import {containerOf, injected, injectorOf, podOf, subjectOf, variableOf} from './testing.ts'

const inject = (mesh: object, values: Values = {}) => injected(injectorOf(mesh, values).inject(subjectOf(podOf())))
const findings = (mesh: object, values: Values = {}) =>
  injectorOf(mesh, values).findings.map(({kind, key}) => `${kind} ${key}`)

function config(accessLogFile: string) {
  return {sidecar: {proxy: {config: {accessLogFile}}}}
}

describe('sidecarImage', () => {
  test.each([
    ['ghcr.io/acme/proxy:v1', 'ghcr.io/acme/proxy:v1'],
    ['localhost:5000/proxy', 'localhost:5000/proxy:edge-26.7.1'],
    ['ghcr.io/acme/proxy@sha256:abc', 'ghcr.io/acme/proxy@sha256:abc'],
    ['ghcr.io/acme/my-envoy:v1', 'ghcr.io/acme/my-envoy:v1'],
  ])('%s is used in the place of the proxy', (sidecarImage, image) => {
    const pod = inject({sidecarImage}, {proxy: {image: {name: 'other'}}})
    expect(containerOf(pod, 'linkerd-proxy').image).toBe(image)
    expect(containerOf(pod, 'linkerd-init').image).toBe(image)
  })

  test.each(['envoy', 'envoyproxy/envoy:v1.25.0', 'r:5000/envoy@sha256:abc'])('%s cannot be', (sidecarImage) => {
    expect(containerOf(inject({sidecarImage}), 'linkerd-proxy').image).toBe('cr.l5d.io/linkerd/proxy:edge-26.7.1')
    expect(findings({sidecarImage})).toEqual(['replaced mesh.sidecarImage'])
  })
})

test('resources are merged key by key over the values', () => {
  const pod = inject(
    {sidecar: {resources: {limits: {cpu: '500m'}, requests: {memory: '128Mi'}}}},
    {proxy: {resources: {cpu: {request: '100m', limit: '1'}}}},
  )
  expect(containerOf(pod, 'linkerd-proxy').resources).toEqual({
    limits: {cpu: '500m'},
    requests: {cpu: '100m', memory: '128Mi'},
  })
})

describe('the access log', () => {
  test('on stdout is the proxy’s own, in the format of the values where they have one', () => {
    expect(variableOf(inject(config('/dev/stdout')), 'ACCESS_LOG')).toBe('apache')
    expect(variableOf(inject(config('/dev/stdout'), {proxy: {accessLog: 'json'}}), 'ACCESS_LOG')).toBe('json')
    expect(findings(config('/dev/stdout'))).toEqual(['approximated mesh.sidecar.proxy.config.accessLogFile'])
  })

  test('elsewhere is none', () => {
    expect(variableOf(inject(config('/var/log/a')), 'ACCESS_LOG')).toBeUndefined()
    expect(findings(config('/var/log/a'))).toEqual(['ignored mesh.sidecar.proxy.config.accessLogFile'])
  })
})

describe('tracing', () => {
  test('takes the collector’s identity from the values, or from its address', () => {
    const tracing = {enabled: true, endpoint: 'otel.tracing.svc.cluster.local:4317'}
    expect(variableOf(inject({tracing}), 'TRACE_COLLECTOR_SVC_NAME')).toMatch(/^otel\.tracing\.serviceaccount\./)
    expect(findings({tracing})).toEqual(['approximated mesh.tracing.endpoint'])
    const values = {proxy: {tracing: {collector: {meshIdentity: {serviceAccountName: 'a', namespace: 'b'}}}}}
    expect(variableOf(inject({tracing}, values), 'TRACE_COLLECTOR_SVC_NAME')).toMatch(/^a\.b\./)
    expect(findings({tracing}, values)).toEqual([])
  })

  test.each([
    ['no collector', {enabled: true}],
    ['a collector that tells no identity', {enabled: true, endpoint: '10.0.0.1:4317'}],
  ])('is off with %s', (_, tracing) => {
    expect(variableOf(inject({tracing}), 'TRACE_PROTOCOL')).toBeUndefined()
    expect(findings({tracing})).toEqual(['ignored mesh.tracing.enabled'])
  })

  test('that the user switched off is off whatever the values say', () => {
    const collector = {endpoint: 'c.t:1', meshIdentity: {serviceAccountName: 'a', namespace: 'b'}}
    const pod = inject({tracing: {enabled: false}}, {proxy: {tracing: {enabled: true, collector}}})
    expect(variableOf(pod, 'TRACE_PROTOCOL')).toBeUndefined()
  })
})

test('every key that Linkerd has nothing for is named', () => {
  expect(
    findings({
      sidecar: {proxy: {config: {statNameLength: 189, enableProfiling: false}}},
      telemetry: {enabled: false, metrics: ['request_count'], samplingRate: 0.1},
      controlPlane: {address: 'a', port: 15010},
      serviceDiscovery: {enabled: false, healthCheckInterval: '10s'},
      security: {mutualTLS: false},
    }),
  ).toEqual([
    'ignored mesh.sidecar.proxy.config.statNameLength',
    'ignored mesh.sidecar.proxy.config.enableProfiling',
    'ignored mesh.telemetry.enabled',
    'ignored mesh.telemetry.metrics',
    'ignored mesh.telemetry.samplingRate',
    'ignored mesh.controlPlane.address',
    'ignored mesh.controlPlane.port',
    'ignored mesh.serviceDiscovery.enabled',
    'ignored mesh.serviceDiscovery.healthCheckInterval',
    'ignored mesh.security.mutualTLS',
  ])
})

test('what the controller sees to is no finding', () => {
  expect(
    findings({trafficManagement: {enableBypass: true}, security: {mutualTLS: true}, telemetry: {enabled: true}}),
  ).toEqual([])
})
