import {isDeepStrictEqual} from 'node:util'
import fastJsonPatch from 'fast-json-patch'
import type {MeshName} from '../../src/mesh/mesh.ts'
import {isValues, type Values} from '../../src/mesh/values.ts'
import {applyPatch} from '../../test/apply-patch.ts'
import {listOf, type ShopPod} from './pods.ts'

/** What each mesh must have put into a pod of this shop. */
interface Expected {
  readonly sidecar: string
  /** The sidecar is an init container that keeps running, unless the mesh leaves that to the pod. */
  readonly native: boolean
  /** Fields of the application's containers that the mesh may rewrite: probes go through the sidecar. */
  readonly rewritten: readonly string[]
  /** Fields of the spec that the mesh may rewrite. */
  readonly rewrittenSpec: readonly string[]
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle']
const expected: Readonly<Record<MeshName, Expected>> = {
  istio: {sidecar: 'istio-proxy', native: true, rewritten: probes, rewrittenSpec: []},
  linkerd: {sidecar: 'linkerd-proxy', native: true, rewritten: [], rewrittenSpec: []},
  consul: {sidecar: 'consul-dataplane', native: false, rewritten: probes, rewrittenSpec: ['dnsPolicy', 'dnsConfig']},
}

export interface Judged {
  readonly decision: string
  readonly code: string
  /** The sidecar, and how it runs. */
  readonly sidecar: string
  readonly patchBytes: number
  readonly injected: Values
  /** Sentences about what is not as it should be. */
  readonly faults: readonly string[]
}

/** Holds an answer of the webhook against what it should be. */
export function judge(mesh: MeshName, {pod, kind, workload}: ShopPod, uid: string, answer: unknown): Judged {
  const faults: string[] = []
  const expect = (holds: boolean, fault: string) => {
    if (!holds) faults.push(`${mesh} ${workload}: ${fault}`)
  }
  const review = isValues(answer) ? answer : {}
  const response = isValues(review['response']) ? review['response'] : {}
  const audit = isValues(response['auditAnnotations']) ? response['auditAnnotations'] : {}
  expect(
    review['apiVersion'] === 'admission.k8s.io/v1' && review['kind'] === 'AdmissionReview',
    'no AdmissionReview v1',
  )
  expect(response['uid'] === uid, 'the uid is not echoed')
  expect(response['allowed'] === true, `refused: ${JSON.stringify(response['status'])}`)
  expect(audit['code'] === 'MW1005', `the code is ${String(audit['code'])}, not MW1005`)

  const bytes = Buffer.from(typeof response['patch'] === 'string' ? response['patch'] : '', 'base64')
  const {injected, disagreement} = patched(pod, bytes.toString())
  expect(disagreement === undefined, disagreement ?? '')
  const spec = isValues(injected['spec']) ? injected['spec'] : {}
  const {sidecar, native, rewritten, rewrittenSpec} = expected[mesh]
  const mustBeNative = native || kind === 'Job' || kind === 'CronJob'
  const init = listOf(spec['initContainers'])
  const inInit = init.find(({name}) => name === sidecar)
  const beside = listOf(spec['containers']).some(({name}) => name === sidecar)
  expect(
    mustBeNative ? inInit?.['restartPolicy'] === 'Always' && !beside : beside && inInit === undefined,
    `${sidecar} is not ${mustBeNative ? 'a native sidecar' : 'a container'}`,
  )
  expectNothingLost(pod, injected, {rewritten, rewrittenSpec}, expect)
  expectWhole(spec, expect)
  if (JSON.stringify(pod).includes('exclude-outbound-ports')) {
    expect(JSON.stringify(spec).includes('8583'), 'the excluded port is nowhere in the sidecar')
  }
  return {
    decision: String(audit['decision']),
    code: String(audit['code']),
    sidecar: inInit !== undefined ? `${sidecar} (native)` : beside ? sidecar : 'none',
    patchBytes: bytes.length,
    injected,
    faults,
  }
}

/** Applies the patch twice, by two readers that share no code. */
function patched(pod: Values, text: string): {injected: Values; disagreement?: string} {
  try {
    // Parsed for each: the library puts an operation's value into the document and may change it there.
    const {newDocument} = fastJsonPatch.applyPatch(structuredClone(pod), JSON.parse(text), true)
    const own = applyPatch(pod, JSON.parse(text))
    if (!isValues(own)) return {injected: pod, disagreement: 'the patch makes no object of the pod'}
    return isDeepStrictEqual(newDocument, own)
      ? {injected: own}
      : {injected: own, disagreement: 'two readers of the patch come to different pods'}
  } catch (error) {
    return {injected: pod, disagreement: `the patch does not apply: ${error instanceof Error ? error.message : ''}`}
  }
}

type Expect = (holds: boolean, fault: string) => void

/** Whatever the pod said it still says, its containers in their order. */
function expectNothingLost(
  before: Values,
  after: Values,
  {rewritten, rewrittenSpec}: Pick<Expected, 'rewritten' | 'rewrittenSpec'>,
  expect: Expect,
): void {
  const {containers, initContainers, volumes, ...spec} = isValues(before['spec']) ? before['spec'] : {}
  const now = isValues(after['spec']) ? after['spec'] : {}
  for (const [list, key] of [
    [containers, 'containers'],
    [initContainers, 'initContainers'],
    [volumes, 'volumes'],
  ] as const) {
    const written = listOf(list)
    const kept = listOf(now[key]).filter(({name}) => written.some((item) => item['name'] === name))
    expect(isDeepStrictEqual(written.map(nameOf), kept.map(nameOf)), `the order of ${key} has changed`)
    for (const [index, item] of written.entries()) {
      for (const [field, value] of Object.entries(item)) {
        if (rewritten.includes(field)) continue
        expect(includes(kept[index]?.[field], value), `${key} ${String(item['name'])} lost its ${field}`)
      }
    }
  }
  for (const [field, value] of Object.entries(spec)) {
    if (!rewrittenSpec.includes(field)) expect(includes(now[field], value), `spec.${field} has changed`)
  }
  expect(includes(after['metadata'], before['metadata']), 'metadata has lost something')
}

/** True where `whole` says all that `part` says. */
function includes(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((other) => isDeepStrictEqual(other, item)))
  }
  if (!isValues(part)) return whole === part
  return isValues(whole) && Object.entries(part).every(([key, value]) => includes(whole[key], value))
}

/** What the API server would refuse: names that are there twice, mounts of volumes that are not. */
function expectWhole(spec: Values, expect: Expect): void {
  const all = [...listOf(spec['initContainers']), ...listOf(spec['containers'])]
  const names = all.map(nameOf)
  expect(new Set(names).size === names.length, `two containers have one name: ${names.join(', ')}`)
  const volumes = listOf(spec['volumes']).map(nameOf)
  expect(new Set(volumes).size === volumes.length, `two volumes have one name: ${volumes.join(', ')}`)
  for (const container of all) {
    expect(typeof container['image'] === 'string', `container ${String(container['name'])} has no image`)
    for (const mount of listOf(container['volumeMounts'])) {
      expect(volumes.includes(nameOf(mount)), `there is no volume ${nameOf(mount)} to mount`)
    }
  }
}

function nameOf({name}: Values): string {
  return String(name)
}
