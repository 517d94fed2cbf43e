import {expect, test} from 'vitest'
import type {PodOverrides} from '../overrides.ts'
import type {PodSpec} from '../pod.ts'
import {injectorOf, podOf, subjectOf} from './testing.ts'

const injector = injectorOf({enforced: true})

function keys(
  annotations: Record<string, string>,
  {
    spec = {},
    overrides = {},
    namespace = {},
  }: {spec?: Partial<PodSpec>; overrides?: PodOverrides; namespace?: Record<string, string>} = {},
): string[] {
  const subject = subjectOf(podOf(annotations, spec), {overrides})
  return injector.evasions({...subject, namespace: {...subject.namespace, annotations: namespace}}).map(({key}) => key)
}

test('a plain pod has none', () => {
  expect(keys({'config.linkerd.io/proxy-log-level': 'debug', 'config.linkerd.io/skip-inbound-ports': ''})).toEqual([])
})

test.each([
  'config.linkerd.io/skip-inbound-ports',
  'config.linkerd.io/skip-outbound-ports',
  'config.linkerd.io/skip-subnets',
  'config.linkerd.io/proxy-image',
])('%s is one, on the pod and on its namespace', (key) => {
  expect(keys({[key]: 'x'})).toEqual([key])
  expect(keys({}, {namespace: {[key]: 'x'}})).toEqual([key])
})

test.each([
  ['config.linkerd.io/proxy-uid', '0'],
  ['config.linkerd.io/enable-debug-sidecar', 'true'],
])('%s: %s gives the pod privileges of the mesh, on the pod and on its namespace', (key, value) => {
  expect(keys({[key]: value})).toEqual([key])
  expect(keys({}, {namespace: {[key]: value}})).toEqual([key])
})

test('excluded ports are', () => {
  expect(keys({}, {overrides: {excludeInboundPorts: [22], excludeOutboundPorts: [23]}})).toEqual([
    'meshwright.dev/exclude-inbound-ports',
    'meshwright.dev/exclude-outbound-ports',
  ])
})

test('variables that steer the proxy are', () => {
  const key = 'config.linkerd.io/proxy-additional-env'
  expect(keys({[key]: '[{"name":"TZ","value":"UTC"}]'})).toEqual([])
  expect(keys({[key]: '[{"name":"LINKERD2_PROXY_POLICY_SVC_ADDR","value":"x"}]'})).toEqual([key])
})

test('another program under the sidecar’s name is', () => {
  expect(keys({}, {spec: {containers: [{name: 'linkerd-proxy', image: 'nginx'}]}})).toEqual(['container linkerd-proxy'])
})

test('running as the proxy’s own user is, for the redirection lets it through', () => {
  expect(keys({}, {spec: {containers: [{name: 'web', securityContext: {runAsUser: 2102}}]}})).toEqual(['container web'])
  expect(keys({'config.linkerd.io/proxy-uid': '1000'}, {spec: {securityContext: {runAsUser: 1000}}})).toEqual([
    'container web',
  ])
})

test('a host path where the proxy looks for its token is', () => {
  const volumeMounts = [{name: 'host', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount'}]
  const spec = {containers: [{name: 'web', volumeMounts}], volumes: [{name: 'host', hostPath: {path: '/'}}]}
  expect(keys({}, {spec})).toEqual(['volume host'])
})
