import * as fc from 'fast-check'
import {giantReviews} from '../hostile/giants.ts'
import {corpusOf} from './corpus.ts'
import {edited, editsOf, spoiled, type Tree} from './mutation.ts'

/** One body to send, and what must come back if the answer is 200. */
export interface FuzzBody {
  readonly kind: 'pod' | 'mutation' | 'bytes' | 'giant'
  readonly body: Buffer
}

/** Every annotation and label that one of the meshes, or Meshwright, looks at; and some that nobody should. */
export const keys = [
  'meshwright.dev/inject',
  'meshwright.dev/proxy-cpu-request',
  'meshwright.dev/proxy-memory-limit',
  'meshwright.dev/log-level',
  'meshwright.dev/access-log',
  'meshwright.dev/exclude-inbound-ports',
  'meshwright.dev/exclude-outbound-ports',
  'meshwright.dev/exclude-outbound-cidrs',
  'meshwright.dev/sampling-rate',
  'meshwright.dev/concurrency',
  'meshwright.dev/hold-until-ready',
  'meshwright.dev/native-sidecar',

  'sidecar.istio.io/inject',
  'istio.io/rev',
  'inject.istio.io/templates',
  'sidecar.istio.io/proxyImage',
  'sidecar.istio.io/proxyCPU',
  'sidecar.istio.io/proxyMemoryLimit',
  'sidecar.istio.io/userVolume',
  'sidecar.istio.io/userVolumeMount',
  'sidecar.istio.io/logLevel',
  'sidecar.istio.io/componentLogLevel',
  'sidecar.istio.io/rewriteAppHTTPProbers',
  'sidecar.istio.io/nativeSidecar',
  'sidecar.istio.io/status',
  'sidecar.istio.io/discoveryAddress',
  'sidecar.istio.io/interceptionMode',
  'sidecar.istio.io/bootstrapOverride',
  'sidecar.istio.io/extraStatTags',
  'proxy.istio.io/config',
  'proxy.istio.io/overrides',
  'traffic.sidecar.istio.io/includeInboundPorts',
  'traffic.sidecar.istio.io/excludeInboundPorts',
  'status.sidecar.istio.io/port',
  'traffic.sidecar.istio.io/excludeOutboundPorts',
  'traffic.sidecar.istio.io/includeOutboundIPRanges',
  'traffic.sidecar.istio.io/kubevirtInterfaces',
  'readiness.status.sidecar.istio.io/applicationPorts',
  'prometheus.istio.io/merge-metrics',
  'prometheus.io/scrape',
  'prometheus.io/port',
  'prometheus.io/path',
  'k8s.v1.cni.cncf.io/networks',
  'linkerd.io/inject',
  'config.linkerd.io/skip-inbound-ports',
  'config.linkerd.io/skip-outbound-ports',
  'config.linkerd.io/skip-subnets',
  'config.linkerd.io/opaque-ports',
  'config.linkerd.io/proxy-log-level',
  'config.linkerd.io/proxy-log-format',
  'config.linkerd.io/proxy-image',
  'config.linkerd.io/proxy-version',
  'config.linkerd.io/image-pull-policy',
  'config.linkerd.io/proxy-cpu-limit',
  'config.linkerd.io/proxy-cpu-ratio-limit',
  'config.linkerd.io/proxy-memory-request',
  'config.linkerd.io/proxy-ephemeral-storage-limit',
  'config.linkerd.io/proxy-uid',
  'config.linkerd.io/proxy-gid',
  'config.linkerd.io/proxy-admin-port',
  'config.linkerd.io/inbound-port',
  'config.linkerd.io/default-inbound-policy',
  'config.linkerd.io/proxy-await',
  'config.linkerd.io/proxy-enable-native-sidecar',
  'config.linkerd.io/pod-inbound-ports',
  'config.linkerd.io/shutdown-grace-period',
  'config.linkerd.io/trace-collector',
  'config.linkerd.io/debug-image',
  'config.linkerd.io/enable-debug-sidecar',
  'config.alpha.linkerd.io/proxy-wait-before-exit-seconds',
  'viz.linkerd.io/tap-enabled',
  'consul.hashicorp.com/connect-inject',
  'consul.hashicorp.com/connect-inject-status',
  'consul.hashicorp.com/connect-service',
  'consul.hashicorp.com/connect-service-port',
  'consul.hashicorp.com/connect-service-upstreams',
  'consul.hashicorp.com/transparent-proxy',
  'consul.hashicorp.com/transparent-proxy-exclude-inbound-ports',
  'consul.hashicorp.com/transparent-proxy-exclude-outbound-cidrs',
  'consul.hashicorp.com/transparent-proxy-exclude-uids',
  'consul.hashicorp.com/transparent-proxy-overwrite-probes',
  'consul.hashicorp.com/sidecar-proxy-cpu-limit',
  'consul.hashicorp.com/sidecar-proxy-memory-request',
  'consul.hashicorp.com/envoy-extra-args',
  'consul.hashicorp.com/consul-sidecar-user-volume',
  'consul.hashicorp.com/consul-sidecar-user-volume-mount',
  'consul.hashicorp.com/enable-metrics',
  'consul.hashicorp.com/enable-metrics-merging',
  'consul.hashicorp.com/merged-metrics-port',
  'consul.hashicorp.com/service-metrics-port',
  'consul.hashicorp.com/prometheus-scrape-path',
  'consul.hashicorp.com/service-tags',
  'consul.hashicorp.com/use-proxy-health-check',
  'consul.hashicorp.com/consul-dns',
  'consul.hashicorp.com/mesh-inject',
  'consul.hashicorp.com/proxy-config-map',
  'consul.hashicorp.com/sidecar-proxy-lifecycle-shutdown-grace-period-seconds',
  '__proto__',
  'constructor',
  'toString',
  'a/b~c',
  '~1~0',
  'kubectl.kubernetes.io/default-container',
]

