import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {labelsOf, names, type Component} from './names.ts'

/** One rule of a Role. */
export interface Right {
  /** Stands as a comment in the manifest. */
  readonly why?: string
  /** Needed for this mesh only. */
  readonly mesh?: MeshName
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
  /** In place of `verbs` where the cluster has another mesh only. */
  readonly elsewhere?: readonly string[]
}

export interface Rights {
  readonly cluster: readonly Right[]
  /** In Meshwright's own namespace. */
  readonly own: readonly Right[]
}

/** What a mesh's rights come to; of all meshes where none is named. Without any verb a rule goes. */
export function rulesOf(rights: readonly Right[], mesh: MeshName | ''): readonly Right[] {
  return rights.flatMap((right) => {
    if (mesh === '' || right.mesh === undefined || right.mesh === mesh) return right
    return right.elsewhere === undefined ? [] : {...right, verbs: right.elsewhere}
  })
}

/** The ServiceAccount of a component, and what it may do. */
export function accountOf(
  component: Component,
  {cluster, own}: Rights,
  {mesh, namespace}: {mesh: MeshName | ''; namespace: string},
): readonly KubeObject[] {
  const name = names[component]
  const labels = labelsOf(component)
  const group = 'rbac.authorization.k8s.io'
  const role = (kind: 'ClusterRole' | 'Role', where: object, rights: readonly Right[]): readonly KubeObject[] => {
    const rules = rulesOf(rights, mesh).map(({apiGroups, resources, resourceNames, verbs}) => ({
      apiGroups,
      resources,
      ...(resourceNames === undefined ? {} : {resourceNames}),
      verbs,
    }))
    if (rules.length === 0) return []
    const metadata = {name, ...where, labels}
    return [
      {apiVersion: `${group}/v1`, kind, metadata, rules},
      {
        apiVersion: `${group}/v1`,
        kind: `${kind}Binding`,
        metadata,
        roleRef: {apiGroup: group, kind, name},
        subjects: [{kind: 'ServiceAccount', name, namespace}],
      },
    ]
  }
  return [
    {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name, namespace, labels}},
    ...role('ClusterRole', {}, cluster),
    ...role('Role', {namespace}, own),
  ]
}
