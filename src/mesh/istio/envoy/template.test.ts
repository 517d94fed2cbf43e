import {assert, constantFrom, dictionary, oneof, property, string, uniqueArray} from 'fast-check'
import {expect, test} from 'vitest'
import {configurationSchema} from '../../../config/schema.ts'
import type {Injection} from '../../mesh.ts'
import type {PodOverrides} from '../../overrides.ts'
import type {Container, Pod} from '../../pod.ts'
import {istio} from '../index.ts'

const image = 'envoyproxy/envoy:v1.25.0'
const objects = {get: () => undefined, namespace: () => undefined}
const pod: Pod = {
  metadata: {name: 'web', labels: {app: 'web', version: 'v2'}},
  spec: {
    containers: [{name: 'web', image: 'web:1', readinessProbe: {httpGet: {path: '/', port: 8080}}}],
    initContainers: [{name: 'migrate', image: 'migrate:1'}],
  },
}

function injectorOf(mesh: object) {
  const resolved = istio.resolve(configurationSchema.parse({mesh: {sidecarImage: image, ...mesh}}), objects)
  if (!resolved.ok) throw new Error(resolved.problems[0]?.message)
  return resolved.injector
}

function inject(mesh: object = {}, given: Pod = pod, overrides: PodOverrides = {}): Injection {
  return injectorOf(mesh).inject({
    pod: given,
    namespace: {name: 'shop', labels: {}, annotations: {}},
    objects,
    overrides,
  })
}

function injected(mesh?: object, given?: Pod, overrides?: PodOverrides): Injection & {outcome: 'injected'} {
  const injection = inject(mesh, given, overrides)
  if (injection.outcome !== 'injected') throw new Error(JSON.stringify(injection))
  return injection
}

function proxyOf({spec: {containers, initContainers = []}}: Pod): Container {
  const proxy = [...initContainers, ...containers].find(({name}) => name === 'istio-proxy')
  if (proxy === undefined) throw new Error('no sidecar')
  return proxy
}

function annotated(annotations: Record<string, string>): Pod {
  return {...pod, metadata: {...pod.metadata, annotations}}
}

/** The value that follows an option of the command line. */
function option({args = []}: Container, name: string): string | undefined {
  const place = args.indexOf(name)
  return place < 0 ? undefined : args[place + 1]
}