export const values = [
  '',
  ' ',
  'true',
  'false',
  'enabled',
  'disabled',
  'yes',
  'TRUE',
  '0',
  '1',
  '-1',
  '1.5',
  '0.1',
  '65535',
  '65536',
  '99999999999999999999',
  '1e400',
  'NaN',
  '0x10',
  '010',
  '80',
  '80,443',
  '80,,443',
  '80-90',
  '90-80',
  '*',
  '-',
  'web',
  'web,80',
  '10.0.0.0/8',
  '10.0.0.0/33',
  '::/0',
  '1.2.3.4',
  '100m',
  '1Gi',
  '-5m',
  '1Ei',
  '9'.repeat(60),
  '1e-9',
  '5s',
  '1h30m',
  '10',
  'trace',
  'info',
  'warn,linkerd=debug',
  'debug\nevil: true',
  '"',
  "'",
  '\\',
  '`',
  '$(id)',
  '${HOME}',
  '{{ .Values }}',
  '{{',
  '%s%n',
  '\u0000',
  '\u2028',
  '\ud800',
  '😀'.repeat(50),
  'a'.repeat(5000),
  '{',
  '[',
  '{}',
  '[]',
  'null',
  '{"a":{"b":[1,2,{"c":null}]}}',
  '[{"name":"x","hostPath":{"path":"/"}}]',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '['.repeat(2000),
  '{"a":'.repeat(500),
  'a: &x [*x, *x]',
  'a: &a ["l","l"]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b]',
  '!!js/function "x"',
  'concurrency: 2\nimage: {imageType: distroless}',
  'proxyMetadata: {A: "b"}',
  `${'a'.repeat(40)}!`,
  '0,'.repeat(3000),
  'upstream:1234',
  'a.svc:1234,b.svc:5678',
  'svc.ns.peer:99999',
  '../../etc/passwd',
  'image:tag@sha256:zz',
  'docker.io/x/y:z',
  'sidecar',
  'sidecar,gateway',
]

const names = [
  'app',
  'istio-proxy',
  'istio-init',
  'istio-validation',
  'enable-core-dump',
  'linkerd-proxy',
  'linkerd-init',
  'linkerd-network-validator',
  'linkerd-debug',
  'consul-dataplane',
  'consul-dataplane-web',
  'consul-connect-inject-init',
  '__proto__',
  'constructor',
  '',
  'Ä',
  'x'.repeat(300),
]

/** What a tenant may write where a text is expected. */
export const hostile = fc.oneof(fc.constantFrom(...values), fc.string({unit: 'binary', maxLength: 20}))
/** The same where anything may stand. */
export const anything = fc.oneof(
  {weight: 6, arbitrary: hostile},
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown[]>(null, true, false, 0, -1, 1, 80, 65_536, 1e21, 1.5, [], {}, [null], {
      a: null,
    }),
  },
  {weight: 1, arbitrary: fc.jsonValue({maxDepth: 3})},
)
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, {nil: undefined, freq: 2})
/** Most of a pod has to be right, or it is refused before the code that should be tried sees it. */
const mostly = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown>) =>
  fc.oneof({weight: 40, arbitrary: good}, {weight: 1, arbitrary: bad})

const keyed = fc
  .array(
    fc.tuple(
      fc.oneof({weight: 20, arbitrary: fc.constantFrom(...keys)}, {weight: 1, arbitrary: hostile}),
      fc.oneof(fc.constantFrom('true', 'false', '1', '80', '100m', '64Mi', 'info', '10.0.0.0/8', '5s'), hostile),
    ),
    {maxLength: 4},
  )
  .map((entries) => Object.fromEntries(entries))
