import type {KubeObject} from '../mesh/pod.ts'
import type {Desired, Part} from '../mesh/translation.ts'
import {digestOf} from './digest.ts'
import {isMap} from './fields.ts'
import {appliedAnnotation, essence, isCurrent, keyOf, refOf, type LiveObject} from './live.ts'
import {stamped} from './stamp.ts'

/** Where kinds stand in the order of application; removal goes the other way. */
export type KindOrder = (object: {readonly apiVersion?: string; readonly kind?: string}) => number

/** One object to be applied. */
export interface Application {
  /** With its marks, as it goes to the API server. */
  readonly object: KubeObject
  readonly mode: Desired['mode']
  /** Of what we say in it. */
  readonly digest: string
  /** Names of the parts it belongs to. */
  readonly parts: readonly string[]
  /** The way to entries of it that other objects name. */
  readonly named?: readonly string[]
  /** As we last saw it; absent where we have no part in such an object, which may exist all the same. */
  readonly live?: LiveObject
}

/** One object that is wanted no longer: ours is deleted, another's loses what we put in. */
export interface Removal {
  readonly live: LiveObject
  readonly how: 'delete' | 'withdraw'
}

export interface Plan {
  /** In the mesh's order, all before `remove`. */
  readonly apply: readonly Application[]
  /** In the reverse order of the mesh that they belong to. */
  readonly remove: readonly Removal[]
  /** What is as it should be. */
  readonly current: readonly Application[]
}

/** `mesh.strict`: what would be lost or left out refuses its part. */
export function strictly(parts: readonly Part[]): readonly Part[] {
  return parts.map((part) => {
    if (part.findings.length === 0) return part
    const findings = part.findings.map((finding) => ({...finding, kind: 'refused' as const}))
    return {...part, findings, objects: []}
  })
}

export function isRefused({findings}: Part): boolean {
  return findings.some(({kind}) => kind === 'refused')
}

/**
 * What is to be done so that the cluster holds what a unit wants: nothing that is not wanted and is not held, and no
 * write where nothing differs.
 *
 * @param live what the unit has written so far, of whatever mesh
 * @param isHeld objects that stay though no part wants them now
 */
export function planOf(
  unit: string,
  parts: readonly Part[],
  live: readonly LiveObject[],
  order: KindOrder,
  isHeld: (object: LiveObject) => boolean = () => false,
): Plan {
  const refused = new Set(parts.filter(isRefused).map(({name}) => name))
  const isKept = (found: LiveObject) => found.part.split('.').some((name) => refused.has(name)) || isHeld(found)
  const found = new Map(live.map((object) => [keyOf(object), object]))
  const wanted = new Map<string, Application>()
  for (const [key, claims] of claimed(parts)) {
    const known = found.get(key)
    // A refused part had its say in it: taking part of it back would not be the last good state.
    if (known !== undefined && known.part.split('.').some((name) => refused.has(name))) continue
    wanted.set(key, application(unit, claims, known))
  }
  const byOrder = (a: Application, b: Application) => order(a.object) - order(b.object)
  const inOrder = [...wanted.values()].toSorted(byOrder)
  const isDone = (one: Application) => one.live !== undefined && isCurrent(one.live, one)
  return {
    apply: inOrder.filter((one) => !isDone(one)),
    current: inOrder.filter(isDone),
    remove: live
      .filter((object) => !wanted.has(keyOf(object)) && !isKept(object) && !object.leaving)
      .toSorted((a, b) => order(b) - order(a) || (keyOf(b) < keyOf(a) ? -1 : 1))
      .map((live) => ({live, how: belongsToOthers(live) ? 'withdraw' : 'delete'})),
  }
}

function belongsToOthers({mode, touched}: LiveObject): boolean {
  return mode === 'contribute' || (mode === 'share' && touched)
}

interface Claim {
  readonly part: string
  readonly desired: Desired
}

/** By object: several parts may put something into the same one. */
function claimed(parts: readonly Part[]): Map<string, Claim[]> {
  const claims = new Map<string, Claim[]>()
  for (const part of parts) {
    if (isRefused(part)) continue
    for (const desired of part.objects) {
      const key = keyOf(refOf(desired.object))
      const known = claims.get(key)
      if (known === undefined) claims.set(key, [{part: part.name, desired}])
      else known.push({part: part.name, desired})
    }
  }
  return claims
}

function application(unit: string, claims: readonly Claim[], live: LiveObject | undefined): Application {
  const parts = [...new Set(claims.map(({part}) => part))].sort()
  const merged = claims.map(({desired}) => desired.object).reduce<KubeObject>(merge, {})
  const asked = claims[0]?.desired.mode ?? 'own'
  const named = claims.map(({desired}) => desired.named).find((path) => path !== undefined)
  // Shared: whoever made it owns it, and it is ours only if that was us.
  const mode = asked === 'share' && live?.mode === 'contribute' ? 'contribute' : asked
  return {
    ...finished({object: merged, mode}, unit, parts),
    ...(named === undefined ? {} : {named}),
    ...(live === undefined ? {} : {live}),
  }
}

/** With its marks and, where it is ours, the digest that tells later whether it is what we want. */
export function finished(
  desired: Desired,
  unit: string,
  parts: readonly string[],
): Pick<Application, 'object' | 'mode' | 'digest' | 'parts'> {
  const object = stamped(desired, unit, parts.join('.'))
  const digest = digestOf(essence(object))
  if (desired.mode === 'contribute') return {object, mode: desired.mode, digest, parts}
  const annotations = {...object.metadata?.annotations, [appliedAnnotation]: digest}
  return {object: {...object, metadata: {...object.metadata, annotations}}, mode: desired.mode, digest, parts}
}

/** The fields of both; where both speak of one, the later. */
function merge(base: KubeObject, over: KubeObject): KubeObject {
  return {...base, ...merged(base, over)}
}

function merged(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>) {
  const both: Record<string, unknown> = {...base}
  for (const [key, value] of Object.entries(over)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    both[key] = isMap(before) && isMap(value) ? merged(before, value) : value
  }
  return both
}
