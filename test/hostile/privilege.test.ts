import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {admit, type AdmissionState, type Verdict} from '../../src/admission/review.ts'
import {compareQuantities, parseQuantity} from '../../src/mesh/go/quantity.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import type {Container, Pod} from '../../src/mesh/pod.ts'
import {keys, values} from '../fuzz/review-bodies.ts'
import {stateOf} from './states.ts'

// A pod's author chooses annotations and labels, an administrator enforces the mesh: whatever the author writes, either the
// pod is refused, or its sidecar is no more than it is without a word of theirs.

const images: Readonly<Record<MeshName, readonly string[]>> = {
  istio: ['docker.io/istio/*'],
  linkerd: ['cr.l5d.io/linkerd/*', 'ghcr.io/linkerd/*'],
  consul: ['hashicorp/*', 'docker.io/hashicorp/*', 'registry.connect.redhat.com/hashicorp/*'],
}
const resources = {limits: {cpu: '500m', memory: '256Mi'}, requests: {cpu: '100m', memory: '128Mi'}}
const bounds = {cpu: {max: '1'}, memory: {max: '512Mi'}}

const pointed: Readonly<Record<string, string>> = {
  'sidecar.istio.io/proxyImage': 'evil.example/proxy:1',
  'sidecar.istio.io/proxyImageType': 'debug',
  'sidecar.istio.io/interceptionMode': 'TPROXY',
  'sidecar.istio.io/userVolume': '{"root":{"hostPath":{"path":"/"}}}',
  'sidecar.istio.io/userVolumeMount': '{"root":{"mountPath":"/host"}}',
  'sidecar.istio.io/proxyCPU': '64',
  'sidecar.istio.io/proxyCPULimit': '64',
  'sidecar.istio.io/proxyMemory': '1Ti',
  'sidecar.istio.io/proxyMemoryLimit': '1Ti',
  'sidecar.istio.io/capNetBindService': 'true',
  'sidecar.istio.io/enableCoreDump': 'true',
  'proxy.istio.io/overrides':
    '{"containers":[{"name":"istio-proxy","securityContext":{"privileged":true,"runAsUser":0}}]}',
  'proxy.istio.io/config': '{"image":{"imageType":"debug"},"binaryPath":"/bin/sh"}',
  'inject.istio.io/templates': 'sidecar,gateway,grpc-agent',
  'config.linkerd.io/proxy-image': 'evil.example/proxy',
  'config.linkerd.io/init-image': 'evil.example/init',
  'config.linkerd.io/debug-image': 'evil.example/debug',
  'config.linkerd.io/enable-debug-sidecar': 'true',
  'config.linkerd.io/proxy-uid': '0',
  'config.linkerd.io/proxy-cpu-limit': '64',
  'config.linkerd.io/proxy-memory-limit': '1Ti',
  'config.linkerd.io/proxy-cpu-request': '64',
  'consul.hashicorp.com/sidecar-proxy-cpu-limit': '64',
  'consul.hashicorp.com/sidecar-proxy-memory-limit': '1Ti',
  'consul.hashicorp.com/sidecar-proxy-cpu-request': '64',
  'consul.hashicorp.com/consul-sidecar-user-volume': '[{"name":"root","hostPath":{"path":"/"}}]',
  'consul.hashicorp.com/consul-sidecar-user-volume-mount': '[{"name":"root","mountPath":"/host"}]',
  'consul.hashicorp.com/envoy-extra-args': '--admin-address-path /host/x',
  'meshwright.dev/proxy-cpu-limit': '64',
  'meshwright.dev/proxy-memory-limit': '1Ti',
  'meshwright.dev/proxy-cpu-request': '100m',
}
const annotations = fc
  .array(
    fc.oneof(
      {weight: 3, arbitrary: fc.constantFrom(...Object.entries(pointed))},
      {weight: 1, arbitrary: fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...values))},
    ),
    {maxLength: 4},
  )
  .map((entries): Record<string, string> => Object.fromEntries(entries))

function admitted(state: AdmissionState, annotations: Record<string, string>, labels: Record<string, string>): Verdict {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {generateName: 'web-', namespace: 'shop', labels: {app: 'web', ...labels}, annotations},
    spec: {containers: [{name: 'app', image: 'app:1', ports: [{containerPort: 8080}]}]},
  }
  const request = {uid: 'u', kind: 'Pod', operation: 'CREATE', subResource: '', namespace: 'shop', object} as const
  return admit(request, state)
}

