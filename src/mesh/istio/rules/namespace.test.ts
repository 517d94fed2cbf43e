import {describe, expect, test} from 'vitest'
import {findingsOf, namespaceParts, objectsOf, outcomes, specOf} from './testing.ts'

const telemetry = (mesh: object) => specOf(namespaceParts(mesh), 'Telemetry')
const envoy = {sidecarImage: 'envoyproxy/envoy:v1.25.0'}

describe('mutual TLS', () => {
  test.each([
    [true, 'STRICT'],
    [false, 'DISABLE'],
  ])('%j is %s for the namespace', (mutualTLS, mode) => {
    const made = namespaceParts({security: {mutualTLS}})
    expect(objectsOf(made)).toEqual([
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: {namespace: 'shop', name: 'default'},
        spec: {mtls: {mode}},
      },
    ])
    expect(outcomes(made)).toEqual([])
  })

  test('of which nobody speaks is left to the mesh', () => {
    expect(namespaceParts({})).toEqual([])
  })

  test('a plain Envoy has no certificate, and never becomes ready while one is waited for', () => {
    const made = namespaceParts(envoy)
    expect(specOf(made, 'PeerAuthentication')).toEqual({mtls: {mode: 'DISABLE'}})
    expect(outcomes(made)).toEqual(['approximated MW6123 plaintext'])
  })

  test('outranks a plain Envoy', () => {
    expect(specOf(namespaceParts({...envoy, security: {mutualTLS: true}}), 'PeerAuthentication')).toEqual({
      mtls: {mode: 'STRICT'},
    })
  })
})

describe('metrics', () => {
  const providers = [{name: 'prometheus'}]
  const left = (metric: string) => ({match: {metric, mode: 'CLIENT_AND_SERVER'}, disabled: true})

  test('that the list leaves out are disabled', () => {
    const metrics = ['request_count', 'request_duration']
    expect(telemetry({telemetry: {metrics}})).toEqual({
      metrics: [{providers, overrides: [left('REQUEST_SIZE'), left('RESPONSE_SIZE')]}],
    })
  })

  test('that are all listed stay as they are', () => {
    const metrics = ['response_size', 'request_count', 'request_duration', 'request_size']
    expect(telemetry({telemetry: {metrics}})).toEqual({metrics: [{providers}]})
  })

  test('off are all off', () => {
    expect(telemetry({telemetry: {enabled: false, metrics: ['request_count']}})).toEqual({
      metrics: [{providers, overrides: [left('ALL_METRICS')]}],
    })
  })

  test('go where the mesh config has them go', () => {
    const meshConfig = {defaultProviders: {metrics: ['prometheus', 'stackdriver']}}
    expect(telemetry({telemetry: {enabled: true}, istio: {meshConfig}})).toEqual({
      metrics: [{providers: [{name: 'prometheus'}, {name: 'stackdriver'}]}],
    })
  })

  test('of a plain Envoy are its own', () => {
    expect(outcomes(namespaceParts({...envoy, telemetry: {metrics: ['request_count']}}))).toContain(
      'ignored MW6126 metrics-list',
    )
  })
})

