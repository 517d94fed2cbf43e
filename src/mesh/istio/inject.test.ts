import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Container, Pod, PodSpec, StringMap} from '../pod.ts'
import {keys} from './annotations.ts'
import {containerOf, injected, injectorOf, podOf, refusal, subjectOf, variableOf, withValues} from './testing.ts'

const injector = injectorOf()
const inject = (annotations: StringMap = {}, spec: Partial<PodSpec> = {}) =>
  injector.inject(subjectOf(podOf(annotations, spec)))

function names({spec: {initContainers = [], containers}}: Pod): string[][] {
  return [initContainers, containers].map((list) => list.map(({name}) => name))
}

describe('the order of the containers', () => {
  const spec = {initContainers: [{name: 'migrate'}], containers: [{name: 'web'}]}

  test('a native sidecar starts before the user’s init containers', () => {
    expect(names(injected(inject({}, spec)))).toEqual([['istio-init', 'istio-proxy', 'migrate'], ['web']])
  })

  test('otherwise traffic is captured after them, and the proxy comes last', () => {
    expect(names(injected(inject({[keys.nativeSidecar]: 'false'}, spec)))).toEqual([
      ['migrate', 'istio-init'],
      ['web', 'istio-proxy'],
    ])
  })

  test('or first, where the application is to wait for it', () => {
    const annotations = {
      [keys.nativeSidecar]: 'false',
      [keys.proxyConfig]: 'holdApplicationUntilProxyStarts: true',
    }
    const pod = injected(inject(annotations, spec))
    expect(names(pod)[1]).toEqual(['istio-proxy', 'web'])
    expect(containerOf(pod, 'istio-proxy').lifecycle?.postStart).toBeDefined()
  })

  test('a validation blocks everything until the node is done', () => {
    const cni = withValues({pilot: {cni: {enabled: true}}})
    const pod = injected(cni.inject(subjectOf(podOf({[keys.nativeSidecar]: 'false'}, spec))))
    expect(names(pod)[0]).toEqual(['istio-validation', 'migrate'])
  })
})

describe('a container that the user wrote under the proxy’s name', () => {
  const mine: Container = {name: 'istio-proxy', image: 'auto', resources: {requests: {cpu: '7m'}}}

  test('goes where the proxy goes, and its fields win', () => {
    const pod = injected(inject({}, {containers: [{name: 'web'}, mine]}))
    expect(names(pod)).toEqual([['istio-init', 'istio-proxy'], ['web']])
    expect(containerOf(pod, 'istio-proxy')).toMatchObject({
      image: 'docker.io/istio/proxyv2:1.31.0',
      resources: {requests: {cpu: '7m', memory: '128Mi'}},
    })
    expect(JSON.parse(pod.metadata.annotations?.[keys.overrides] ?? '')).toEqual({
      initContainers: [{name: 'istio-proxy', resources: {requests: {cpu: '7m'}}}],
    })
  })

  test('keeps its unknown fields to itself', () => {
    const pod = injected(inject({}, {containers: [{name: 'web'}, {...mine, futureField: {a: 1}}]}))
    expect(containerOf(pod, 'istio-proxy')['futureField']).toEqual({a: 1})
    expect(containerOf(pod, 'istio-init')).not.toHaveProperty('futureField')
  })

  test('changes the user that the capture spares', () => {
    const securityContext = {runAsUser: 2000}
    const pod = injected(inject({}, {containers: [{name: 'web'}, {...mine, securityContext}]}))
    const args = containerOf(pod, 'istio-init').args ?? []
    expect(args[args.indexOf('-u') + 1]).toBe('2000')
  })
})

describe('injecting again', () => {
  const probed = {containers: [{name: 'web', readinessProbe: {httpGet: {path: '/ready', port: 8080}}}]}

  test('changes nothing where the settings are the same', () => {
    const once = injected(inject({}, probed))
    const twice = injected(injector.inject(subjectOf(once)))
    expect(twice).toEqual(once)
  })

  test('takes away what an earlier injection set and this one leaves at its default', () => {
    const once = injected(inject({[keys.initialDelaySeconds]: '9'}))
    const {[keys.initialDelaySeconds]: _, ...annotations} = once.metadata.annotations ?? {}
    const twice = injected(injector.inject(subjectOf({...once, metadata: {...once.metadata, annotations}})))
    expect(containerOf(twice, 'istio-proxy').readinessProbe).not.toHaveProperty('initialDelaySeconds')
  })

  test('refuses a second proxy', () => {
    const once = injected(inject())
    const off = withValues({pilot: {env: {ENABLE_NATIVE_SIDECARS: 'false'}}})
    expect(refusal(off.inject(subjectOf(once)))).toContain('two containers named istio-proxy')
  })
})

