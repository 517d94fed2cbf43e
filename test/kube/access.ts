import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {KubeApi} from '../../src/kube/api.ts'
import {connect, type ConnectOptions} from '../../src/kube/client.ts'
import type {ResourceKind} from '../../src/mesh/resource.ts'
import type {Cluster} from '../cluster/cluster.ts'

export const configMaps: ResourceKind = {apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true}
export const namespaces: ResourceKind = {apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false}
export const services: ResourceKind = {apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true}

/** The administrator's, or as the kubeconfig `change`s into. */
export async function accessTo(
  cluster: Cluster,
  options: Partial<ConnectOptions> = {},
  change: (kubeconfig: string) => string = (same) => same,
): Promise<KubeApi> {
  const file = join(cluster.dir, `kubeconfig-${process.hrtime.bigint()}`)
  await writeFile(file, change(await readFile(cluster.kubeconfig, 'utf8')), {mode: 0o600})
  return connect({kubeconfig: file, env: {}, ...options})
}

/** As a ServiceAccount under RBAC. */
export async function accessAs(cluster: Cluster, namespace: string, account: string): Promise<KubeApi> {
  const {stdout, stderr, code} = await cluster.kubectl(['create', 'token', '-n', namespace, account])
  if (code !== 0) throw new Error(stderr)
  return accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.token, stdout.trim()))
}

export function configMap(namespace: string, name: string, data: Readonly<Record<string, string>> = {}) {
  return {apiVersion: 'v1', kind: 'ConfigMap', metadata: {namespace, name}, data}
}
