import {describe, expect, test} from 'vitest'
import type {MeshName} from '../mesh/mesh.ts'
import type {Container, Pod, SecurityContext} from '../mesh/pod.ts'
import {enforceLabel, podSecurityFindings} from './pod-security.ts'
import {warningOf} from './review.ts'

/** Keeps the restricted standard. */
const safe: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: {drop: ['ALL']},
  runAsNonRoot: true,
  seccompProfile: {type: 'RuntimeDefault'},
}
const root: SecurityContext = {capabilities: {add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL']}, runAsUser: 0}

function messages(
  mesh: MeshName,
  standard: string,
  sidecars: readonly Container[],
  ofPod: SecurityContext = {},
): string[] {
  const pod: Pod = {
    metadata: {},
    spec: {
      securityContext: ofPod,
      // What the application itself does wrong is not the mesh's business.
      containers: [{name: 'app', securityContext: {privileged: true}}],
      initContainers: sidecars,
    },
  }
  const namespace = {name: 'shop', labels: {[enforceLabel]: standard}, annotations: {}}
  const names = sidecars.map(({name}) => name)
  return podSecurityFindings(pod, names, namespace, mesh).map(({message}) => message)
}

const proxy: Container = {name: 'istio-proxy', restartPolicy: 'Always', securityContext: safe}

describe('a sidecar in a namespace with a Pod Security standard', () => {
  test.each([
    ['istio', 'istio-init', 'mesh.istio.values.pilot.cni.enabled'],
    ['linkerd', 'linkerd-init', 'mesh.linkerd.values.cniEnabled'],
    ['consul', 'consul-connect-inject-init', 'mesh.consul.values.connectInject.cni.enabled'],
    ['consul', 'consul-connect-inject-init-web', 'mesh.consul.values.connectInject.cni.enabled'],
  ] as const)('of %s whose %s is privileged needs its CNI plugin', (mesh, name, setting) => {
    const init = {name, securityContext: {...safe, ...root}}
    expect(messages(mesh, 'restricted', [init])).toEqual([`restricted needs ${setting}`])
    expect(messages(mesh, 'baseline', [init])).toEqual([`baseline needs ${setting}`])
  })

  test('says nothing where the standard is kept, is privileged, or is none that Kubernetes knows', () => {
    const init = {name: 'istio-init', securityContext: root}
    expect(messages('istio', 'restricted', [proxy])).toEqual([])
    expect(messages('istio', 'privileged', [init])).toEqual([])
    expect(messages('istio', 'Restricted', [init])).toEqual([])
    expect(
      podSecurityFindings({metadata: {}, spec: {containers: []}}, [], {name: '', labels: {}, annotations: {}}, 'istio'),
    ).toEqual([])
  })

  test('takes from the pod what the container leaves open, under restricted only', () => {
    const {runAsNonRoot: _, seccompProfile: __, ...open} = safe
    const container = {...proxy, securityContext: open}
    expect(messages('istio', 'baseline', [container])).toEqual([])
    expect(messages('istio', 'restricted', [container])).toEqual([
      'restricted refuses the container istio-proxy: may run as root',
      'restricted needs mesh.istio.values.global.proxy.seccompProfile',
    ])
    const ofPod = {runAsNonRoot: true, seccompProfile: {type: 'Localhost', localhostProfile: 'mesh'}}
    expect(messages('istio', 'restricted', [container], ofPod)).toEqual([])
  })

  test.each([
    ['privileged', {privileged: true}],
    ['capability SYS_PTRACE', {capabilities: {add: ['SYS_PTRACE'], drop: ['ALL']}}],
    ['not all capabilities dropped', {capabilities: {drop: ['NET_RAW']}}],
    ['allowPrivilegeEscalation', {allowPrivilegeEscalation: true}],
    ['may run as root', {runAsUser: 0}],
    ['may run as root', {runAsNonRoot: false}],
    ['no seccompProfile', {seccompProfile: {type: 'Unconfined'}}],
  ])('names the container and why where no setting helps: %s', (reason, context) => {
    const container = {name: 'linkerd-debug', securityContext: {...safe, ...context}}
    expect(messages('linkerd', 'restricted', [container])).toEqual([
      `restricted refuses the container linkerd-debug: ${reason}`,
    ])
  })

  test('is said once for many containers, and no setting is cut off a warning', () => {
    const inits = ['', '-a', '-b'].map((service) => ({
      name: `consul-connect-inject-init${service}`,
      securityContext: {...safe, ...root},
    }))
    const pod: Pod = {metadata: {}, spec: {containers: inits}}
    const namespace = {name: 'shop', labels: {[enforceLabel]: 'restricted'}, annotations: {}}
    const [finding, ...others] = podSecurityFindings(
      pod,
      inits.map(({name}) => name),
      namespace,
      'consul',
    )
    expect(others).toEqual([])
    expect(finding && warningOf(finding)).toBe(
      'MW3005 pod-security.kubernetes.io/enforce: restricted needs mesh.consul.values.connectInject.cni.enabled',
    )
    expect(
      messages('istio', 'restricted', [{name: 'istio-proxy'}])
        .map((m) => `MW3005 ${enforceLabel}: ${m}`.length)
        .every((n) => n <= 120),
    ).toBe(true)
  })
})
