import {appliedAnnotation} from '../controller/live.ts'
import {planOf} from '../controller/plan.ts'
import {Translators} from '../controller/translate.ts'
import type {Source} from '../intent/origin.ts'
import {World, type Unit} from '../intent/world.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {Desired, Part, RuleFinding} from '../mesh/translation.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {isValues, type Values} from '../mesh/values.ts'
import type {RuleInput} from './rule-input.ts'

export interface TranslationChoices {
  /** In place of every configuration's `mesh.type`. */
  readonly mesh?: MeshName | undefined
  readonly environment?: string | undefined
}

export interface RenderedObject {
  readonly object: KubeObject
  readonly mode: Desired['mode']
}

/** What a mesh makes of rules. */
export interface Rendering {
  /** In the order in which they are to be applied. */
  readonly objects: readonly RenderedObject[]
  /** Each once, in the order of the units. */
  readonly findings: readonly RuleFinding[]
  /** Every rule object of the input, and the configuration. */
  readonly sources: readonly Source[]
}

/** Translates rules as the controller would, with nothing known of a cluster but what the input holds. */
export function translate(input: RuleInput, {mesh, environment}: TranslationChoices): Rendering {
  const world = new World({
    cluster: false,
    ...(input.configuration === undefined ? {} : {configuration: input.configuration}),
    ...(input.configurationFiles.length === 0 ? {} : {configurationName: input.configurationFiles.join(', ')}),
    ...(environment === undefined ? {} : {environment}),
    ...(mesh === undefined ? {} : {mesh}),
  })
  for (const {object, places} of input.objects) world.set(object, places)

  const translators = new Translators(ruleMeshes)
  const given = new Map(input.objects.map(({object}) => [keyOf(object), object]))
  const objects: (RenderedObject & {readonly rank: string})[] = []
  const findings = new Map<string, RuleFinding>()
  for (const unit of world.units()) {
    const built = world.intentOf(unit)
    const parts = translators.partsOf(built)
    for (const finding of [...built.problems, ...parts.flatMap((part) => part.findings)]) {
      findings.set(JSON.stringify([finding.origin.place, finding.code, finding.feature, finding.message]), finding)
    }
    objects.push(...objectsOf(unit, built.mesh, parts, given))
  }
  return {
    objects: objects.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).map(({object, mode}) => ({object, mode})),
    findings: [...findings.values()],
    sources: world.sources(),
  }
}

function objectsOf(
  unit: Unit,
  mesh: MeshName,
  parts: readonly Part[],
  given: ReadonlyMap<string, KubeObject>,
): (RenderedObject & {readonly rank: string})[] {
  const order = ({apiVersion, kind}: KubeObject) =>
    ruleMeshes[mesh].kinds.findIndex((known) => known.apiVersion === apiVersion && known.kind === kind)
  return planOf(unit, parts, [], order).apply.map(({object, mode}) => {
    const key = keyOf(object)
    const whole = mode === 'contribute' ? given.get(key) : undefined
    const bare = withoutDigest(object)
    return {
      object: whole === undefined ? bare : {...whole, ...merged(whole, bare)},
      mode,
      rank: `${meshNames.indexOf(mesh)} ${String(order(object)).padStart(3, '0')} ${key}`,
    }
  })
}

/** It is for the controller, which compares it with what it finds in a cluster. */
function withoutDigest(object: KubeObject): KubeObject {
  const {[appliedAnnotation]: _digest, ...annotations} = object.metadata?.annotations ?? {}
  return {...object, metadata: {...object.metadata, annotations}}
}

function keyOf({apiVersion, kind, metadata}: KubeObject): string {
  return JSON.stringify([apiVersion, kind, metadata?.namespace ?? '', metadata?.name])
}

/** The fields of both; where both speak of one, the later. */
function merged(base: Values, over: Values): Values {
  const both = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    const below = both.get(key)
    both.set(key, isValues(below) && isValues(value) ? merged(below, value) : value)
  }
  return Object.fromEntries(both)
}
