import {describe, expect, test} from 'vitest'
import {containerOf, injected, injectorOf, podOf, problemsOf, subjectOf, variableOf, withValues} from './testing.ts'

function proxyOf(mesh: object) {
  return containerOf(injected(injectorOf(mesh).inject(subjectOf(podOf()))), 'istio-proxy')
}

describe('the chart’s layers', () => {
  test('a profile lies between the defaults and the user’s values', () => {
    const resources = {requests: {cpu: '7m'}}
    expect(proxyOf({istio: {values: {profile: 'demo'}}}).resources).toMatchObject({
      requests: {cpu: '10m', memory: '40Mi'},
    })
    expect(proxyOf({istio: {values: {profile: 'demo', global: {proxy: {resources}}}}}).resources).toMatchObject({
      requests: {cpu: '7m', memory: '40Mi'},
    })
  })

  test('what stands under pilot is laid over the top level', () => {
    const pod = injected(withValues({cni: {enabled: false}, pilot: {cni: {enabled: true}}}).inject(subjectOf(podOf())))
    expect(containerOf(pod, 'istio-validation').args).toContain('--run-validation')
  })

  test('null takes a resource away', () => {
    expect(proxyOf({istio: {values: {global: {proxy: {resources: {limits: {cpu: null}}}}}}}).resources).toMatchObject({
      limits: {memory: '1Gi'},
    })
  })

  test('mesh.istio.meshConfig lies over the values’ own', () => {
    const values = {meshConfig: {trustDomain: 'a.example', defaultConfig: {concurrency: 1}}}
    const pod = injected(
      injectorOf({istio: {values, meshConfig: {trustDomain: 'b.example'}}}).inject(subjectOf(podOf())),
    )
    expect(variableOf(pod, 'TRUST_DOMAIN')).toBe('b.example')
    expect(variableOf(pod, 'PROXY_CONFIG')).toBe('{"concurrency":1}\n')
  })
})

describe('the neutral keys', () => {
  test('resources merge by key over the chart’s', () => {
    expect(proxyOf({sidecar: {resources: {limits: {cpu: '500m'}}}}).resources).toEqual({
      limits: {cpu: '500m', memory: '1Gi'},
      requests: {cpu: '100m', memory: '128Mi'},
    })
  })

  test('a rate becomes per cent, exactly', () => {
    const pod = injected(injectorOf({telemetry: {samplingRate: 0.07}}).inject(subjectOf(podOf())))
    expect(variableOf(pod, 'PROXY_CONFIG')).toBe('{"tracing":{"sampling":7}}\n')
  })

  test('they win over the chart value that they stand for', () => {
    const mesh = {
      telemetry: {enabled: false},
      sidecar: {proxy: {config: {statNameLength: 200}}},
      istio: {meshConfig: {enablePrometheusMerge: true, defaultConfig: {statNameLength: 100}}},
    }
    const pod = injected(injectorOf(mesh).inject(subjectOf(podOf())))
    expect(variableOf(pod, 'PROXY_CONFIG')).toBe('{"statNameLength":200}\n')
    expect(pod.metadata.annotations).not.toHaveProperty('prometheus.io/port')
  })

  test('the secure port moves the control plane, the plaintext port is a finding', () => {
    const secure = injectorOf({controlPlane: {address: 'istiod.mesh.svc', port: 15012}})
    expect(variableOf(injected(secure.inject(subjectOf(podOf()))), 'PROXY_CONFIG')).toBe(
      '{"discoveryAddress":"istiod.mesh.svc:15012"}\n',
    )
    const plaintext = injectorOf({controlPlane: {address: 'istiod.mesh.svc', port: 15010}})
    expect(plaintext.findings).toMatchObject([{kind: 'ignored', key: 'mesh.controlPlane.port'}])
    expect(variableOf(injected(plaintext.inject(subjectOf(podOf()))), 'PROXY_CONFIG')).toBe('{}\n')
  })

  test.each(['registry.example/proxyv2-copy:1', 'proxyv2-copy:1'])(
    'a copy of the proxy, %s, is used as it is',
    (image) => {
      const pod = injected(injectorOf({sidecarImage: image}).inject(subjectOf(podOf())))
      expect(containerOf(pod, 'istio-proxy').image).toBe(image)
      expect(containerOf(pod, 'istio-init').image).toBe('docker.io/istio/proxyv2:1.31.0')
    },
  )

  test('mutual TLS outranks a plain Envoy, and says so', () => {
    const injector = injectorOf({sidecarImage: 'envoyproxy/envoy:v1.25.0', security: {mutualTLS: true}})
    expect(injector.findings).toMatchObject([{kind: 'replaced', key: 'mesh.sidecarImage'}])
    expect(injector.findings[0]?.message).toContain('mesh.security.mutualTLS')
    expect(containerOf(injected(injector.inject(subjectOf(podOf()))), 'istio-proxy').image).toBe(
      'docker.io/istio/proxyv2:1.31.0',
    )
  })

  test('findings fit into a warning', () => {
    const {findings} = injectorOf({
      controlPlane: {address: 'istio-pilot.istio-system.svc.cluster.local', port: 15010},
      serviceDiscovery: {healthCheckInterval: '10s'},
      sidecar: {proxy: {config: {enableProfiling: false}}},
    })
    expect(findings.map(({key}) => key)).toEqual([
      'mesh.controlPlane.port',
      'mesh.sidecar.proxy.config.enableProfiling',
      'mesh.serviceDiscovery.healthCheckInterval',
    ])
    for (const {key, message} of findings) expect(key.length + message.length + 8).toBeLessThanOrEqual(120)
  })
})