describe('probes', () => {
  const web: Container = {
    name: 'web',
    ports: [{name: 'http', containerPort: 8080}],
    livenessProbe: {httpGet: {path: '/live', port: 'http', scheme: 'HTTPS'}, timeoutSeconds: 2},
    readinessProbe: {tcpSocket: {port: 8080}},
    startupProbe: {exec: {command: ['true']}},
  }

  test('go to the agent, which is told what they were', () => {
    const pod = injected(inject({}, {containers: [web]}))
    const {livenessProbe, readinessProbe, startupProbe} = containerOf(pod, 'web')
    expect(livenessProbe).toEqual({
      httpGet: {path: '/app-health/web/livez', port: 15020, scheme: 'HTTP'},
      timeoutSeconds: 2,
    })
    expect(readinessProbe).toEqual({httpGet: {path: '/app-health/web/readyz', port: 15020}})
    expect(startupProbe).toBe(web.startupProbe)
    expect(JSON.parse(variableOf(pod, 'ISTIO_KUBE_APP_PROBERS') ?? '')).toEqual({
      '/app-health/web/livez': {httpGet: {path: '/live', port: 8080, scheme: 'HTTPS'}, timeoutSeconds: 2},
      '/app-health/web/readyz': {tcpSocket: {port: 8080}},
    })
  })

  test('are refused where they would go to port 0', () => {
    expect(refusal(inject({[keys.statusPort]: '0'}, {containers: [web]}))).toContain(keys.statusPort)
  })
})

describe('metrics', () => {
  test('are scraped from the agent, which scrapes the application', () => {
    const pod = injected(inject({'prometheus.io/port': '8080', 'prometheus_io/path': '/m'}))
    expect(pod.metadata.annotations).toMatchObject({'prometheus.io/port': '15020', 'prometheus.io/scrape': 'true'})
    expect(pod.metadata.annotations).not.toHaveProperty('prometheus_io/path')
    expect(JSON.parse(variableOf(pod, 'ISTIO_PROMETHEUS_ANNOTATIONS') ?? '')).toEqual({
      scrape: '',
      path: '/m',
      port: '8080',
    })
  })

  test.each(['15090', '0', 'http', '70000'])('a target at port %s is refused', (port) => {
    expect(refusal(inject({'prometheus.istio.io/scrape-targets': `8080:/a, ${port}`}))).toContain('scrape-targets')
  })
})

describe('overrides', () => {
  const overridden = (overrides: object, annotations: StringMap = {}) =>
    injected(injector.inject(subjectOf(podOf(annotations), overrides)))

  test('replace one resource and keep the others', () => {
    expect(containerOf(overridden({proxyCpuRequest: '50m'}), 'istio-proxy').resources).toEqual({
      requests: {cpu: '50m', memory: '128Mi'},
      limits: {cpu: '2', memory: '1Gi'},
    })
  })

  test('win over the native annotation, which is rewritten for the mesh to read', () => {
    const pod = overridden({logLevel: 'debug', excludeInboundPorts: [22, 80]}, {[keys.logLevel]: 'info'})
    expect(containerOf(pod, 'istio-proxy').args).toContain('--proxyLogLevel=debug')
    expect(pod.metadata.annotations).toMatchObject({[keys.logLevel]: 'debug', [keys.excludeInboundPorts]: '22,80'})
  })

  test('are laid into proxy.istio.io/config, whose other fields stay', () => {
    const pod = overridden({concurrency: 3, samplingRate: 0.5}, {[keys.proxyConfig]: 'concurrency: 1\nmeshId: m'})
    expect(variableOf(pod, 'PROXY_CONFIG')).toBe('{"concurrency":3,"tracing":{"sampling":50},"meshId":"m"}\n')
    expect(JSON.parse(pod.metadata.annotations?.[keys.proxyConfig] ?? '')).toEqual({
      concurrency: 3,
      meshId: 'm',
      tracing: {sampling: 50},
    })
  })

  test('take back what the values ask for', () => {
    const hold = withValues({global: {proxy: {holdApplicationUntilProxyStarts: true}}})
    const pod = injected(hold.inject(subjectOf(podOf(), {holdUntilReady: false, nativeSidecar: false})))
    expect(names(pod)[1]).toEqual(['web', 'istio-proxy'])
    expect(containerOf(pod, 'istio-proxy').lifecycle).toBeUndefined()
  })

  test('that the mesh has nothing for are a finding', () => {
    const injection = injector.inject(subjectOf(podOf(), {accessLog: true}))
    expect(injection.outcome === 'injected' && injection.findings).toMatchObject([
      {kind: 'ignored', key: 'meshwright.dev/access-log'},
    ])
  })
})

