import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Pod, PodSpec} from '../pod.ts'
import type {Values} from '../values.ts'
import {containerOf, injected, injectorOf, podOf, subjectOf, variableOf} from './testing.ts'
import {linkerd220} from './version.ts'

const tokenMount = {name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount'}

function inject(annotations: Record<string, string> = {}, spec: Partial<PodSpec> = {}, values: Values = {}) {
  return injectorOf({}, values).inject(subjectOf(podOf(annotations, spec)))
}

function names({spec: {initContainers = [], containers}}: Pod): string[][] {
  return [initContainers, containers].map((list) => list.map(({name}) => name))
}

describe('the order of the containers', () => {
  const spec = {initContainers: [{name: 'a'}, {name: 'b'}], containers: [{name: 'web'}, {name: 'log'}]}
  const plain = {'config.linkerd.io/proxy-enable-native-sidecar': 'false'}
  const debug = {'config.linkerd.io/enable-debug-sidecar': 'true'}
  const noWait = {'config.linkerd.io/proxy-await': 'disabled'}

  test.each<[string, Record<string, string>, string[][]]>([
    [
      'native',
      {},
      [
        ['linkerd-init', 'linkerd-proxy', 'a', 'b'],
        ['web', 'log'],
      ],
    ],
    [
      'plain',
      plain,
      [
        ['a', 'b', 'linkerd-init'],
        ['linkerd-proxy', 'web', 'log'],
      ],
    ],
    [
      'plain, not waited for',
      {...plain, ...noWait},
      [
        ['a', 'b', 'linkerd-init'],
        ['web', 'log', 'linkerd-proxy'],
      ],
    ],
    [
      'with the debug container',
      {...plain, ...noWait, ...debug},
      [
        ['a', 'b', 'linkerd-init'],
        ['web', 'log', 'linkerd-debug', 'linkerd-proxy'],
      ],
    ],
  ])('%s', (_, annotations, expected) => {
    expect(names(injected(inject(annotations, spec)))).toEqual(expected)
  })

  test('has the validator in the place of linkerd-init under CNI', () => {
    const pod = injected(inject(plain, spec, {cniEnabled: true}))
    expect(names(pod)[0]).toEqual(['a', 'b', 'linkerd-network-validator'])
    expect(pod.spec.volumes?.map(({name}) => name)).not.toContain('linkerd-proxy-init-xtables-lock')
  })
})

describe('what the proxy copies from the first container', () => {
  test('capabilities: linkerd-init keeps what it redirects with', () => {
    const capabilities = {add: ['CHOWN'], drop: ['ALL', 'NET_RAW']}
    const pod = injected(inject({}, {containers: [{name: 'web', securityContext: {capabilities}}]}))
    expect(containerOf(pod, 'linkerd-proxy').securityContext?.capabilities).toEqual(capabilities)
    expect(containerOf(pod, 'linkerd-init').securityContext?.capabilities).toEqual({
      add: ['NET_ADMIN', 'NET_RAW', 'CHOWN'],
      drop: ['ALL'],
    })
  })

  test('the mount of its token, by its exact path', () => {
    const mounts = (path: string) => {
      const volumeMounts = [{...tokenMount, mountPath: path, subPath: 'x'}]
      return containerOf(injected(inject({}, {containers: [{name: 'web', volumeMounts}]})), 'linkerd-init').volumeMounts
    }
    expect(mounts(tokenMount.mountPath)).toContainEqual({...tokenMount, readOnly: false})
    expect(mounts(`${tokenMount.mountPath}/`)).toHaveLength(1)
  })

  test('no mount, and the values have one', () => {
    const saMountPath = {name: 'own', mountPath: '/own', readOnly: true}
    const pod = injected(inject({}, {}, {proxy: {saMountPath}}))
    expect(containerOf(pod, 'linkerd-proxy').volumeMounts).toContainEqual(saMountPath)
  })

  test('nothing where the values set the security context', () => {
    const pod = injected(
      inject({'config.linkerd.io/proxy-uid': '7'}, {}, {proxy: {securityContext: {runAsUser: 5000}}}),
    )
    expect(containerOf(pod, 'linkerd-proxy').securityContext).toEqual({runAsUser: 5000})
    expect(containerOf(pod, 'linkerd-init').args).toEqual(expect.arrayContaining(['--proxy-uid', '7']))
  })
})

test('numbers of many digits are printed, not rounded', () => {
  const pod = injected(inject({'config.linkerd.io/proxy-uid': '1000660000'}))
  expect(containerOf(pod, 'linkerd-init').args).toEqual(expect.arrayContaining(['--proxy-uid', '1000660000']))
  expect(containerOf(pod, 'linkerd-proxy').securityContext?.runAsUser).toBe(1000660000)
})

test('an own name of the lock file’s volume is used for volume and mount', () => {
  const pod = injected(inject({}, {}, {proxyInit: {xtMountPath: {name: 'lock', mountPath: '/run/lock'}}}))
  expect(pod.spec.volumes).toContainEqual({name: 'lock', emptyDir: {}})
  expect(containerOf(pod, 'linkerd-init').volumeMounts).toEqual([{name: 'lock', mountPath: '/run/lock'}])
})

test('an image named with room around it is trimmed, as YAML would', () => {
  const pod = injected(
    inject({'config.linkerd.io/proxy-version': 'v1 ', 'config.linkerd.io/image-pull-policy': ' Always'}),
  )
  expect(containerOf(pod, 'linkerd-proxy')).toMatchObject({
    image: 'cr.l5d.io/linkerd/proxy:v1',
    imagePullPolicy: 'Always',
  })
})

test('attributes of spans come from the values, the pod’s labels and its annotations, the last first', () => {
  const tracing = {
    enabled: true,
    collector: {endpoint: 'c.t:4317', meshIdentity: {namespace: 't', serviceAccountName: 'c'}},
    labels: {env: 'prod'},
  }
  const pod = podOf({'resource.opentelemetry.io/env': 'test'})
  const labels = {'app.kubernetes.io/name': 'web', 'app.kubernetes.io/instance': 'web-1'}
  const injection = injectorOf(
    {},
    {proxy: {tracing}, clusterDomain: 'k8s.example', identityTrustDomain: 'id.example'},
  ).inject(subjectOf({...pod, metadata: {...pod.metadata, labels}}))
  expect(variableOf(injected(injection), 'TRACE_EXTRA_ATTRIBUTES')).toBe(
    'env=test\nk8s.container.name=$(_pod_containerName)\nk8s.pod.ip=$(_pod_ip)\nk8s.pod.uid=$(_pod_uid)\nservice.name=web-1\n',
  )
  expect(variableOf(injected(injection), 'TRACE_COLLECTOR_SVC_NAME')).toBe(
    'c.t.serviceaccount.identity.linkerd.k8s.example',
  )
})

describe('a pod is refused', () => {
  const config = 'config.linkerd.io/'
  test.each<[string, Record<string, string>, Partial<PodSpec>, string]>([
    [
      'for log headers that are neither',
      {[`${config}proxy-log-http-headers`]: 'on'},
      {},
      'proxy-log-http-headers is "on"',
    ],
    ['for a close-wait timeout without root', {[`${config}close-wait-timeout`]: '60s'}, {}, 'proxyInit.runAsRoot'],
    ['for a ratio that is no number', {[`${config}proxy-cpu-ratio-limit`]: 'NaN'}, {}, 'proxy-cpu-ratio-limit'],
    ['for a port that no container can have', {[`${config}admin-port`]: '0'}, {}, 'admin-port is 0'],
    ['for a user that cannot be', {[`${config}proxy-uid`]: '-1'}, {}, 'proxy-uid is -1'],
    ['for a group that cannot be', {[`${config}proxy-gid`]: '4294967296'}, {}, 'proxy-gid is 4294967296'],
    ['for an unknown pull policy', {[`${config}image-pull-policy`]: 'Sometimes'}, {}, '"Sometimes"'],
    [
      'for a request above the limit',
      {[`${config}proxy-cpu-request`]: '2', [`${config}proxy-cpu-limit`]: '1500m'},
      {},
      'cpu request "2" is above its limit "1500m"',
    ],
    ['for a negative request', {[`${config}proxy-memory-request`]: '-1'}, {}, 'memory request "-1"'],
    [
      'for a variable without a name',
      {[`${config}proxy-additional-env`]: '[{"value":"x"}]'},
      {},
      'proxy-additional-env',
    ],
    ['for a container named as Linkerd’s', {}, {containers: [{name: 'linkerd-init'}]}, 'linkerd-init'],
    ['for a volume named as Linkerd’s', {}, {volumes: [{name: 'linkerd-identity-token'}]}, 'linkerd-identity-token'],
    ['for an operating system without a proxy', {}, {os: {name: 'windows'}}, 'windows'],
    [
      'for a capability that the proxy may not have',
      {},
      {containers: [{name: 'web', securityContext: {capabilities: {add: ['CAP_SYS_ADMIN']}}}]},
      'CAP_SYS_ADMIN',
    ],
  ])('%s', (_, annotations, spec, text) => {
    const injection = inject(annotations, spec)
    expect(injection.outcome).toBe('refused')
    expect(injection).toHaveProperty('message', expect.stringContaining(text))
  })

  test('not for a close-wait timeout that the values allow, or under CNI', () => {
    const annotations = {'config.linkerd.io/close-wait-timeout': '60s'}
    const init = containerOf(injected(inject(annotations, {}, {proxyInit: {runAsRoot: true}})), 'linkerd-init')
    expect(init.args).toEqual(expect.arrayContaining(['--timeout-close-wait-secs', '60']))
    expect(init.securityContext?.privileged).toBe(true)
    expect(inject(annotations, {}, {cniEnabled: true}).outcome).toBe('injected')
  })
})

const keys = [
  ...linkerd220.inheritedKeys,
  'config.linkerd.io/close-wait-timeout',
  'config.linkerd.io/debug-image',
  'config.linkerd.io/enable-gateway',
  'config.linkerd.io/proxy-cpu-ratio-limit',
  'resource.opentelemetry.io/x',
  '__proto__',
  'constructor',
]
const texts = fc.oneof(
  fc.constantFrom(
    '',
    'true',
    'enabled',
    '1',
    '-1',
    '9'.repeat(400),
    'NaN',
    '0x1',
    '1h',
    '10E',
    '1,2-3',
    '[]',
    '[{"name":"A"}]',
    '"',
    '\\',
  ),
  fc.string({unit: 'binary', maxLength: 40}),
)
const maps = fc
  .array(fc.tuple(fc.constantFrom(...keys), texts), {maxLength: 8})
  .map((entries): Record<string, string> => Object.fromEntries(entries))
const containers = fc.array(
  fc.record(
    {
      name: fc.constantFrom('web', 'log', 'linkerd-proxy', 'linkerd-init', 'linkerd-debug'),
      image: texts,
      ports: fc.array(fc.record({containerPort: fc.integer(), name: texts}), {maxLength: 3}),
      volumeMounts: fc.constant([tokenMount]),
      unknown: fc.jsonValue(),
    },
    {requiredKeys: ['name']},
  ),
  {maxLength: 4},
)

describe('whatever a pod holds', () => {
  const injector = injectorOf()

  test('it is answered, unchanged itself, and its own containers stay as they are', () => {
    fc.assert(
      fc.property(maps, maps, containers, containers, (own, inherited, app, init) => {
        const pod = podOf(own, {containers: app, initContainers: init})
        const before = JSON.stringify(pod)
        const subject = subjectOf(pod)
        const injection = injector.inject({...subject, namespace: {...subject.namespace, annotations: inherited}})
        injector.native(subject)
        injector.evasions(subject)
        injector.annotate(pod, subject.namespace)
        expect(JSON.stringify(pod)).toBe(before)
        expect(Object.keys(Object.prototype)).toEqual([])
        if (injection.outcome !== 'injected') return
        const after = [...(injection.pod.spec.initContainers ?? []), ...injection.pod.spec.containers]
        for (const container of [...init, ...app]) expect(after).toContain(container)
        expect(injector.inject({...subject, pod: injection.pod})).toMatchObject({outcome: 'skipped', code: 'MW1115'})
        expect(Object.keys(injection.pod.metadata.annotations ?? {})).toEqual(expect.arrayContaining(Object.keys(own)))
      }),
      {numRuns: 500},
    )
  })

  test('a hundred thousand variables take no more than their share of time', () => {
    const env = JSON.stringify(Array.from({length: 100_000}, (_, i) => ({name: `V${i}`, value: 'x'})))
    const started = performance.now()
    expect(inject({'config.linkerd.io/proxy-additional-env': env}).outcome).toBe('injected')
    expect(performance.now() - started).toBeLessThan(3000)
  })
})