const number = fc.integer({min: 1, max: 65_535})
const port = mostly(fc.oneof(number, fc.constant('http')), fc.oneof(fc.integer(), hostile, fc.constant(1e21)))
const handler = fc.oneof(
  fc.record({
    httpGet: fc.record(
      {
        path: sometimes(fc.constantFrom('/', '/healthz', '')),
        port,
        scheme: sometimes(fc.constantFrom('HTTP', 'HTTPS')),
        host: sometimes(fc.constantFrom('', 'a.example')),
      },
      {requiredKeys: ['port']},
    ),
  }),
  fc.record({tcpSocket: fc.record({port})}),
  fc.record({
    grpc: fc.record({port: mostly(number, fc.integer()), service: sometimes(fc.constantFrom(null, '', 'x'))}),
  }),
  fc.record({exec: fc.record({command: fc.array(fc.constantFrom('sh', '-c', 'true'), {maxLength: 3})})}),
)
const quantity = mostly(fc.constantFrom('100m', '1', '1Gi', '500m', '64Mi'), fc.oneof(hostile, fc.integer()))
const quantities = fc.dictionary(fc.constantFrom('cpu', 'memory', 'example.com/gpu'), quantity, {maxKeys: 2})
const container = fc.record(
  {
    name: mostly(fc.constantFrom('app', 'web', 'worker', 'metrics', 'setup'), fc.constantFrom(...names)),
    image: mostly(fc.constantFrom('app:1', 'auto', 'example.com/a/b@sha256:00'), hostile),
    ports: fc.array(
      fc.record(
        {
          containerPort: mostly(number, fc.integer()),
          name: mostly(fc.constantFrom('http', 'grpc', 'admin'), hostile),
          protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'),
        },
        {requiredKeys: ['containerPort']},
      ),
      {maxLength: 3},
    ),
    env: fc.array(
      fc.record(
        {
          name: mostly(fc.constantFrom('A', 'B'), hostile),
          value: hostile,
          valueFrom: fc.constantFrom({}, {fieldRef: {fieldPath: 'metadata.name'}}),
        },
        {requiredKeys: ['name']},
      ),
      {maxLength: 3},
    ),
    command: fc.array(hostile, {maxLength: 2}),
    args: fc.array(hostile, {maxLength: 2}),
    resources: fc.record({limits: quantities, requests: quantities}, {requiredKeys: []}),
    livenessProbe: handler,
    readinessProbe: handler,
    startupProbe: handler,
    lifecycle: fc.record({preStop: handler, postStart: handler}, {requiredKeys: []}),
    volumeMounts: fc.array(
      fc.record({
        name: mostly(fc.constantFrom('data', 'kube-api-access-x'), hostile),
        mountPath: fc.constantFrom('/var/run/secrets/kubernetes.io/serviceaccount', '/data', '/x'),
      }),
      {maxLength: 2},
    ),
    securityContext: fc.record(
      {
        runAsUser: mostly(fc.constantFrom(0, 1000), fc.constantFrom(1337, 2102, 5995, 1e9)),
        runAsNonRoot: fc.boolean(),
        privileged: fc.boolean(),
      },
      {requiredKeys: []},
    ),
    unheardOf: anything,
  },
  {requiredKeys: ['name', 'image']},
)
const containers = (minLength: number) =>
  fc.uniqueArray(container, {minLength, maxLength: 3, selector: ({name}) => name}) as fc.Arbitrary<object[]>
const pod = fc.record(
  {
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Pod'),
    metadata: fc.record(
      {
        name: mostly(fc.constant('web-6d5f9c7b8-x2x4z'), fc.constantFrom('', 'x'.repeat(300))),
        generateName: fc.constantFrom('web-6d5f9c7b8-', ''),
        namespace: mostly(fc.constant('shop'), fc.constantFrom('kube-system', '', '__proto__')),
        labels: keyed,
        annotations: keyed,
        ownerReferences: fc.array(
          fc.record(
            {
              apiVersion: fc.constantFrom('apps/v1', 'batch/v1', 'v1'),
              kind: fc.constantFrom('ReplicaSet', 'Job', 'StatefulSet', '__proto__'),
              name: mostly(fc.constant('web-6d5f9c7b8'), hostile),
              controller: fc.boolean(),
            },
            {requiredKeys: ['kind', 'name']},
          ),
          {maxLength: 2},
        ),
      },
      {requiredKeys: []},
    ),
    spec: fc.record(
      {
        containers: containers(1),
        initContainers: containers(0),
        volumes: fc.uniqueArray(
          fc.record({
            name: mostly(
              fc.constantFrom('data', 'kube-api-access-x', 'tmp'),
              fc.constantFrom('istio-envoy', 'linkerd-identity-end-entity', 'consul-connect-inject-data'),
            ),
            emptyDir: sometimes(fc.constant({})),
          }),
          {maxLength: 4, selector: ({name}) => name},
        ),
        serviceAccountName: fc.constantFrom('default', 'web'),
        automountServiceAccountToken: fc.boolean(),
        hostNetwork: mostly(fc.constant(false), fc.constant(true)),
        dnsPolicy: fc.constantFrom('ClusterFirst', 'None', 'Default'),
        dnsConfig: mostly(
          fc.constant(undefined),
          fc.constantFrom({}, {nameservers: ['1.2.3.4'], options: [{name: 'ndots', value: '5'}, {}]}),
        ),
        securityContext: fc.record(
          {
            runAsUser: mostly(fc.constantFrom(0, 1000), fc.constant(1337)),
            fsGroup: fc.constant(1),
            sysctls: fc.constant([]),
          },
          {requiredKeys: []},
        ),
        imagePullSecrets: fc.array(fc.record({name: hostile}), {maxLength: 1}),
        unheardOf: anything,
      },
      {requiredKeys: ['containers']},
    ),
  },
  {requiredKeys: ['metadata', 'spec']},
)