const podOf = ({object}: Verdict) => object as unknown as Pod
const containersOf = ({spec: {initContainers = [], containers}}: Pod) => [...initContainers, ...containers]

/** What a container may do beside computing. */
function privilegesOf({securityContext = {}}: Container): ReadonlySet<string> {
  const {capabilities, privileged, allowPrivilegeEscalation, runAsUser, runAsNonRoot} = securityContext as {
    capabilities?: {add?: readonly string[]; drop?: readonly string[]}
    privileged?: boolean
    allowPrivilegeEscalation?: boolean
    runAsUser?: number
    runAsNonRoot?: boolean
  }
  return new Set([
    ...(capabilities?.add ?? []).map((name) => `capability ${name}`),
    ...(capabilities?.drop?.includes('ALL') === true ? [] : ['capabilities that are not dropped']),
    ...(privileged === true ? ['privileged'] : []),
    ...(allowPrivilegeEscalation === false ? [] : ['escalation']),
    ...(runAsUser === 0 || (runAsUser === undefined && runAsNonRoot !== true) ? ['root'] : []),
  ])
}

describe.each(meshNames)('on %s, what a tenant writes', (mesh) => {
  const state = stateOf(mesh, {enforced: true, allowedImages: images[mesh], bounds, sidecar: {resources}})
  const plain = admitted(state, {}, {})
  /** What may be done by containers of either sort, where no tenant says a word. */
  const most = (like: Container): ReadonlySet<string> =>
    new Set(
      containersOf(podOf(plain))
        .filter((one) => one.name !== 'app' && runsBeside(one) === runsBeside(like))
        .flatMap((one) => [...privilegesOf(one)]),
    )
  const beyond = (container: Container) => [...privilegesOf(container)].filter((one) => !most(container).has(one))

  test('is measured against a sidecar that there is', () => {
    expect(plain).toMatchObject({decision: 'injected'})
    expect(plain.sidecars.length).toBeGreaterThan(0)
  })

  test('cannot raise a privilege, choose another image, or go beyond the bounds', {timeout: 120_000}, () => {
    let injected = 0
    fc.assert(
      fc.property(annotations, annotations, (annotated, labelled) => {
        const verdict = admitted(state, annotated, labelled)
        if (verdict.decision === 'refused') return
        injected++
        // Nobody gets past the mesh either.
        expect(verdict.decision).toBe('injected')
        const pod = podOf(verdict)
        const added = containersOf(pod).filter(({name}) => name !== 'app')
        for (const container of added) {
          expect(beyond(container)).toEqual([])
          expect(images[mesh].some((entry) => (container.image ?? '').startsWith(entry.slice(0, -1)))).toBe(true)
        }
        for (const container of added.filter(runsBeside)) expectWithin(container)
        const {hostNetwork, hostPID, hostIPC, volumes = []} = pod.spec as Pod['spec'] & Record<string, unknown>
        expect([hostNetwork ?? false, hostPID ?? false, hostIPC ?? false]).toEqual([false, false, false])
        expect(JSON.stringify(volumes)).not.toContain('hostPath')
      }),
      {numRuns: 3000, seed: 20_261_130},
    )
    // The property is about pods that get a sidecar.
    expect(injected).toBeGreaterThan(100)
  })

  test.each(Object.entries(pointed))('cannot do so with %s: %s', (key, value) => {
    const verdict = admitted(state, {[key]: value}, {})
    if (verdict.decision === 'refused') return
    const added = containersOf(podOf(verdict)).filter(({name}) => name !== 'app')
    for (const container of added) expect(beyond(container)).toEqual([])
    for (const container of added.filter(runsBeside)) expectWithin(container)
  })
})

/** As long as the application: not an init container that ends. */
function runsBeside(container: Container): boolean {
  return !container.name.includes('init') && !container.name.includes('validat')
}

function expectWithin({name, resources}: Container): void {
  for (const resource of ['cpu', 'memory'] as const) {
    const written = resources?.limits?.[resource]
    const limit = parseQuantity(String(written))
    const edge = parseQuantity(bounds[resource].max)
    if (limit === undefined || edge === undefined)
      throw new Error(`${name} has no ${resource} limit: ${String(written)}`)
    expect(compareQuantities(limit, edge)).toBeLessThanOrEqual(0)
  }
}
