import {loadMeshConfig} from '../../config/load.ts'
import {formatProblems} from '../../config/problem.ts'
import {configKey, environmentKey} from '../../intent/governance.ts'
import type {KubeApi} from '../../kube/api.ts'
import {ForbiddenError, KindMissingError, KubeError, NotFoundError} from '../../kube/errors.ts'
import {KubeconfigError} from '../../kube/kubeconfig.ts'
import type {MeshName} from '../../mesh/mesh.ts'
import type {StringMap} from '../../mesh/pod.ts'
import type {ResourceKind} from '../../mesh/resource.ts'
import {MeshConfigError, MeshPermissionError, MeshUnavailableError} from '../errors.ts'

const meshConfigs: ResourceKind = {
  apiVersion: 'meshwright.dev/v1alpha1',
  kind: 'MeshConfig',
  plural: 'meshconfigs',
  namespaced: false,
}
const namespaces: ResourceKind = {apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false}

/** The mesh of a cluster where nobody says. */
const usualMesh: MeshName = 'istio'

/**
 * The mesh that the MeshConfig of a namespace names. A service need not be allowed to read it: then `fail` is told what
 * is taken instead, and how to say better.
 *
 * @throws MeshUnavailableError where the API server does not answer; MeshConfigError for a MeshConfig that is none
 */
export async function meshOfCluster(
  connect: () => Promise<KubeApi>,
  namespace: string,
  fail: (error: unknown) => void,
): Promise<MeshName> {
  const api = await connect().catch((error: unknown) => {
    throw error instanceof KubeconfigError ? new MeshConfigError(error.message, error) : error
  })
  try {
    return await meshOf(api, namespace, fail)
  } finally {
    await api.close()
  }
}

async function meshOf(api: KubeApi, namespace: string, fail: (error: unknown) => void): Promise<MeshName> {
  const labels = await labelsOf(api, namespace)
  const name = labels[configKey] ?? 'default'
  try {
    const object = await api.get(meshConfigs, {name})
    const result = loadMeshConfig(name, object)
    if (!result.ok) throw new MeshConfigError(formatProblems(result.problems))
    const {loaded} = result
    const environment = labels[environmentKey]
    const resolution = loaded.resolve(
      environment !== undefined && loaded.environments.includes(environment) ? environment : undefined,
    )
    return resolution.ok ? (resolution.resolved.configuration.mesh.type ?? usualMesh) : usualMesh
  } catch (error) {
    // Without a MeshConfig the defaults hold.
    if (error instanceof NotFoundError || error instanceof KindMissingError) return usualMesh
    if (!(error instanceof KubeError)) throw error
    if (!(error instanceof ForbiddenError)) {
      throw new MeshUnavailableError(`MeshConfig ${name} cannot be read: ${error.message}`, error)
    }
    const what = `metrics are read as ${usualMesh}'s, for MeshConfig ${name} may not be read`
    fail(new MeshPermissionError(`${what}; say prometheus.mesh or MESHWRIGHT_MESH: ${error.message}`, error))
    return usualMesh
  }
}

/** None where they may not be read: most namespaces have neither label. */
async function labelsOf(api: KubeApi, name: string): Promise<StringMap> {
  try {
    const {metadata} = await api.get(namespaces, {name})
    return metadata?.labels ?? {}
  } catch (error) {
    if (error instanceof ForbiddenError || error instanceof NotFoundError) return {}
    if (error instanceof KubeError) throw new MeshUnavailableError(`Namespace ${name}: ${error.message}`, error)
    throw error
  }
}
