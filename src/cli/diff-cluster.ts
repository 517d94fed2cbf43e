import {failureOf} from '../controller/failure.ts'
import {factKinds, Kinds, ruleKinds} from '../controller/kinds.ts'
import {liveObject, refOf, type LiveObject} from '../controller/live.ts'
import {planOf, type Application} from '../controller/plan.ts'
import {manager, unitKey} from '../controller/stamp.ts'
import {isHeldBack, Translators} from '../controller/translate.ts'
import {taken} from '../controller/write.ts'
import {World} from '../intent/world.ts'
import type {KubeApi} from '../kube/api.ts'
import {KindMissingError, NotFoundError} from '../kube/errors.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import type {RuleInput} from './rule-input.ts'

export interface Choices {
  /** In place of every configuration's `mesh.type`. */
  readonly mesh?: MeshName | undefined
  readonly environment?: string | undefined
}

/** An object that would be another one; absent before: made, absent after: removed. */
export interface Difference {
  /** `VirtualService shop/order-service` */
  readonly name: string
  readonly before?: KubeObject
  readonly after?: KubeObject
}

export interface Comparison {
  /** In the order in which they would be written. */
  readonly changed: readonly Difference[]
  readonly findings: readonly RuleFinding[]
  /** What could not be written, one sentence each. */
  readonly failures: readonly string[]
}

/**
 * What the controller would do if the rules of the input were in the cluster beside those that are there.
 *
 * @throws KubeError where the cluster cannot be read
 */
export async function differences(
  api: KubeApi,
  input: RuleInput,
  {mesh, environment}: Choices,
  tell: (progress: string) => void,
): Promise<Comparison> {
  const kinds = new Kinds(Object.values(ruleMeshes))
  const world = new World({
    cluster: true,
    ...(input.configuration === undefined ? {} : {configuration: input.configuration}),
    ...(input.configurationFiles.length === 0 ? {} : {configurationName: input.configurationFiles.join(', ')}),
    ...(environment === undefined ? {} : {environment}),
    ...(mesh === undefined ? {} : {mesh}),
  })
  for (const kind of [...ruleKinds, ...factKinds]) {
    for await (const object of listed(api, kind, tell)) world.set(object)
  }
  const live = new Map<string, LiveObject[]>()
  for (const kind of kinds.all) {
    for await (const object of listed(api, kind, tell, unitKey)) {
      const found = liveObject(object)
      if (found !== undefined) live.set(found.unit, [...(live.get(found.unit) ?? []), found])
    }
  }
  // A configuration is about everything; of rules alone only what they are about is told.
  const touched = new Set(
    input.configuration === undefined && mesh === undefined ? [] : [...world.units(), ...live.keys()],
  )
  for (const {object, places} of input.objects) for (const unit of world.set(object, places)) touched.add(unit)

  const translators = new Translators(ruleMeshes)
  const changed: Difference[] = []
  const findings = new Map<string, RuleFinding>()
  const failures: string[] = []
  let done = 0
  for (const unit of [...touched].toSorted()) {
    tell(`${++done} of ${touched.size} units compared`)
    const built = world.intentOf(unit)
    const parts = translators.partsOf(built)
    for (const finding of [...built.problems, ...parts.flatMap((part) => part.findings)]) {
      findings.set(`${finding.origin.place} ${finding.code} ${finding.message}`, finding)
    }
    const plan = planOf(unit, parts, live.get(unit) ?? [], kinds.order, (object) => isHeldBack(built, object))
    for (const application of plan.apply) {
      try {
        changed.push(await would(api, kinds, application))
      } catch (error) {
        failures.push(failureOf(error).message)
      }
    }
    for (const {live} of plan.remove) {
      const before = await found(api, kinds.of(live), live.namespace, live.name)
      if (before !== undefined) changed.push({name: shown(before), before})
    }
  }
  return {changed, findings: [...findings.values()], failures}
}

/** What the API server would make of an object: a server-side dry run. */
async function would(api: KubeApi, kinds: Kinds, {object, mode, live}: Application): Promise<Difference> {
  const kind = kinds.of(object)
  const {namespace, name} = refOf(object)
  const before = await found(api, kind, namespace, name)
  if (before !== undefined && live === undefined && mode === 'own') throw taken(before)
  const after = await api.apply(kind, object, {fieldManager: manager, force: mode !== 'contribute', dryRun: true})
  return {name: shown(after), ...(before === undefined ? {} : {before}), after}
}

async function found(api: KubeApi, kind: ResourceKind, namespace: string, name: string) {
  try {
    return await api.get(kind, {name, ...(namespace === '' ? {} : {namespace})})
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** Every object of a kind; none where the cluster does not serve it. */
async function* listed(
  api: KubeApi,
  kind: ResourceKind,
  tell: (progress: string) => void,
  labelSelector?: string,
): AsyncGenerator<KubeObject> {
  let count = 0
  try {
    for await (const {items} of api.list(kind, labelSelector === undefined ? {} : {labelSelector})) {
      yield* items
      count += items.length
      tell(`${count} ${kind.plural} read`)
    }
  } catch (error) {
    if (!(error instanceof KindMissingError)) throw error
  }
}

function shown(object: KubeObject): string {
  const {kind, namespace, name} = refOf(object)
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}
