import {installKinds, titleOf} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import type {KubeApi} from '../kube/api.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {lookUp} from './cluster-facts.ts'

/** Another installation than the one that is asked about. */
export interface Elsewhere {
  readonly namespace: string
  /** The object of the whole cluster that leads there. */
  readonly object: string
}

/**
 * Whether the cluster's own objects lead to an installation in another namespace: their names are fixed, so that whoever writes
 * or deletes them here does it to that one. @throws KubeError
 */
export async function installedElsewhere(api: KubeApi, namespace: string): Promise<Elsewhere | undefined> {
  const shared = [
    [installKinds.registration, names.webhook],
    [installKinds.clusterRoleBinding, names.webhook],
    [installKinds.clusterRoleBinding, names.controller],
  ] as const
  for (const [kind, name] of shared) {
    const object = await lookUp(api, kind, {name})
    const other = object === undefined ? undefined : namespacesOf(object).find((each) => each !== namespace)
    if (object !== undefined && other !== undefined) return {namespace: other, object: titleOf(object)}
  }
  return undefined
}

/** Where the Service of a registration is, or the ServiceAccounts of a binding that bears their name. */
export function namespacesOf(object: KubeObject): readonly string[] {
  const services = valuesIn(object['webhooks']).map(({clientConfig}) =>
    isValues(clientConfig) ? clientConfig['service'] : undefined,
  )
  const accounts = valuesIn(object['subjects']).filter(
    ({kind, name}) => kind === 'ServiceAccount' && name === object.metadata?.name,
  )
  return [...services, ...accounts].flatMap((each) => {
    const namespace = isValues(each) ? each['namespace'] : undefined
    return typeof namespace === 'string' ? [namespace] : []
  })
}

function valuesIn(list: unknown) {
  return Array.isArray(list) ? list.filter(isValues) : []
}

/** The sentence for it. */
export function elsewhereText({namespace, object}: Elsewhere): string {
  return `${object} belongs to an installation in the namespace ${namespace}, and a cluster has one`
}
