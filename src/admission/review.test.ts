import {describe, expect, test} from 'vitest'
import type {Configuration} from '../config/schema.ts'
import type {Injector} from '../mesh/mesh.ts'
import type {Container} from '../mesh/pod.ts'
import {applyPatch} from '../../test/apply-patch.ts'
import {Reviewer, warningOf, type AdmissionState} from './review.ts'
import {Shapes} from './shape.ts'

const sidecar: Container = {name: 'proxy', image: 'mesh/proxy:1'}
const shapes = new Shapes()

function state(
  settings: Partial<Configuration['mesh']> = {autoInject: true},
  injector: Partial<Injector> = {},
): AdmissionState {
  return {
    base: {
      mesh: 'istio',
      settings: {type: 'istio', ...settings},
      injector: {
        findings: [],
        systemNamespaces: [],
        switches: [],
        native: () => ({inject: false, speaker: 'policy', code: 'MW1110', reason: 'no'}),
        inject: ({pod}) => ({
          outcome: 'injected',
          pod: {...pod, spec: {...pod.spec, containers: [...pod.spec.containers, sidecar]}},
          sidecars: ['proxy'],
          findings: [],
        }),
        carries: () => false,
        annotate: (object) => object,
        evasions: () => [],
        ...injector,
      },
    },
    environments: new Map(),
    objects: {get: () => undefined, namespace: (name) => ({name, labels: {}, annotations: {}})},
    shapes,
    ownNamespace: 'meshwright-system',
  }
}

const pod = {metadata: {generateName: 'web-'}, spec: {containers: [{name: 'web'}]}}

function reviewOf(request: object): object {
  const kind = {group: '', version: 'v1', kind: 'Pod'}
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {uid: 'u-1', kind, namespace: 'shop', operation: 'CREATE', object: pod, ...request},
  }
}

function answerTo(request: object, to = state()) {
  const reviewed = new Reviewer().review(reviewOf(request), to)
  if ('badRequest' in reviewed) throw new Error(reviewed.badRequest)
  return JSON.parse(reviewed.body).response
}

function decoded(patch: string): {op: string; path: string; value?: unknown}[] {
  return JSON.parse(Buffer.from(patch, 'base64').toString())
}

describe('an AdmissionReview', () => {
  test('is answered with its uid, a patch that adds the sidecar, and the decision for the audit log', () => {
    const {patch, ...response} = answerTo({})
    expect(response).toEqual({
      uid: 'u-1',
      allowed: true,
      patchType: 'JSONPatch',
      auditAnnotations: {
        decision: 'injected',
        code: 'MW1005',
        mesh: 'istio',
        reason: 'mesh.autoInject is true for namespace shop',
      },
    })
    expect(applyPatch(pod, decoded(patch))).toEqual({...pod, spec: {containers: [{name: 'web'}, sidecar]}})
  })

  test.each([
    ['absent', {metadata: {}, spec: {}}],
    ['null', {metadata: {annotations: null}, spec: {containers: null}}],
  ])('whose containers are %s is patched so that the patch applies to what came in', (_, object) => {
    const response = answerTo({object})
    expect(applyPatch(object, decoded(response.patch))).toMatchObject({spec: {containers: [sidecar]}})
  })

  test('leaves an annotation that is no text as it came', () => {
    const object = {metadata: {annotations: {flag: true}}, spec: {containers: [{name: 'web'}]}}
    const injector: Partial<Injector> = {
      inject: ({pod: given}) => ({
        outcome: 'injected',
        pod: {
          ...given,
          metadata: {...given.metadata, annotations: {...given.metadata.annotations, one: '1', two: '2'}},
        },
        sidecars: [],
        findings: [],
      }),
    }
    const {patch} = answerTo({object}, state({autoInject: true}, injector))
    expect(applyPatch(object, decoded(patch))).toMatchObject({
      metadata: {annotations: {flag: true, one: '1', two: '2'}},
    })
  })

  test.each([
    ['an update', {operation: 'UPDATE'}, 'MW1102'],
    ['a subresource', {subResource: 'exec'}, 'MW1103'],
    ["Meshwright's own namespace", {namespace: 'meshwright-system'}, 'MW1101'],
    ['another kind', {kind: {group: 'apps', version: 'v1', kind: 'Deployment'}}, 'MW1117'],
  ])('about %s is allowed without a patch', (_, request, code) => {
    expect(answerTo(request)).toEqual({
      uid: 'u-1',
      allowed: true,
      auditAnnotations: {decision: 'skipped', code, mesh: 'istio', reason: expect.any(String)},
    })
  })

  test.each([
    ['no object', []],
    ['another version', {...reviewOf({}), apiVersion: 'admission.k8s.io/v1beta1'}],
    ['no request', {apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: null}],
    ['no uid', reviewOf({uid: ''})],
    ['a namespace that is no text', reviewOf({namespace: {}})],
  ])('that is none (%s) is a bad request', (_, body) => {
    expect(new Reviewer().review(body, state())).toEqual({badRequest: expect.any(String)})
  })

  test('about something that is no pod is refused with the place', () => {
    expect(answerTo({object: {metadata: {}, spec: {containers: 'x'}}})).toMatchObject({
      allowed: false,
      status: {code: 403, message: expect.stringContaining('MW2008: spec.containers must be array')},
    })
  })

  test('whose namespace names an unknown environment is refused and told the known ones', () => {
    const to = {...state(), environments: new Map([['staging', state().base]])}
    const labels = {'meshwright.dev/environment': 'stagin'}
    const answer = answerTo(
      {},
      {...to, objects: {...to.objects, namespace: (name) => ({name, labels, annotations: {}})}},
    )
    expect(answer).toMatchObject({
      allowed: false,
      status: {message: expect.stringMatching(/MW2009.*"stagin".*staging/)},
    })
  })

  test('is decided by the MeshConfig and the environment that its namespace names', () => {
    const inForce = state({autoInject: false})
    const edge = {base: inForce.base, environments: new Map([['staging', state().base]])}
    const to = {...inForce, configurations: new Map([['edge', edge]])}
    const answerIn = (labels: Record<string, string>) =>
      answerTo({}, {...to, objects: {...to.objects, namespace: (name) => ({name, labels, annotations: {}})}})
    const staging = {'meshwright.dev/config': 'edge', 'meshwright.dev/environment': 'staging'}
    expect(answerIn(staging).auditAnnotations.decision).toBe('injected')
    expect(answerIn({'meshwright.dev/config': 'edge'}).auditAnnotations.decision).toBe('skipped')
    expect(answerIn({'meshwright.dev/environment': 'staging'}).status.message).toContain('MW2009')
    expect(answerIn({'meshwright.dev/config': 'eg'}).status.message).toMatch(/MW2011.*"eg".*edge/)
  })
})

