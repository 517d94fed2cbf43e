import {formatPlace} from '../config/problem.ts'
import {at, type Tree} from '../config/tree.ts'
import {sourceKinds} from '../intent/origin.ts'
import type {KubeObject, StringMap} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {Failure} from './failure.ts'
import type {ManifestDocument} from './manifest-document.ts'
import {createPod, objectsOf, workloadOf} from './manifest-workload.ts'

/** An object that rules are read from, or about. */
export interface RuleObject {
  readonly object: KubeObject
  /** Of a rule: where its parts stand in its file. */
  readonly places?: Tree
  /** `rules.yaml:12` */
  readonly place: string
}

const group = 'meshwright.dev'
const version = `${group}/v1alpha1`
/** The kinds without a namespace among those that rules are read from or about. */
const clusterScoped = new Set(['Namespace', 'MeshConfig'])

/**
 * The objects of a document, with the pods that its workloads would make. Throws a Failure where it holds an object of
 * our group that is no rule.
 */
export function* ruleObjects(document: ManifestDocument, namespace: string): Generator<RuleObject> {
  for (const {object, path} of objectsOf(document.value)) {
    const {place} = document
    const ours = typeof object['apiVersion'] === 'string' && object['apiVersion'].startsWith(`${group}/`)
    if (ours) {
      refuseStranger(object, place)
      const {tree, problems} = document.tree()
      const [problem] = problems
      if (problem !== undefined)
        throw new Failure(`${problem.place === undefined ? place : formatPlace(problem.place)}: ${problem.message}`)
      const places = at(tree, path)
      yield {object: kubeObject(object, namespace), place, ...(places === undefined ? {} : {places})}
      continue
    }
    const workload = workloadOf(object, path)
    if (workload === undefined) {
      yield {object: kubeObject(object, namespace), place}
      continue
    }
    const {pod} = createPod(workload, workload.namespace ?? namespace)
    const metadata = isValues(pod['metadata']) ? pod['metadata'] : {}
    const name = `${workload.kind.toLowerCase()}-${workload.name}`
    yield {object: kubeObject({...pod, metadata: {...metadata, name}}, namespace), place}
  }
}

function refuseStranger(object: Values, place: string): void {
  const {apiVersion, kind} = object
  const name = isValues(object['metadata']) ? object['metadata']['name'] : undefined
  const kinds = sourceKinds.join(', ')
  if (!sourceKinds.some((known) => known === kind))
    throw new Failure(`${place}: there is no kind ${JSON.stringify(kind)} in ${group}; the kinds of rules are ${kinds}`)
  if (apiVersion !== version)
    throw new Failure(`${place}: ${JSON.stringify(apiVersion)} is not known here; rules are of ${version}`)
  if (typeof name !== 'string' || name === '') throw new Failure(`${place}: the ${String(kind)} has no metadata.name`)
}

/** The object with metadata as the API server would keep it: in a namespace, with texts for labels and annotations. */
function kubeObject(value: Values, fallback: string): KubeObject {
  const {apiVersion, kind} = value
  const metadata = isValues(value['metadata']) ? value['metadata'] : {}
  const {name, generateName, namespace, labels, annotations, ownerReferences: _owners, ...rest} = metadata
  const own = textOf(namespace) ?? fallback
  return {
    ...value,
    apiVersion: textOf(apiVersion) ?? '',
    kind: textOf(kind) ?? '',
    metadata: {
      ...rest,
      name: textOf(name) ?? textOf(generateName) ?? '',
      ...(clusterScoped.has(String(kind)) ? {} : {namespace: own}),
      ...(isValues(labels) && {labels: texts(labels)}),
      ...(isValues(annotations) && {annotations: texts(annotations)}),
    },
  }
}

/** An unquoted 1 or true is that text, as it is to the meshes' own readers. */
function texts(values: Values): StringMap {
  const entries = Object.entries(values).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[key, String(value)]] : [],
  )
  return Object.fromEntries(entries)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
