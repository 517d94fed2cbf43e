import {readYaml} from '../config/read.ts'
import type {Configuration} from '../config/schema.ts'
import {plain} from '../config/tree.ts'
import type {SettingsProblem} from './mesh.ts'
import type {Objects} from './objects.ts'
import type {Need, ResourceKind} from './resource.ts'
import {isValues, type Values} from './values.ts'

const configMaps: ResourceKind = {apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true}

/** One key of a ConfigMap in which a mesh keeps its own settings. */
export interface Keeping {
  readonly namespace: string
  readonly name: string
  readonly key: string
}

/** A configuration with what the mesh was installed with, where it said nothing of that. */
export type Completed =
  | {readonly ok: true; readonly configuration: Configuration}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

export type Kept =
  | {readonly ok: true; /** Absent where the cluster has no such ConfigMap or key. */ readonly document?: Values}
  | {readonly ok: false; readonly message: string}

export function needOf({namespace, name}: Keeping): Need {
  return {kind: configMaps, namespace, name}
}

export function keptText(objects: Objects, {namespace, name, key}: Keeping): string | undefined {
  const data = objects.get('ConfigMap', namespace, name)?.['data']
  if (!isValues(data) || !Object.hasOwn(data, key)) return undefined
  return typeof data[key] === 'string' ? data[key] : undefined
}

/** The YAML map under the key. What is there and cannot be read is a problem: the mesh's own proxies differ from ours then. */
export function keptDocument(objects: Objects, keeping: Keeping): Kept {
  const text = keptText(objects, keeping)
  if (text === undefined) return {ok: true}
  const place = `${keeping.key} of ConfigMap ${keeping.namespace}/${keeping.name}`
  const {tree, problems} = readYaml({file: place, text})
  const [problem] = problems
  if (problem !== undefined) return {ok: false, message: `${place} cannot be read: ${problem.message}`}
  const document = tree === undefined ? {} : plain(tree)
  return isValues(document) ? {ok: true, document} : {ok: false, message: `${place} is not a map`}
}