const seeds = corpusOf('reviews').map(({bytes}): Tree => JSON.parse(bytes.toString()))
const kinds = mostly(fc.constant('Pod'), fc.constantFrom('Service', 'ConfigMap'))
const review = fc
  .tuple(fc.uuid(), pod, kinds, mostly(fc.constant('CREATE'), fc.constantFrom('UPDATE', 'DELETE', '')))
  .map(([uid, object, kind, operation]): Tree => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: {group: '', version: 'v1', kind},
      resource: {group: '', version: 'v1', resource: 'pods'},
      namespace: 'shop',
      operation,
      object: kind === 'Service' ? {...object, kind, spec: {ports: [{port: 80, name: 'http'}]}} : object,
      oldObject: null,
      dryRun: false,
    },
  }))

/** Anything anywhere in a review that was good, or in one of the corpus. */
const mutation = fc
  .tuple(fc.oneof({weight: 4, arbitrary: review}, {weight: 1, arbitrary: fc.constantFrom(...seeds)}), editsOf(anything))
  .map(([tree, edits]) => edited(structuredClone(tree), edits))

const text = (tree: Tree) => Buffer.from(JSON.stringify(tree))
const bytes = fc.oneof(
  fc.uint8Array({maxLength: 300}).map((raw) => Buffer.from(raw)),
  fc.tuple(review, fc.nat()).map(([tree, cut]) => {
    const whole = text(tree)
    return whole.subarray(0, cut % whole.length)
  }),
  spoiled(review.map(text), ['"', '\\', '{', '[', '\u0000', '__proto__', '1e999', '\ud800', '"a":']),
  spoiled(fc.constantFrom(...corpusOf('reviews').map(({bytes}) => bytes)), ['"', '{', ']', '\u0000', '-', '9999']),
  fc.integer({min: 1, max: 200}).map((depth) => Buffer.from('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))),
  fc
    .tuple(fc.uuid(), fc.integer({min: 30, max: 80}))
    .map(([uid, depth]) =>
      Buffer.from(
        `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"${uid}","object":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
      ),
    ),
  fc.json().map((json) => Buffer.from(json)),
)

/** Bodies without end: most are reviews that a careless reader would trip over. The seed makes a run repeatable. */
export function* fuzzBodies(seed: number): Generator<FuzzBody> {
  yield* corpusOf('reviews').map(({bytes}): FuzzBody => ({kind: 'bytes', body: bytes}))
  const each = 200
  for (let round = 0; ; round++) {
    const drawn = fc.sample(
      fc.oneof(
        {weight: 6, arbitrary: review.map((tree): FuzzBody => ({kind: 'pod', body: text(tree)}))},
        {weight: 3, arbitrary: mutation.map((tree): FuzzBody => ({kind: 'mutation', body: text(tree)}))},
        {weight: 1, arbitrary: bytes.map((body): FuzzBody => ({kind: 'bytes', body}))},
      ),
      {seed: seed + round, numRuns: each},
    )
    yield* drawn
  }
}

/** The same with giants among them: each once at the beginning, then one in five thousand: it costs as much as hundreds. */
export function* withGiants(seed: number): Generator<FuzzBody> {
  const giants = [...giantReviews.beyond, ...giantReviews.below]
  let [drawn, sent] = [0, 0]
  for (const body of fuzzBodies(seed)) {
    yield body
    const giant = giants[sent % giants.length]
    if (++drawn % (sent < giants.length ? 20 : 5000) !== 0 || giant === undefined) continue
    sent++
    yield {kind: 'giant', body: giant.text}
  }
}