test('the sidecar is the very image, started without its entry point, with no more rights than it needs', () => {
  const {pod: after, sidecars} = injected()
  expect(proxyOf(after)).toMatchObject({
    image,
    command: ['envoy'],
    restartPolicy: 'Always',
    ports: [{containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom'}],
    readinessProbe: {httpGet: {path: '/healthz/ready', port: 15021}},
    startupProbe: {httpGet: {path: '/healthz/ready', port: 15021}},
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: {drop: ['ALL']},
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsGroup: 1337,
      runAsNonRoot: true,
      runAsUser: 1337,
    },
  })
  expect(proxyOf(after)).not.toHaveProperty('lifecycle')
  expect(proxyOf(after)).not.toHaveProperty('volumeMounts')
  expect(sidecars).toStrictEqual(['istio-proxy', 'istio-init'])
})

test('it starts before the application, behind the same capture of traffic as the mesh has', () => {
  const {spec} = injected().pod
  expect(spec.initContainers?.map(({name}) => name)).toStrictEqual(['istio-init', 'istio-proxy', 'migrate'])
  expect(spec.initContainers?.[0]).toMatchObject({image: 'docker.io/istio/proxyv2:1.31.0'})
  expect(option(spec.initContainers?.[0] ?? {name: ''}, '-u')).toBe('1337')
})

test('with CNI the node captures traffic, and the pod asks it to by annotations', () => {
  const {metadata, spec} = injected({istio: {values: {pilot: {cni: {enabled: true}}}}}).pod
  expect(spec.initContainers?.[0]).toMatchObject({
    name: 'istio-validation',
    securityContext: {runAsUser: 1337, capabilities: {drop: ['ALL']}},
  })
  expect(metadata.annotations).toMatchObject({'sidecar.istio.io/interceptionMode': 'REDIRECT'})
})

test('where native sidecars are off it stands among the containers', () => {
  const {spec} = injected({}, annotated({'sidecar.istio.io/nativeSidecar': 'false'})).pod
  expect(spec.containers.map(({name}) => name)).toStrictEqual(['web', 'istio-proxy'])
  expect(proxyOf({...pod, spec})).not.toHaveProperty('restartPolicy')
})

test('probes of the application stay as they are: traffic reaches it in plaintext', () => {
  expect(injected().pod.spec.containers[0]).toBe(pod.spec.containers[0])
})

test('other sidecars are told not to try mutual TLS, whatever the pod says', () => {
  const claims = {...pod, metadata: {...pod.metadata, labels: {'security.istio.io/tlsMode': 'istio'}}}
  expect(injected({}, claims).pod.metadata.labels).toMatchObject({'security.istio.io/tlsMode': 'disabled'})
})

test('labels and annotations of the mesh are there', () => {
  expect(injected().pod.metadata).toMatchObject({
    labels: {'service.istio.io/canonical-name': 'web', 'service.istio.io/canonical-revision': 'v2'},
    annotations: {
      'istio.io/rev': 'default',
      'kubectl.kubernetes.io/default-container': 'web',
      'sidecar.istio.io/status':
        '{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":null,"imagePullSecrets":null,"revision":"default"}',
    },
  })
})

const scraped = {
  'prometheus.io/scrape': 'true',
  'prometheus.io/port': '15090',
  'prometheus.io/path': '/stats/prometheus',
}

test('Prometheus finds the metrics of the sidecar', () => {
  expect(injected().pod.metadata.annotations).toMatchObject(scraped)
})

test("a pod's own word for Prometheus is kept, and the loss is named", () => {
  const own = {'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080'}
  const {pod: after, findings} = injected({}, annotated(own))
  expect(after.metadata.annotations).toMatchObject(own)
  expect(findings.map(({key}) => key)).toStrictEqual(['prometheus.io/port'])
})

test.each([
  [{telemetry: {enabled: false}}, {}],
  [{istio: {meshConfig: {enablePrometheusMerge: false}}}, {}],
  [{}, {'prometheus.istio.io/merge-metrics': 'false'}],
])('%j and %j leave Prometheus out', (mesh, annotations) => {
  const {annotations: after = {}} = injected(mesh, annotated(annotations)).pod.metadata
  expect(Object.keys(after).filter((key) => key.startsWith('prometheus.io/'))).toStrictEqual([])
})

test('without telemetry there is no port for metrics', () => {
  expect(proxyOf(injected({telemetry: {enabled: false}}).pod)).not.toHaveProperty('ports')
})

test('a folder for profiles exists only where there are profiles', () => {
  const {pod: after} = injected({sidecar: {proxy: {config: {enableProfiling: true}}}})
  expect(after.spec.volumes).toStrictEqual([{name: 'istio-data', emptyDir: {}}])
  expect(proxyOf(after).volumeMounts).toStrictEqual([{name: 'istio-data', mountPath: '/var/lib/istio/data'}])
})

test.each<[string, Record<string, string>, PodOverrides, string | undefined]>([
  ['the limit of the chart', {}, {}, '2'],
  ['a smaller limit, rounded up', {}, {proxyCpuLimit: '1500m'}, '2'],
  ['no limit', {'sidecar.istio.io/proxyCPU': '100m'}, {}, undefined],
  ["ProxyConfig's word", {'proxy.istio.io/config': 'concurrency: 3'}, {}, '3'],
  ['every CPU of the node', {'proxy.istio.io/config': 'concurrency: 0'}, {}, undefined],
  ['the override', {}, {concurrency: 5}, '5'],
])('worker threads: %s', (_, annotations, overrides, threads) => {
  expect(option(proxyOf(injected({}, annotated(annotations), overrides).pod), '--concurrency')).toBe(threads)
})

test.each([
  [{}, 'warning', 'misc:error'],
  [{'sidecar.istio.io/logLevel': 'debug'}, 'debug', 'misc:error'],
  [{'sidecar.istio.io/logLevel': 'info,http:trace,upstream:debug'}, 'info', 'http:trace,upstream:debug'],
  [{'sidecar.istio.io/componentLogLevel': ''}, 'warning', undefined],
])('log levels: %j', (annotations, level, components) => {
  const proxy = proxyOf(injected({}, annotated(annotations)).pod)
  expect(option(proxy, '--log-level')).toBe(level)
  expect(option(proxy, '--component-log-level')).toBe(components)
})

test.each([
  ['sidecar.istio.io/logLevel', 'loud'],
  ['sidecar.istio.io/logLevel', '--config-path=/etc/passwd'],
  ['sidecar.istio.io/componentLogLevel', 'http'],
  ['inject.istio.io/templates', 'gateway'],
])('%s: %s is refused with a sentence', (key, value) => {
  expect(inject({}, annotated({[key]: value}))).toMatchObject({
    outcome: 'refused',
    message: expect.stringMatching(/: use | remove /),
  })
})

test('labels that no command line could carry are refused', () => {
  const labels = Object.fromEntries(Array.from({length: 2_000}, (_, i) => [`example.com/label-${i}`, 'v'.repeat(63)]))
  const heavy = {...pod, metadata: {...pod.metadata, labels}}
  expect(inject({}, heavy)).toMatchObject({outcome: 'refused', message: expect.stringContaining('labels and ports')})
})

test('a pod may choose another plain Envoy, but no other image', () => {
  const other = 'registry.example/team/envoy:v1.26.0'
  const key = 'sidecar.istio.io/proxyImage'
  const chosen = injected({}, annotated({[key]: other}))
  expect(proxyOf(chosen.pod).image).toBe(other)
  expect(chosen.pod.spec.initContainers?.[0]?.image).toBe('docker.io/istio/proxyv2:1.31.0')
  expect(chosen.findings).toStrictEqual([])

  const foreign = injected({}, annotated({[key]: 'docker.io/istio/proxyv2:1.30.0'}))
  expect(proxyOf(foreign.pod).image).toBe(image)
  expect(foreign.findings).toMatchObject([{kind: 'ignored', key}])
})

test("what only Istio's agent could do for a pod is named", () => {
  const {findings} = injected({}, annotated({'sidecar.istio.io/bootstrapOverride': 'mine'}), {holdUntilReady: true})
  expect(findings).toMatchObject([{kind: 'ignored', key: 'sidecar.istio.io/bootstrapOverride'}])
  const plain = injected({}, annotated({'sidecar.istio.io/nativeSidecar': 'false'}), {holdUntilReady: true})
  expect(plain.pod.spec.containers.map(({name}) => name)).toStrictEqual(['istio-proxy', 'web'])
  expect(plain.findings).toMatchObject([{kind: 'approximated', key: 'meshwright.dev/hold-until-ready'}])
})

test('it can be taken out again', () => {
  const profiling = {sidecar: {proxy: {config: {enableProfiling: true}}}}
  const before = annotated({})
  const {pod: after} = injected(profiling, before)
  expect(injectorOf(profiling).carries(after)).toBe(true)
  expect(injectorOf(profiling).carries(before)).toBe(false)
  expect(istio.uninject(after)).toStrictEqual(before)
})

test('under mesh.enforced its own output is no evasion, and a bootstrap of a tenant is', () => {
  const injector = injectorOf({})
  const subject = {namespace: {name: 'shop', labels: {}, annotations: {}}, objects, overrides: {}}
  const {pod: after} = injected()
  expect(injector.evasions({...subject, pod: after})).toStrictEqual([])
  const own: Container = {name: 'istio-proxy', image, args: ['--config-yaml', '{}']}
  const evading = {...pod, spec: {...pod.spec, containers: [...pod.spec.containers, own]}}
  expect(injector.evasions({...subject, pod: evading}).map(({key}) => key)).toStrictEqual(['container istio-proxy'])
  const foreign = {...evading, spec: {...pod.spec, containers: [{name: 'istio-proxy', image: 'evil/envoy:1'}]}}
  expect(injector.evasions({...subject, pod: foreign}).map(({key}) => key)).toStrictEqual(['container istio-proxy'])
})

test('a forged status does not bring a bootstrap of a tenant in', () => {
  const {pod: genuine} = injected()
  const forged = {
    ...genuine,
    spec: {
      ...genuine.spec,
      initContainers: [{name: 'istio-proxy', image: 'evil/envoy:1', command: ['sh'], args: ['-c', 'true']}],
    },
  }
  expect(proxyOf(injected({}, forged).pod)).toStrictEqual(proxyOf(genuine))
})

test("mutual TLS outranks the image: the sidecar is Istio's own", () => {
  const injector = injectorOf({security: {mutualTLS: true}})
  const subject = {pod, namespace: {name: 'shop', labels: {}, annotations: {}}, objects, overrides: {}}
  const injection = injector.inject(subject)
  expect(injection.outcome === 'injected' && proxyOf(injection.pod).image).toBe('docker.io/istio/proxyv2:1.31.0')
  expect(injector.findings).toMatchObject([
    {kind: 'replaced', key: 'mesh.sidecarImage', message: expect.stringContaining('mesh.security.mutualTLS')},
  ])
})

test('a pod that carries it already is not changed, whatever its labels and annotations', () => {
  const hostile = oneof(
    string({unit: 'binary', maxLength: 20}),
    constantFrom('$(POD_NAME)', '"', '{', '15090', 'true', 'istio', '/'),
  )
  const keys = constantFrom(
    'app',
    '__proto__',
    'security.istio.io/tlsMode',
    'topology.istio.io/network',
    'prometheus.io/port',
    'prometheus.io/scrape',
    'prometheus.istio.io/merge-metrics',
    'sidecar.istio.io/nativeSidecar',
    'sidecar.istio.io/proxyImage',
    'service.istio.io/canonical-name',
  )
  const texts = dictionary(oneof(keys, hostile), hostile, {noNullPrototype: true})
  const meshes = [{}, {istio: {values: {global: {network: 'east'}, pilot: {cni: {enabled: true}}}}}].map(injectorOf)
  const ports = uniqueArray(constantFrom(80, 8080, 9090))
  assert(
    property(texts, texts, ports, constantFrom(...meshes), (labels, annotations, open, injector) => {
      const before: Pod = {
        metadata: {name: 'web', labels, annotations},
        spec: {containers: [{name: 'web', ports: open.map((containerPort) => ({containerPort}))}]},
      }
      const shown = JSON.stringify(before)
      const subject = {namespace: {name: 'shop', labels: {}, annotations: {}}, objects, overrides: {}}
      const once = injector.inject({...subject, pod: before})
      expect(JSON.stringify(before)).toBe(shown)
      if (once.outcome !== 'injected') return
      const twice = injector.inject({...subject, pod: once.pod})
      expect(twice).toMatchObject({outcome: 'injected', pod: once.pod})
    }),
    {numRuns: 100},
  )
}, 30_000)