describe('what would fail every pod is a problem of the configuration', () => {
  test.each<[string, object, string]>([
    ['an unknown profile', {profile: 'none'}, 'profile'],
    ['an unknown compatibility version', {compatibilityVersion: '1.20'}, 'compatibilityVersion'],
    [
      'a custom template',
      {sidecarInjectorWebhook: {templates: {mine: 'spec: {}'}}},
      'sidecarInjectorWebhook.templates.mine',
    ],
    [
      'a template for later',
      {sidecarInjectorWebhook: {defaultTemplates: ['waypoint']}},
      'sidecarInjectorWebhook.defaultTemplates',
    ],
    ['text where a switch belongs', {global: {logAsJson: 'yes'}}, 'global.logAsJson'],
    [
      'a number where a quantity belongs',
      {global: {proxy: {resources: {limits: {cpu: 2}}}}},
      'global.proxy.resources.limits.cpu',
    ],
    ['no quantity', {global: {proxy: {resources: {limits: {cpu: 'many'}}}}}, 'global.proxy.resources.limits.cpu'],
    [
      'a request above its limit',
      {global: {proxy: {resources: {requests: {cpu: '9'}}}}},
      'global.proxy.resources.requests.cpu',
    ],
    ['null for what the template needs', {global: {proxy: {startupProbe: null}}}, 'global.proxy.startupProbe'],
    [
      'a value that the chart has removed',
      {global: {tracer: {stackdriver: {debug: true}}}},
      'global.tracer.stackdriver.debug',
    ],
    ['the CA of Kubernetes', {global: {pilotCertProvider: 'kubernetes'}}, 'global.pilotCertProvider'],
    [
      'a cluster trust bundle as text',
      {pilot: {env: {ENABLE_CLUSTER_TRUST_BUNDLE_API: 'true'}}},
      'pilot.env.ENABLE_CLUSTER_TRUST_BUNDLE_API',
    ],
    ['the injector of another cluster', {profile: 'remote'}, 'configMap'],
    [
      'a selector of the wrong type',
      {sidecarInjectorWebhook: {neverInjectSelector: [{matchLabels: {a: 1}}]}},
      'sidecarInjectorWebhook.neverInjectSelector.0',
    ],
  ])('%s', (_, values, path) => {
    expect(problemsOf({istio: {values}})[0]?.path.join('.')).toBe(`mesh.istio.values.${path}`)
  })

  test.each<[string, object]>([
    ['an address without a port', {defaultConfig: {discoveryAddress: 'istiod'}}],
    ['a trust domain that is none', {trustDomain: 'a b'}],
    ['a port out of range', {proxyListenPort: 0}],
  ])('mesh config with %s', (_, meshConfig) => {
    expect(problemsOf({istio: {meshConfig}})[0]?.path).toEqual(['mesh', 'istio', 'meshConfig'])
  })

  test('told under the neutral key where the user wrote that', () => {
    const problems = problemsOf({sidecar: {resources: {limits: {cpu: '50m'}}}})
    expect(problems[0]?.path.join('.')).toBe('mesh.sidecar.resources.requests.cpu')
  })

  test('a log level that YAML would read otherwise', () => {
    const problems = problemsOf({istio: {values: {global: {proxy: {logLevel: 'a: b'}}}}})
    expect(problems[0]?.message).toContain('"--proxyLogLevel=a: b"')
  })
})
