import {installKindOf, installKinds, titleOf} from '../install/kinds.ts'
import {installedObjects, namespaceObject} from '../install/objects.ts'
import type {Release} from '../install/release.ts'
import type {KubeApi} from '../kube/api.ts'
import {ForbiddenError, KindMissingError, KubeError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {isValues} from '../mesh/values.ts'
import {lookUp} from './cluster-facts.ts'
import {seenMeshes} from './meshes.ts'
import {bad, good, type CheckResult} from './result.ts'

const accessReviews: ResourceKind = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
}

/**
 * Whether a cluster would take an installation: the API server tries every object without storing it, so that a right that
 * is missing, a version that is not served and a field that is unknown there all show.
 */
export async function checkBeforehand(api: KubeApi, release: Release): Promise<readonly CheckResult[]> {
  const {namespace} = release
  const exists = (await lookUp(api, installKinds.namespace, {name: namespace})) !== undefined
  const results: CheckResult[] = []
  let taken = 0
  for (const object of [namespaceObject(namespace), ...installedObjects(release)]) {
    const result =
      exists || object.metadata?.namespace === undefined ? await dryRun(api, object) : await mayApply(api, object)
    if (result === undefined) taken++
    else results.push(result)
  }
  const told = good(
    'API server',
    `the API server takes ${taken} of ${taken + results.length} objects of an installation`,
  )
  return [...(taken > 0 ? [told] : []), ...results, ...(await seenMeshes(api, release.values.mesh || undefined))]
}

async function dryRun(api: KubeApi, object: KubeObject): Promise<CheckResult | undefined> {
  try {
    await api.apply(installKindOf(object), object, {fieldManager: 'meshwright-install', force: true, dryRun: true})
    return undefined
  } catch (error) {
    if (error instanceof KubeError) return bad('API server', `${titleOf(object)}: ${error.message}`, hintOf(error))
    throw error
  }
}

/** Nothing can be tried in a namespace that is not there yet. */
async function mayApply(api: KubeApi, object: KubeObject): Promise<CheckResult | undefined> {
  const kind = installKindOf(object)
  if (!(await api.hasKind(kind))) {
    return bad('API server', `${titleOf(object)}: the API server does not serve ${kind.apiVersion}`, versionHint)
  }
  const [, group = ''] = /^(.+)\/[^/]+$/.exec(kind.apiVersion) ?? []
  for (const verb of ['create', 'patch']) {
    const resourceAttributes = {namespace: object.metadata?.namespace, verb, group, resource: kind.plural}
    const answer = await api.create(accessReviews, {
      apiVersion: accessReviews.apiVersion,
      kind: accessReviews.kind,
      spec: {resourceAttributes},
    })
    const status = answer['status']
    if (!isValues(status) || status['allowed'] !== true) {
      return bad('API server', `${titleOf(object)}: you may not ${verb} ${kind.plural}`, rightsHint)
    }
  }
  return undefined
}

const rightsHint = 'Install as a cluster administrator: what Meshwright is granted must be held by who grants it.'
const versionHint =
  'Meshwright needs Kubernetes 1.30 or later, and what the values ask for: cert-manager, the Prometheus operator.'

function hintOf(error: KubeError): string {
  if (error instanceof ForbiddenError) return rightsHint
  if (error instanceof KindMissingError || error instanceof NotFoundError) return versionHint
  return 'See what the API server says of it.'
}