describe('what the administrator forbids', () => {
  test.each([
    ['an image outside allowedImages', {allowedImages: ['mesh/other']}, 'MW2004'],
    ['an image that only starts like an allowed one', {allowedImages: ['mesh/prox']}, 'MW2004'],
  ])('%s refuses the pod', (_, settings, code) => {
    expect(answerTo({}, state({autoInject: true, ...settings})).status.message).toContain(code)
  })

  test.each([[['mesh/proxy:1']], [['mesh/proxy']], [['mesh/*']]])('%s allows the image', (allowedImages) => {
    expect(answerTo({}, state({autoInject: true, allowedImages}))).toMatchObject({allowed: true})
  })

  test('resources beyond the bounds refuse the pod, whichever key chose them', () => {
    const big = {...sidecar, resources: {limits: {cpu: '2500m'}, requests: {memory: '64Mi'}}}
    const injector: Partial<Injector> = {
      inject: ({pod: given}) => ({
        outcome: 'injected',
        pod: {...given, spec: {...given.spec, containers: [...given.spec.containers, big]}},
        sidecars: ['proxy'],
        findings: [],
      }),
    }
    const bounds = (cpu: string, memory: string) =>
      state({autoInject: true, bounds: {cpu: {max: cpu}, memory: {min: memory}}}, injector)
    expect(answerTo({}, bounds('2', '64Mi')).status.message).toContain('above mesh.bounds.cpu.max, 2')
    expect(answerTo({}, bounds('3', '65Mi')).status.message).toContain('below mesh.bounds.memory.min, 65Mi')
    expect(answerTo({}, bounds('2.5', '65536Ki'))).toMatchObject({allowed: true})
  })

  test('a sidecar without a limit is above every maximum, for an annotation can take the limit away', () => {
    const without = {...sidecar, resources: {requests: {cpu: '100m'}}}
    const injector: Partial<Injector> = {
      inject: ({pod: given}) => ({
        outcome: 'injected',
        pod: {...given, spec: {...given.spec, containers: [...given.spec.containers, without]}},
        sidecars: ['proxy'],
        findings: [],
      }),
    }
    const limited = (bounds: object) => answerTo({}, state({autoInject: true, bounds}, injector))
    expect(limited({cpu: {max: '2'}}).status.message).toContain('no cpu limit, and mesh.bounds.cpu.max is 2')
    expect(limited({cpu: {min: '50m'}})).toMatchObject({allowed: true})
  })

  test('a way around the sidecar is refused under mesh.enforced only', () => {
    const injector: Partial<Injector> = {evasions: () => [{key: 'traffic/exclude', reason: 'it keeps port 80 away'}]}
    expect(answerTo({}, state({autoInject: true, enforced: true}, injector)).status.message).toContain(
      'MW2006: traffic/exclude',
    )
    expect(answerTo({}, state({autoInject: true}, injector))).toMatchObject({allowed: true})
  })
})

test('a warning names code and key and is never longer than Kubernetes shows', () => {
  expect(warningOf({kind: 'ignored', key: 'mesh.a', message: 'b'})).toBe('MW3002 mesh.a: b')
  expect(warningOf({kind: 'replaced', key: 'k', message: 'm'.repeat(300)})).toHaveLength(120)
})

test('warns of a sidecar that the namespace’s Pod Security standard forbids', () => {
  const enforcing = {name: 'shop', labels: {'pod-security.kubernetes.io/enforce': 'restricted'}, annotations: {}}
  const answer = answerTo({}, {...state(), objects: {get: () => undefined, namespace: () => enforcing}})
  expect(answer.allowed).toBe(true)
  expect(answer.warnings).toEqual([
    'MW3005 pod-security.kubernetes.io/enforce: restricted refuses the container proxy: not all capabilities dropped',
    'MW3005 pod-security.kubernetes.io/enforce: restricted needs mesh.istio.values.global.proxy.seccompProfile',
  ])
})
