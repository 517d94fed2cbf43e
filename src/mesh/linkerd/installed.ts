import type {Configuration} from '../../config/schema.ts'
import {keptDocument, keptText, needOf, type Completed, type Keeping} from '../installed.ts'
import type {Objects} from '../objects.ts'
import type {Need, ResourceKind} from '../resource.ts'
import {controlPlaneNamespace} from './env.ts'

const replicaSets: ResourceKind = {apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true}
const jobs: ResourceKind = {apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true}

/** Where Linkerd keeps its merged chart values and its trust anchors (templates/config.yaml and identity.yaml). */
const values: Keeping = {namespace: controlPlaneNamespace, name: 'linkerd-config', key: 'values'}
const anchors: Keeping = {namespace: controlPlaneNamespace, name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt'}

/** The owners of a pod's owner, and what Linkerd keeps of its own settings where the configuration holds none. */
export function needs({mesh}: Configuration): readonly Need[] {
  const owners: readonly Need[] = [
    {kind: replicaSets, metadataOnly: true},
    {kind: jobs, metadataOnly: true},
  ]
  return mesh.linkerd?.values === undefined ? [...owners, needOf(values), needOf(anchors)] : owners
}

/**
 * The configuration with the values that Linkerd was installed with, where it says nothing of them and the cluster (or
 * a file of objects) has its ConfigMaps.
 */
export function withInstalled(configuration: Configuration, objects: Objects): Completed {
  const {mesh} = configuration
  if (mesh.linkerd?.values !== undefined) return {ok: true, configuration}
  const kept = keptDocument(objects, values)
  if (!kept.ok) return {ok: false, problems: [{path: ['mesh', 'linkerd', 'values'], message: kept.message}]}
  const pem = keptText(objects, anchors)
  if (kept.document === undefined && pem === undefined) return {ok: true, configuration}
  const laid = {...kept.document, ...(pem !== undefined && {identityTrustAnchorsPEM: pem})}
  return {ok: true, configuration: {...configuration, mesh: {...mesh, linkerd: {...mesh.linkerd, values: laid}}}}
}
