import {describe, expect, test} from 'vitest'
import {defaultProxyConfig, overProxyConfig, printProxyConfig, readProxyConfig} from './proxy-config.ts'
import type {ProtoJson} from './proto.ts'

function read(value: unknown): ProtoJson {
  const decoded = readProxyConfig(value)
  if (!decoded.ok) throw new Error(decoded.message)
  return decoded.value
}

function printed(...layers: readonly unknown[]): string {
  return printProxyConfig(
    layers.reduce<ProtoJson>((base, layer) => overProxyConfig(base, read(layer)), defaultProxyConfig),
  )
}

describe('PROXY_CONFIG', () => {
  test('leaves out what is as in the code', () => {
    expect(printed({drainDuration: '45s', statusPort: 15020, concurrency: null})).toBe('{}\n')
  })

  test('keeps the order of the .proto file, and zeros that are set on purpose', () => {
    expect(printed({image: {imageType: 'debug'}, concurrency: 0, meshId: 'm', tracing: {}})).toBe(
      '{"concurrency":0,"tracing":{},"meshId":"m","image":{"imageType":"debug"}}\n',
    )
  })

  test.each<[string, unknown, string]>([
    ['durations are canonical', {terminationDrainDuration: '1m0.5s'}, '{"terminationDrainDuration":"60.500s"}\n'],
    [
      '64-bit numbers are text',
      {tracing: {stackdriver: {maxNumberOfAttributes: 5}}},
      '{"tracing":{"stackdriver":{"maxNumberOfAttributes":"5"}}}\n',
    ],
    ['enums may be numbers', {interceptionMode: 1}, '{"interceptionMode":"TPROXY"}\n'],
    ['unknown enums keep their number', {interceptionMode: 7}, '{"interceptionMode":7}\n'],
    ['the .proto’s own names are read', {stat_name_length: 10}, '{"statNameLength":10}\n'],
    ['quoted numbers are read', {concurrency: '3'}, '{"concurrency":3}\n'],
    ['unknown fields are dropped', {nope: 1}, '{}\n'],
    [
      'the last of a oneof wins',
      {serviceCluster: 'a', tracingServiceName: 'APP_LABEL_AND_NAMESPACE'},
      '{"tracingServiceName":"APP_LABEL_AND_NAMESPACE"}\n',
    ],
    [
      'angle brackets are escaped as in Go',
      {caCertificatesPem: ['<a>']},
      '{"caCertificatesPem":["\\u003ca\\u003e"]}\n',
    ],
  ])('%s', (_, layer, text) => {
    expect(printed(layer)).toBe(text)
  })
})

describe('layers', () => {
  test('metadata merges by key, other fields are replaced', () => {
    expect(
      printed(
        {proxyMetadata: {A: '1', B: '2'}, tracing: {sampling: 5, zipkin: {address: 'z:1'}}},
        {proxyMetadata: {B: '3'}, tracing: {sampling: 9}},
      ),
    ).toBe('{"tracing":{"sampling":9},"proxyMetadata":{"A":"1","B":"3"}}\n')
  })

  test('headers keep what the upper layer does not say', () => {
    expect(
      printed(
        {proxyHeaders: {forwardedClientCert: 'SANITIZE', server: {disabled: true}}},
        {proxyHeaders: {requestId: {disabled: true}}},
      ),
    ).toBe(
      '{"proxyHeaders":{"forwardedClientCert":"SANITIZE","requestId":{"disabled":true},"server":{"disabled":true}}}\n',
    )
  })

  test('a zero of the upper layer does not count', () => {
    expect(
      printed({interceptionMode: 'TPROXY', statNameLength: 9}, {interceptionMode: 'REDIRECT', statNameLength: 0}),
    ).toBe('{"statNameLength":9,"interceptionMode":"TPROXY"}\n')
  })
})

describe('what istiod refuses is refused', () => {
  test.each<[unknown, string]>([
    [{drainDuration: '0.5s'}, 'drainDuration'],
    [{drainDuration: 1}, 'drainDuration'],
    [{discoveryAddress: 'istiod'}, 'discoveryAddress'],
    [{discoveryAddress: 'a.b:70000'}, 'discoveryAddress'],
    [{discoveryAddress: ''}, 'discoveryAddress'],
    [{proxyAdminPort: 0}, 'proxyAdminPort'],
    [{statusPort: 70000}, 'statusPort'],
    [{proxyMetadata: {A: 1}}, 'proxyMetadata: A'],
    [{concurrency: 'many'}, 'concurrency'],
    [{interceptionMode: 'SOME'}, 'none of REDIRECT, TPROXY, NONE'],
    [{controlPlaneAuthPolicy: 'INHERIT'}, 'controlPlaneAuthPolicy'],
    [{tracing: {zipkin: {address: 'z'}}}, 'tracing.zipkin.address'],
    [{privateKeyProvider: {}}, 'privateKeyProvider'],
    [{connectionSettings: {httpMaxConcurrentStreams: 0}}, 'httpMaxConcurrentStreams'],
    ['text', 'a map is expected'],
  ])('%j', (layer, message) => {
    const decoded = readProxyConfig(layer)
    expect(decoded.ok ? '' : decoded.message).toContain(message)
  })
})
