import {ClusterCache} from '../admission/cluster-cache.ts'
import {configurationSchema, type Configuration} from '../config/schema.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {meshes} from '../mesh/registry.ts'
import type {Need} from '../mesh/resource.ts'

/** The ConfigMaps in which the meshes keep what they were installed with. */
export const installedNeeds: readonly Need[] = meshNames
  .flatMap((type) => meshes[type].needs(configurationSchema.parse({mesh: {type}})))
  .filter(({kind}) => kind.kind === 'ConfigMap')

/**
 * What the meshes were installed with, as far as the cluster tells: rules are translated for the trust domain and the mesh
 * config that are there, not for the chart's defaults.
 */
export class Installed {
  readonly #objects = new ClusterCache()
  #known = new WeakMap<Configuration, Configuration>()
  readonly #onTrouble: (message: string) => void

  constructor(onTrouble: (message: string) => void) {
    this.#onTrouble = onTrouble
  }

  set(object: KubeObject): void {
    this.#objects.set('ConfigMap', object)
    this.#known = new WeakMap()
  }

  delete(object: KubeObject): void {
    this.#objects.delete('ConfigMap', object)
    this.#known = new WeakMap()
  }

  /** The same object for the same configuration, until a ConfigMap changes. What cannot be read is told and left out. */
  readonly complete = (mesh: MeshName, configuration: Configuration): Configuration => {
    const known = this.#known.get(configuration)
    if (known !== undefined) return known
    const completed = meshes[mesh].complete(configuration, this.#objects)
    if (!completed.ok) for (const {message} of completed.problems) this.#onTrouble(message)
    const whole = completed.ok ? completed.configuration : configuration
    this.#known.set(configuration, whole)
    return whole
  }
}
