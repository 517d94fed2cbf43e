import {describe, expect, test} from 'vitest'
import type {Container, PodSpec, SecurityContext, StringMap} from '../pod.ts'
import {keys} from './annotations.ts'
import {injected, injectorOf, podOf, subjectOf} from './testing.ts'

const injector = injectorOf()

function keysOf(annotations: StringMap, spec: Partial<PodSpec> = {}, overrides = {}): string[] {
  return injector.evasions(subjectOf(podOf(annotations, spec), overrides)).map(({key}) => key)
}

describe('a way around the sidecar is named', () => {
  test.each<[string, string]>([
    [keys.excludeInboundPorts, '8080'],
    [keys.excludeOutboundPorts, '443'],
    [keys.excludeOutboundIPRanges, '0.0.0.0/0'],
    [keys.includeOutboundIPRanges, ''],
    [keys.includeInboundPorts, '80'],
    [keys.excludeInterfaces, 'eth0'],
    [keys.interceptionMode, 'NONE'],
    [keys.statusPort, '8080'],
    [keys.bootstrapOverride, 'mine'],
    [keys.proxyConfig, 'interceptionMode: NONE'],
    [keys.proxyConfig, '{"discovery_address": "rogue:15012"}'],
    [keys.templates, 'grpc-agent'],
    [keys.userVolume, '{"root":{"hostPath":{"path":"/"}}}'],
    [keys.overrides, '{"initContainers":[{"name":"istio-init","args":["true"]}]}'],
  ])('%s: %s', (key, value) => {
    expect(keysOf({[key]: value})).toEqual([key])
  })

  test('overrides too', () => {
    expect(keysOf({}, {}, {excludeInboundPorts: [80]})).toEqual(['meshwright.dev/exclude-inbound-ports'])
  })

  test('a foreign image or command in a reserved container', () => {
    const containers = [{name: 'web'}, {name: 'istio-proxy', image: 'evil:1', command: ['sh']}]
    expect(keysOf({}, {containers})).toEqual(['container istio-proxy', 'container istio-proxy'])
  })

  test('the proxy’s own user, whose traffic is not captured', () => {
    expect(keysOf({}, {securityContext: {runAsUser: 1337}})).toEqual(['spec.securityContext'])
    const containers = [{name: 'web', securityContext: {runAsGroup: 1337}}]
    expect(keysOf({}, {containers})).toEqual(['container web'])
  })
})

test.each<[string, StringMap]>([
  ['TPROXY', {[keys.interceptionMode]: 'TPROXY'}],
  ['TPROXY in ProxyConfig', {[keys.proxyConfig]: 'interceptionMode: TPROXY'}],
  ['binding low ports', {[keys.capNetBindService]: 'true'}],
  [
    'an override of who the sidecar runs as',
    {[keys.overrides]: '{"containers":[{"name":"istio-proxy","securityContext":{"runAsUser":0}}]}'},
  ],
])('%s makes the sidecar root, which is the mesh’s to choose', (_, annotations) => {
  expect(keysOf(annotations)).toEqual(Object.keys(annotations))
})

test('a container under the sidecar’s name may not ask for privileges', () => {
  const containers = (securityContext: SecurityContext): Container[] => [
    {name: 'istio-proxy', image: 'auto', securityContext},
  ]
  for (const context of [
    {privileged: true},
    {runAsUser: 0},
    {allowPrivilegeEscalation: true},
    {capabilities: {add: ['NET_ADMIN']}},
  ])
    expect(keysOf({}, {containers: containers(context)})).toEqual(['container istio-proxy'])
  expect(keysOf({}, {containers: containers({readOnlyRootFilesystem: true})})).toEqual([])
})

test.each<[string, StringMap]>([
  ['nothing', {}],
  [
    'the defaults written out',
    {[keys.includeInboundPorts]: '*', [keys.statusPort]: '15020', [keys.interceptionMode]: 'REDIRECT'},
  ],
  ['a template beside the sidecar’s', {[keys.templates]: 'sidecar, gateway'}],
  ['a harmless volume', {[keys.userVolume]: '{"a":{"emptyDir":{}}}'}],
])('%s is no way around it', (_, annotations) => {
  expect(keysOf(annotations)).toEqual([])
})

test('the mesh’s own output is none', () => {
  const pod = injected(injector.inject(subjectOf(podOf())))
  expect(injector.evasions(subjectOf(pod))).toEqual([])
})