describe('traces', () => {
  const otel = {name: 'otel', opentelemetry: {service: 'otel.observability.svc.cluster.local', port: 4317}}
  const known = {istio: {meshConfig: {extensionProviders: [otel]}}}
  const endpoint = 'otel.observability:4317'

  test.each([
    [0.1, 10],
    [0.07, 7],
    [0, 0],
    [1, 100],
  ])('a share of %d is %d percent', (samplingRate, randomSamplingPercentage) => {
    expect(telemetry({telemetry: {samplingRate}})).toEqual({tracing: [{randomSamplingPercentage}]})
  })

  test('go to the provider that the mesh config has for the collector', () => {
    const made = namespaceParts({...known, tracing: {enabled: true, endpoint}, telemetry: {samplingRate: 0.5}})
    expect(specOf(made, 'Telemetry')).toEqual({
      tracing: [{providers: [{name: 'otel'}], randomSamplingPercentage: 50}],
    })
    expect(outcomes(made)).toEqual([])
  })

  test('go nowhere without one, and the finding says what to put there', () => {
    const made = namespaceParts({tracing: {endpoint}})
    expect(specOf(made, 'Telemetry')).toBeUndefined()
    expect(findingsOf(made)).toEqual([
      {
        kind: 'approximated',
        code: 'MW6124',
        feature: 'tracing',
        origin: expect.objectContaining({path: 'mesh.tracing.endpoint'}),
        message:
          "no traces go there until Istio's mesh config has it: " +
          'extensionProviders: [{name: traces, opentelemetry: {service: otel.observability.svc.cluster.local, port: 4317}}]',
      },
    ])
  })

  test('that are switched on need a collector', () => {
    expect(outcomes(namespaceParts({tracing: {enabled: true}}))).toEqual(['approximated MW6124 tracing'])
    const byDefault = {istio: {meshConfig: {...known.istio.meshConfig, defaultProviders: {tracing: ['otel']}}}}
    expect(outcomes(namespaceParts({...byDefault, tracing: {enabled: true}}))).toEqual([])
  })

  test('of a mesh whose collector stands in defaultConfig are left alone: a Telemetry would put an end to them', () => {
    const legacy = {istio: {meshConfig: {defaultConfig: {tracing: {zipkin: {address: 'zipkin.istio-system:9411'}}}}}}
    const made = namespaceParts({
      ...legacy,
      telemetry: {samplingRate: 0.5},
      tracing: {enabled: true, endpoint: 'zipkin.istio-system:9411'},
    })
    expect(objectsOf(made)).toEqual([])
    expect(outcomes(made)).toEqual([])
  })

  test('of a plain Envoy go by its bootstrap', () => {
    const made = namespaceParts({...envoy, telemetry: {samplingRate: 0.5}, tracing: {endpoint}})
    expect(specOf(made, 'Telemetry')).toBeUndefined()
    expect(outcomes(made)).toEqual(['approximated MW6123 plaintext'])
  })

  test('switched off are not reported', () => {
    expect(telemetry({tracing: {enabled: false, endpoint}, telemetry: {samplingRate: 0.5}})).toEqual({
      tracing: [{disableSpanReporting: true}],
    })
  })
})

describe('the access log', () => {
  const log = (accessLogFile: string, meshConfig: object = {}) =>
    namespaceParts({sidecar: {proxy: {config: {accessLogFile}}}, istio: {meshConfig}})
  const file = '/var/log/access.log'

  test('on standard output is the provider envoy', () => {
    expect(specOf(log('/dev/stdout'), 'Telemetry')).toEqual({accessLogging: [{providers: [{name: 'envoy'}]}]})
  })

  test('in a file needs a provider of the mesh config', () => {
    const made = log(file)
    expect(objectsOf(made)).toEqual([])
    expect(findingsOf(made)).toEqual([
      expect.objectContaining({
        kind: 'ignored',
        code: 'MW6125',
        feature: 'access-log-file',
        message:
          "nothing is written there until Istio's mesh config has it: " +
          'extensionProviders: [{name: access-log, envoyFileAccessLog: {path: "/var/log/access.log"}}]',
      }),
    ])
  })

  test('is named where the mesh config has it', () => {
    const made = log(file, {extensionProviders: [{name: 'file', envoyFileAccessLog: {path: file}}]})
    expect(specOf(made, 'Telemetry')).toEqual({accessLogging: [{providers: [{name: 'file'}]}]})
    expect(outcomes(made)).toEqual([])
  })

  test('that the mesh config has every proxy write needs nothing', () => {
    expect(objectsOf(log(file, {accessLogFile: file}))).toEqual([])
    expect(outcomes(log(file, {accessLogFile: file}))).toEqual([])
  })
})

test('all of it is one Telemetry: of several Istio heeds the oldest', () => {
  const made = namespaceParts({
    telemetry: {enabled: true, samplingRate: 0.1, metrics: ['request_count']},
    sidecar: {proxy: {config: {accessLogFile: '/dev/stdout'}}},
  })
  expect(objectsOf(made)).toMatchObject([
    {
      kind: 'Telemetry',
      metadata: {namespace: 'shop', name: 'default'},
      spec: {metrics: [{}], tracing: [{}], accessLogging: [{}]},
    },
  ])
})

test('service discovery is neither switched nor timed', () => {
  expect(outcomes(namespaceParts({serviceDiscovery: {enabled: false, healthCheckInterval: '10s'}}))).toEqual([
    'ignored MW6128 health-check',
    'ignored MW6130 registration',
  ])
  expect(namespaceParts({serviceDiscovery: {enabled: true}})).toEqual([])
})
