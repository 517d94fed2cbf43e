import {setTimeout as sleep} from 'node:timers/promises'
import {listAll, lookUp, podKind} from '../check/cluster-facts.ts'
import {Kinds, ruleKinds} from '../controller/kinds.ts'
import {liveObject} from '../controller/live.ts'
import {unitKey} from '../controller/stamp.ts'
import {installKinds, titleOf} from '../install/kinds.ts'
import {names, selectorOf} from '../install/names.ts'
import type {KubeApi} from '../kube/api.ts'
import {KindMissingError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {Failure} from './failure.ts'
import {installManager} from './install-apply.ts'
import type {Report} from './report.ts'

/** Milliseconds without an object going after which the controller has taken back what it will: some of its writes are tried again. */
const stillness = 10_000

const written = new Kinds(Object.values(ruleMeshes)).all

export interface Manner {
  readonly namespace: string
  /** Milliseconds. */
  readonly timeout: number
  readonly report: Report
}

/**
 * The controller takes back what it wrote, in the order that the mesh needs; what it leaves is removed here, when it has ended: it
 * would write again what is made of the configuration in its ConfigMap.
 */
export async function removeRules(api: KubeApi, rules: readonly KubeObject[], manner: Manner): Promise<void> {
  const {namespace, report} = manner
  for (const rule of rules) {
    if (await deleted(api, ruleKinds, rule)) report.line('done', `${titleOf(rule)} is removed`)
  }
  const controller = await lookUp(api, installKinds.deployment, {name: names.controller, namespace})
  if (controller !== undefined) {
    await takenBack(api, manner.timeout)
    await endController(api, manner)
  }
  for (const object of (await listedMade(api)).reverse()) {
    if (!isMade(object)) {
      report.line('attention', `${titleOf(object)} is not Meshwright's alone, and keeps what Meshwright wrote into it`)
    } else if (await deleted(api, written, object)) report.line('done', `${titleOf(object)} is removed`)
  }
  const left = [...(await listedMade(api)).filter(isMade), ...(await listedRules(api))]
  for (const object of left.filter(isLeaving)) {
    const finalizers = object.metadata?.['finalizers']
    const whose = Array.isArray(finalizers) ? `: ${finalizers.join(', ')}` : ''
    report.line('attention', `${titleOf(object)} is marked to go, and stays until its finalizers have let it${whose}`)
  }
  const again = left.filter((object) => !isLeaving(object))
  if (again.length > 0) {
    const who =
      'a controller still runs that is not of this installation, or somebody writes them: end it, and run this again'
    throw new Failure(`${again.map(titleOf).join(', ')} came back: ${who}`)
  }
}

/** Ours to delete: not somebody else's that we added to, nor one that others have written into since we made it for whoever needs it. */
function isMade(object: KubeObject): boolean {
  const live = liveObject(object)
  return live !== undefined && (live.mode === 'own' || (live.mode === 'share' && !live.touched))
}

function isLeaving({metadata}: KubeObject): boolean {
  return metadata?.['deletionTimestamp'] !== undefined
}

/** Waits until nothing is left that was made of rules, or nothing has gone for a while: the rest is not the controller's to take back. */
async function takenBack(api: KubeApi, timeout: number): Promise<void> {
  const until = performance.now() + timeout
  let [fewest, since] = [Infinity, performance.now()]
  for (;;) {
    const {length} = await listedMade(api)
    if (length < fewest) [fewest, since] = [length, performance.now()]
    if (length === 0 || performance.now() > Math.min(until, since + stillness)) return
    await sleep(500)
  }
}

/** @throws Failure where its pods do not end in time */
async function endController(api: KubeApi, {namespace, timeout, report}: Manner): Promise<void> {
  const name = {name: names.controller, namespace}
  await api.patch(installKinds.deployment, name, {spec: {replicas: 0}}, {fieldManager: installManager})
  const labelSelector = Object.entries(selectorOf('controller'))
    .map(([label, value]) => `${label}=${value}`)
    .join()
  const until = performance.now() + timeout
  for (;;) {
    const pods = await listAll(api, podKind, {namespace, labelSelector, metadataOnly: true})
    if (pods.length === 0) break
    if (performance.now() > until) {
      const why = 'they would write again what is removed; look at them with kubectl describe, and run this again'
      throw new Failure(`${pods.map(titleOf).join(', ')}: not ended after ${timeout / 1000} s; ${why}`)
    }
    await sleep(500)
  }
  report.line('done', `${titleOf(controllerIn(namespace))} has no replicas any more: nothing is written again`)
}

/** False where there was nothing, or the object is of none of these kinds. */
export async function deleted(api: KubeApi, kinds: readonly ResourceKind[], object: KubeObject): Promise<boolean> {
  const kind = kinds.find(({apiVersion, kind}) => apiVersion === object.apiVersion && kind === object.kind)
  if (kind === undefined) return false
  const {name = '', namespace} = object.metadata ?? {}
  try {
    await api.delete(kind, {name, ...(namespace !== undefined && {namespace})})
    return true
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof KindMissingError) return false
    throw error
  }
}

/** The controller's Deployment, by name. */
export function controllerIn(namespace: string): KubeObject {
  return {apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: names.controller, namespace}}
}

/** Every rule of the cluster, MeshConfigs among them. */
export function listedRules(api: KubeApi): Promise<KubeObject[]> {
  return listed(api, ruleKinds)
}

/** Every object of a mesh's that Meshwright made, or added to. */
export function listedMade(api: KubeApi): Promise<KubeObject[]> {
  return listed(api, written, unitKey)
}

/** All objects of these kinds, in the order of the kinds; none of a kind that the cluster does not serve. */
async function listed(api: KubeApi, kinds: readonly ResourceKind[], labelSelector?: string): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for (const kind of kinds) {
    try {
      for await (const {items} of api.list(kind, labelSelector === undefined ? {} : {labelSelector}))
        found.push(...items)
    } catch (error) {
      if (!(error instanceof KindMissingError)) throw error
    }
  }
  return found
}
