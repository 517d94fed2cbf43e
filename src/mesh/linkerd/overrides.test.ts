import {expect, test} from 'vitest'
import type {PodOverrides} from '../overrides.ts'
import {containerOf, injected, injectorOf, podOf, subjectOf, variableOf} from './testing.ts'

function inject(overrides: PodOverrides, annotations: Record<string, string> = {}, values = {}) {
  return injectorOf({}, values).inject(subjectOf(podOf(annotations), {overrides}))
}

test('resources win over the annotation for the same thing and leave the rest', () => {
  const pod = injected(
    inject(
      {proxyCpuRequest: '1500m', proxyMemoryLimit: '64Mi'},
      {'config.linkerd.io/proxy-cpu-request': '1', 'config.linkerd.io/proxy-cpu-limit': '2'},
    ),
  )
  expect(containerOf(pod, 'linkerd-proxy').resources).toEqual({
    requests: {cpu: '1500m'},
    limits: {cpu: '2', memory: '64Mi'},
  })
  expect(variableOf(pod, 'CORES')).toBe('2')
})

test('excluded ports stand in the arguments and in the annotations that the mesh reads at run time', () => {
  const pod = injected(
    inject(
      {excludeInboundPorts: [22, 23], excludeOutboundPorts: [3306]},
      {'config.linkerd.io/skip-inbound-ports': '9'},
    ),
  )
  expect(containerOf(pod, 'linkerd-init').args).toEqual(
    expect.arrayContaining(['4190,4191,22,23', '--outbound-ports-to-ignore', '3306']),
  )
  expect(pod.metadata.annotations).toMatchObject({
    'config.linkerd.io/skip-inbound-ports': '22,23',
    'config.linkerd.io/skip-outbound-ports': '3306',
  })
})

test.each<[PodOverrides, Record<string, string | undefined>]>([
  [{concurrency: 3}, {CORES: '3', CORES_MIN: '3', CORES_MAX: '3', CORES_MAX_RATIO: undefined}],
  [{concurrency: 0}, {CORES: '1', CORES_MIN: '1', CORES_MAX: undefined, CORES_MAX_RATIO: '1'}],
  [{accessLog: true}, {ACCESS_LOG: 'apache'}],
  [{accessLog: false}, {ACCESS_LOG: undefined}],
  [{logLevel: 'debug'}, {LOG: 'warn,linkerd=debug,hickory=error,[{headers}]=off,[{request}]=off'}],
  [{logLevel: 'off'}, {LOG: 'off,[{headers}]=off,[{request}]=off'}],
])('%j', (overrides, variables) => {
  const pod = injected(inject(overrides, {}, {proxy: {cores: 8}}))
  for (const [name, value] of Object.entries(variables)) expect(variableOf(pod, name)).toBe(value)
})

test('the sidecar’s kind and the wait for it can be chosen', () => {
  const proxy = containerOf(injected(inject({nativeSidecar: false, holdUntilReady: false})), 'linkerd-proxy')
  expect(proxy).not.toHaveProperty('restartPolicy')
  expect(proxy).not.toHaveProperty('lifecycle')
})

test('what Linkerd cannot do for one pod is a finding', () => {
  const injection = inject({samplingRate: 0.1, excludeOutboundCidrs: ['10.0.0.0/8'], logLevel: 'critical'})
  const findings = injection.outcome === 'injected' ? injection.findings.map(({kind, key}) => `${kind} ${key}`) : []
  expect(findings).toEqual([
    'approximated meshwright.dev/log-level',
    'ignored meshwright.dev/exclude-outbound-cidrs',
    'ignored meshwright.dev/sampling-rate',
  ])
})
