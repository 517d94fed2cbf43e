import {describe, expect, test} from 'vitest'
import type {Values} from '../values.ts'
import {containerOf, injected, injectorOf, podOf, resolve, subjectOf, variableOf} from './testing.ts'

const inject = (values: Values) => injected(injectorOf({}, values).inject(subjectOf(podOf())))

function hashOf(values: Values): string | undefined {
  return inject(values).metadata.annotations?.['linkerd.io/trust-root-sha256']
}

describe('values are read as Linkerd reads them', () => {
  test.each<[string, Values, string, string | undefined]>([
    ['a number for a text', {proxy: {logLevel: 5}}, 'LOG', '5,[{headers}]=off,[{request}]=off'],
    ['null for the empty text', {proxy: {inboundConnectTimeout: null}}, 'INBOUND_CONNECT_TIMEOUT', undefined],
    [
      'parameters by their keys',
      {proxy: {inbound: {server: {http2: {maxStreams: 1000000}}}}},
      'INBOUND_SERVER_HTTP2_MAX_STREAMS',
      '1000000',
    ],
    ['null for no parameters', {proxy: {inbound: null}}, 'INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL', undefined],
    ['cores over workers', {proxy: {cores: 4, runtime: {workers: {maximum: 6}}}}, 'CORES_MAX', undefined],
    ['no worker at all', {proxy: {runtime: {workers: {minimum: 0}}}}, 'CORES', undefined],
    ['a whole ratio', {proxy: {runtime: {workers: {maximumCPURatio: 1.0}}}}, 'CORES_MAX_RATIO', '1'],
    ['IPv6', {disableIPv6: false}, 'OUTBOUND_LISTEN_ADDRS', '127.0.0.1:4140,[::1]:4140'],
  ])('%s', (_, values, name, expected) => {
    expect(variableOf(inject(values), name)).toBe(expected)
  })

  test('linkerd-init never runs as root by its user id alone', () => {
    const init = containerOf(inject({proxyInit: {runAsUser: 0, runAsGroup: 0}}), 'linkerd-init')
    expect(init.securityContext).toMatchObject({runAsUser: 65534, runAsGroup: 65534, runAsNonRoot: true})
  })
})

describe('values that Linkerd cannot work with are a problem with a path', () => {
  test.each<[Values, string]>([
    [{proxy: {uid: '2102'}}, 'proxy.uid'],
    [{proxy: {await: 'yes'}}, 'proxy.await'],
    [{proxy: {image: null}}, 'proxy.image'],
    [{proxy: {ports: {admin: 70000}}}, 'proxy.ports.admin'],
    [{proxy: {logHTTPHeaders: 'on'}}, 'proxy.logHTTPHeaders'],
    [{proxy: {resources: {cpu: {limit: 'lots'}}}}, 'proxy.resources.cpu.limit'],
    [{proxy: {inbound: {server: 'x'}}}, 'proxy.inbound.server'],
    [{proxy: {additionalEnv: [{name: 1}]}}, 'proxy.additionalEnv'],
    [{proxy: {tracing: {enabled: true}}}, 'proxy.tracing.collector.endpoint'],
    [{proxyInit: {iptablesMode: ''}}, 'proxyInit.iptablesMode'],
    [{proxyInit: {closeWaitTimeoutSecs: 90}}, 'proxyInit.closeWaitTimeoutSecs'],
    [{clusterNetworks: '10.0.0.0/8, 10.1.0.0/16'}, 'clusterNetworks'],
    [
      {proxyInjector: {objectSelector: {matchExpressions: [{key: 'a', operator: 'Is'}]}}},
      'proxyInjector.objectSelector.matchExpressions.0',
    ],
  ])('%j', (values, path) => {
    const resolution = resolve({}, values)
    const paths = resolution.ok ? [] : resolution.problems.map((problem) => problem.path.join('.'))
    expect(paths).toContain(`mesh.linkerd.values.${path}`)
  })

  test('but not where nothing reads them', () => {
    expect(resolve({}, {cniEnabled: true, proxyInit: {iptablesMode: 'x', closeWaitTimeoutSecs: 90}}).ok).toBe(true)
    expect(resolve({}, {clusterNetworks: ',10.0.0.0/8,'}).ok).toBe(true)
  })
})

describe('the trust anchors', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'

  test('are hashed and handed on trimmed, unless they come from elsewhere', () => {
    const padded = `\n\n${pem}\n\n`
    expect(hashOf({identityTrustAnchorsPEM: padded})).toBe(hashOf({identityTrustAnchorsPEM: pem}))
    expect(variableOf(inject({identityTrustAnchorsPEM: padded}), 'IDENTITY_TRUST_ANCHORS')).toBe(`${pem}\n`)
    expect(hashOf({identityTrustAnchorsPEM: padded, identity: {externalCA: true}})).not.toBe(
      hashOf({identityTrustAnchorsPEM: pem}),
    )
  })

  test('are missed where there are none', () => {
    const injector = injectorOf({}, {identityTrustAnchorsPEM: ''})
    expect(injector.findings.map(({key}) => key)).toEqual(['mesh.linkerd.values.identityTrustAnchorsPEM'])
    expect(injected(injector.inject(subjectOf(podOf()))).metadata.annotations).not.toHaveProperty(
      'linkerd.io/trust-root-sha256',
    )
  })
})
