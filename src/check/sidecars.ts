import {admit, choose, unknownNamespace, type AdmissionState} from '../admission/review.ts'
import {canonicalQuantity} from '../mesh/go/quantity.ts'
import type {KubeObject, Pod} from '../mesh/pod.ts'
import {meshes} from '../mesh/registry.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {good, warning, type CheckResult} from './result.ts'

/** A pod whose sidecar is not what it would get today. */
export interface Outdated {
  /** `shop/order-service-7d9f-x2x` */
  readonly pod: string
  /** `istio-proxy: image`, the first thing that differs. */
  readonly difference: string
}

/** How many pods a sentence names. */
const most = 5

/** Which running pods carry a sidecar of other settings than those in force. */
export function checkSidecars(pods: readonly KubeObject[], state: AdmissionState): readonly CheckResult[] {
  const carrying = pods.flatMap((pod) => carried(pod, state) ?? [])
  const outdated = carrying.flatMap(({pod, object}) => differenceOf(pod, object, state) ?? [])
  if (outdated.length === 0)
    return [good('sidecars', `${carrying.length} pods carry a sidecar, and all of today's settings`)]
  const named = outdated.slice(0, most).map(({pod, difference}) => `${pod} (${difference})`)
  const rest = outdated.length > most ? ` and ${outdated.length - most} more` : ''
  return [
    warning(
      'sidecars',
      `${outdated.length} of ${carrying.length} pods carry a sidecar that is older than the settings: ${named.join(', ')}${rest}`,
      'Restart their workloads, such as with kubectl rollout restart.',
    ),
  ]
}

interface Carrying {
  readonly pod: Pod
  readonly object: KubeObject
}

function carried(object: KubeObject, state: AdmissionState): Carrying | undefined {
  const namespace = object.metadata?.namespace ?? ''
  const prepared = choose(state.objects.namespace(namespace) ?? unknownNamespace(namespace), state)
  const pod = state.shapes.pod(object)
  if (prepared === undefined || !pod.ok || !prepared.injector.carries(pod.object)) return undefined
  return {pod: pod.object, object}
}

/** What an injection of the same pod would say today, and the pod does not. Undefined where today it would get none. */
function differenceOf(pod: Pod, object: KubeObject, state: AdmissionState): Outdated | undefined {
  const {namespace = '', name = '', generateName} = pod.metadata
  const prepared = choose(state.objects.namespace(namespace) ?? unknownNamespace(namespace), state)
  if (prepared === undefined) return undefined
  const bare = meshes[prepared.mesh].uninject(pod)
  // As at its creation: a pod of a workload had no name yet.
  const {name: _, ...unnamed} = bare.metadata
  const asked = generateName === undefined ? bare : {...bare, metadata: unnamed}
  const request = {uid: '', kind: 'Pod', operation: 'CREATE', subResource: '', namespace, object: asked} as const
  const verdict = admit(request, state)
  if (verdict.decision !== 'injected') return undefined
  const [fresh, there] = [containersOf(verdict.object), containersOf(object)]
  for (const sidecar of verdict.sidecars) {
    const wanted = fresh.get(sidecar)
    if (wanted === undefined) continue
    const found = there.get(sidecar)
    const key = found === undefined ? 'is not there' : firstDifference(wanted, found, isLimited(object))
    if (key !== undefined) return {pod: `${namespace}/${name}`, difference: `${sidecar}: ${key}`}
  }
  return undefined
}

/** What the settings decide; the API server and other webhooks add to the rest. */
const compared = ['image', 'command', 'args', 'env', 'resources'] as const

function firstDifference(wanted: Values, found: Values, isLimited: boolean): string | undefined {
  const different = compared.find((key) => !says(found[key], wanted[key], key))
  return different ?? (isLimited || !hasMoreLimits(found, wanted) ? undefined : 'resources')
}

/** Whether a LimitRange gave it limits that no settings say: the API server notes which on the pod. */
function isLimited({metadata}: KubeObject): boolean {
  return metadata?.annotations?.['kubernetes.io/limit-ranger'] !== undefined
}

/** A limit that was taken out of the settings since. A request is another matter: one is filled in for each limit. */
function hasMoreLimits(found: Values, wanted: Values): boolean {
  const said = limitsOf(wanted)
  return Object.keys(limitsOf(found)).some((resource) => !(resource in said))
}

function limitsOf({resources}: Values): Values {
  const limits = isValues(resources) ? resources['limits'] : undefined
  return isValues(limits) ? limits : {}
}

/** Whether what is there says all of what is wanted, defaults that the API server filled in aside. */
function says(there: unknown, wanted: unknown, key: string): boolean {
  if (wanted === undefined) return true
  if (Array.isArray(wanted)) {
    if (!Array.isArray(there)) return wanted.length === 0
    if (key !== 'env') return there.length === wanted.length && wanted.every((item, i) => says(there[i], item, key))
    return wanted.every((item) => there.some((each) => isNamed(each, item) && says(each, item, '')))
  }
  if (isValues(wanted)) {
    const found = isValues(there) ? there : {}
    return Object.entries(wanted).every(([name, value]) => says(found[name], value, key))
  }
  if (key === 'resources') return quantityOf(there) === quantityOf(wanted)
  // An empty value is left out by the API server.
  return there === wanted || (wanted === '' && there === undefined)
}

/** `1000m` and `1` are the same. */
function quantityOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : undefined
}

function isNamed(there: unknown, wanted: unknown): boolean {
  return isValues(there) && isValues(wanted) && there['name'] === wanted['name']
}

function containersOf({spec}: KubeObject): ReadonlyMap<string, Values> {
  if (!isValues(spec)) return new Map()
  const lists = [spec['initContainers'], spec['containers']].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : [],
  )
  return new Map(lists.filter(isValues).map((container) => [String(container['name']), container]))
}
