import {installKindOf, installKinds, titleOf} from '../install/kinds.ts'
import {installedObjects, namespaceObject} from '../install/objects.ts'
import type {Release} from '../install/release.ts'
import type {KubeApi} from '../kube/api.ts'
import {ForbiddenError, KindMissingError, KubeError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {lookUp} from './cluster-facts.ts'
import {elsewhereText, installedElsewhere} from './elsewhere.ts'
import {seenMeshes} from './meshes.ts'
import {bad, good, type CheckResult} from './result.ts'

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
    // In a namespace that is not there yet nothing can be tried; the API server takes the same elsewhere.
    const result = await dryRun(api, exists ? object : inDefault(object))
    if (result === undefined) taken++
    else results.push(result)
  }
  const told = good(
    'API server',
    `the API server takes ${taken} of ${taken + results.length} objects of an installation`,
  )
  return [
    ...(taken > 0 ? [told] : []),
    ...results,
    ...(await otherInstallation(api, namespace)),
    ...(await seenMeshes(api, release.values.mesh || undefined)),
  ]
}

async function otherInstallation(api: KubeApi, namespace: string): Promise<readonly CheckResult[]> {
  const elsewhere = await installedElsewhere(api, namespace)
  if (elsewhere === undefined) return []
  const hint = `Give -n ${elsewhere.namespace}, or take that one away first: meshwright uninstall -n ${elsewhere.namespace}.`
  return [bad('registration', elsewhereText(elsewhere), hint)]
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

function inDefault(object: KubeObject): KubeObject {
  const {metadata} = object
  return metadata?.namespace === undefined ? object : {...object, metadata: {...metadata, namespace: 'default'}}
}

const rightsHint = 'Install as a cluster administrator: what Meshwright is granted must be held by who grants it.'
const versionHint =
  'Meshwright needs Kubernetes 1.30 or later, and what the values ask for: cert-manager, the Prometheus operator.'

function hintOf(error: KubeError): string {
  if (error instanceof ForbiddenError) return rightsHint
  if (error instanceof KindMissingError || error instanceof NotFoundError) return versionHint
  return 'See what the API server says of it.'
}