describe('a refusal names the annotation and the value', () => {
  test.each([
    [keys.interceptionMode, 'SOME'],
    [keys.statusPort, '70000'],
    [keys.includeOutboundIPRanges, '10.0.0.0/8, 10.1.0.0/16'],
    [keys.excludeInboundPorts, '22;80'],
    [keys.excludeInterfaces, 'eth0;rm'],
    [keys.proxyCPU, 'many'],
    [keys.proxyConfig, 'concurrency: many'],
    [keys.templates, 'waypoint'],
    [keys.templates, 'sidecar,'.repeat(30_000) + 'sidecar'],
    ['prometheus.istio.io/scrape-targets', '1,'.repeat(100_000)],
    [keys.logLevel, 'a: b'],
    [keys.includeOutboundPorts, 'a"b'],
    [keys.userVolume, '{"a": "b"}'],
    [keys.userVolume, '{"a": {"$patch": "delete"}}'],
    [keys.userVolumeMount, '{"a": {}}'],
    [keys.overrides, '{'],
    [keys.status, '{"containers": "web"}'],
    [keys.bootstrapOverride, 'true'],
    [keys.failureThreshold, '4294967295'],
  ])('%s: %s', (key, value) => {
    expect(refusal(inject({[key]: value}))).toContain(key)
  })

  test('a request above its limit is refused, not passed on', () => {
    expect(refusal(inject({[keys.proxyCPU]: '2', [keys.proxyCPULimit]: '1'}))).toContain('above its limit')
    expect(refusal(inject({[keys.proxyMemory]: '-1'}))).toContain('must not be negative')
  })
})

describe('whatever a pod says', () => {
  const keysOfIstio = fc.constantFrom(...Object.values(keys), '__proto__', 'constructor', 'prometheus.io/port')
  const text = fc.oneof(
    fc.string(),
    fc.string({unit: 'binary'}),
    fc.constantFrom(
      'true',
      'false',
      '',
      '0',
      '15020',
      '{}',
      '[]',
      'null',
      '{"a":{"emptyDir":{}}}',
      'sidecar',
      'a: [',
      '\\x',
    ),
  )
  const container = fc.record({
    name: fc.constantFrom('web', 'istio-proxy', 'istio-init', '__proto__', 'x'),
    image: text,
  })
  const pod = fc.record({
    annotations: fc.dictionary(keysOfIstio, text, {maxKeys: 6, noNullPrototype: true}),
    labels: fc.dictionary(fc.constantFrom('app', 'version', 'topology.istio.io/network', '__proto__'), text, {
      noNullPrototype: true,
    }),
    containers: fc.array(container, {minLength: 1, maxLength: 3}),
    initContainers: fc.array(container, {maxLength: 3}),
  })

  test('the answer is a pod or a sentence, and what came in stays as it was', () => {
    const prototype = Object.getOwnPropertyNames(Object.prototype)
    fc.assert(
      fc.property(pod, ({annotations, labels, containers, initContainers}) => {
        const given = podOf(annotations, {containers, initContainers}, labels)
        const before = structuredClone(given)
        const injection = injector.inject(subjectOf(given))
        expect(given).toEqual(before)
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype)
        if (injection.outcome === 'refused') expect(injection.message).toMatch(/^[^\n]+$/)
        else
          expect(
            names(injected(injection))
              .flat()
              .filter((name) => name === 'istio-proxy'),
          ).toHaveLength(1)
      }),
      {numRuns: 1000},
    )
  })

  test('10,000 variables take no longer than their number', () => {
    const env = Array.from({length: 10_000}, (_, index) => ({name: `V${index}`, value: 'x'}))
    const pod = injected(inject({}, {containers: [{name: 'web'}, {name: 'istio-proxy', image: 'auto', env}]}))
    expect(containerOf(pod, 'istio-proxy').env?.length).toBeGreaterThan(10_000)
  })

  test('what injection does not touch is shared', () => {
    const given = podOf({}, {volumes: [{name: 'data', emptyDir: {}}]})
    const pod = injected(injector.inject(subjectOf(given)))
    expect(pod.spec.containers[0]).toBe(given.spec.containers[0])
    expect(pod.spec.volumes?.at(-1)).toBe(given.spec.volumes?.[0])
  })
})
