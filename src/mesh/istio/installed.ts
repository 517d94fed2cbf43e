import type {Configuration} from '../../config/schema.ts'
import {keptDocument, needOf, type Completed, type Keeping} from '../installed.ts'
import type {SettingsProblem} from '../mesh.ts'
import type {Objects} from '../objects.ts'
import type {Need} from '../resource.ts'
import type {Values} from '../values.ts'

/**
 * Where the istiod chart keeps what its injector reads (templates/istiod-injector-configmap.yaml and configmap.yaml), for
 * the default revision.
 */
const keepings = {
  values: {namespace: 'istio-system', name: 'istio-sidecar-injector', key: 'values'},
  meshConfig: {namespace: 'istio-system', name: 'istio', key: 'mesh'},
} as const satisfies Record<string, Keeping>
const fields = ['values', 'meshConfig'] as const

export function needs({mesh}: Configuration): readonly Need[] {
  return fields.filter((field) => mesh.istio?.[field] === undefined).map((field) => needOf(keepings[field]))
}

/**
 * The configuration with the values and the mesh config that Istio was installed with, where it says nothing of them
 * and the cluster (or a file of objects) has their ConfigMaps.
 */
export function withInstalled(configuration: Configuration, objects: Objects): Completed {
  const {mesh} = configuration
  const found: {values?: Values; meshConfig?: Values} = {}
  const problems: SettingsProblem[] = []
  for (const field of fields) {
    if (mesh.istio?.[field] !== undefined) continue
    const kept = keptDocument(objects, keepings[field])
    if (!kept.ok) problems.push({path: ['mesh', 'istio', field], message: kept.message})
    else if (kept.document !== undefined) found[field] = kept.document
  }
  if (problems.length > 0) return {ok: false, problems}
  if (found.values === undefined && found.meshConfig === undefined) return {ok: true, configuration}
  return {ok: true, configuration: {...configuration, mesh: {...mesh, istio: {...mesh.istio, ...found}}}}
}
