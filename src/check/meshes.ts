import type {KubeApi} from '../kube/api.ts'
import {installKinds} from '../install/kinds.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {listAll} from './cluster-facts.ts'
import {bad, good, warning, type CheckResult} from './result.ts'

interface Marks {
  /** Labels of the mesh's own control plane. */
  readonly selector: string
  /** The version whose injector ours equals. */
  readonly matched: RegExp
  readonly wanted: string
}

/** As the meshes' own charts label them. */
const marks: Readonly<Record<MeshName, Marks>> = {
  istio: {selector: 'app=istiod', matched: /^1\.31(\.|$|-)/, wanted: '1.31'},
  linkerd: {
    selector: 'linkerd.io/control-plane-component=destination',
    matched: /^(stable-)?2\.20(\.|$|-)/,
    wanted: '2.20',
  },
  consul: {selector: 'app=consul,component=connect-injector', matched: /^2\.0(\.|$|-)/, wanted: 'consul-k8s 2.0'},
}

/** Which meshes are there, and whether the one that is configured is. */
export async function seenMeshes(api: KubeApi, configured: MeshName | undefined): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = []
  const seen = new Set<MeshName>()
  for (const mesh of ['istio', 'linkerd', 'consul'] as const) {
    for (const deployment of await listAll(api, installKinds.deployment, {labelSelector: marks[mesh].selector})) {
      seen.add(mesh)
      const version = versionOf(deployment)
      const where = `${deployment.metadata?.namespace}/${deployment.metadata?.name}`
      results.push(
        version !== undefined && marks[mesh].matched.test(version)
          ? good('mesh', `${mesh} ${version} is there (${where})`)
          : warning(
              'mesh',
              `${mesh} is there (${where}) in version ${version ?? 'unknown'}; sidecars are those of ${marks[mesh].wanted}`,
              `Compare what the mesh injects with meshwright inject before you rely on it, or bring the mesh to ${marks[mesh].wanted}.`,
            ),
      )
    }
  }
  if (configured !== undefined && !seen.has(configured)) {
    const hint = `Install ${configured}, or name the mesh that is there in mesh.type.`
    results.push(bad('mesh', `the configuration names ${configured}, whose control plane is not in the cluster`, hint))
  } else if (seen.size === 0) {
    results.push(
      warning('mesh', 'no control plane of a mesh is in the cluster', 'Install Istio, Linkerd or Consul first.'),
    )
  }
  return results
}

/** The tag of the first container's image. */
function versionOf({spec}: KubeObject): string | undefined {
  const image = /"image":"[^"@]*:([^"@:/]+)(?:@[^"]*)?"/.exec(isValues(spec) ? JSON.stringify(spec) : '')?.[1]
  return image
}
