import {worldKinds} from '../intent/world.ts'
import {groupOf} from '../kube/api.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {RuleMesh} from '../mesh/translation.ts'
import type {KindOrder} from './plan.ts'

const group = 'meshwright.dev'

/** The kinds that rules are written in. */
export const ruleKinds: readonly ResourceKind[] = worldKinds.filter(({apiVersion}) => groupOf(apiVersion) === group)

/** The kinds that intents are built from, beside the rules themselves. */
export const factKinds: readonly ResourceKind[] = worldKinds.filter(({apiVersion}) => groupOf(apiVersion) !== group)

interface Named {
  readonly apiVersion?: string
  readonly kind?: string
}

/** Of the group and not the version. */
export function kindKey({apiVersion = '', kind = ''}: Named): string {
  return `${groupOf(apiVersion)}/${kind}`
}

/** Every kind that any of the meshes may write, each once. */
export class Kinds {
  readonly all: readonly ResourceKind[]
  readonly #byKey: ReadonlyMap<string, ResourceKind>
  readonly #ofMesh: ReadonlyMap<MeshName, ReadonlySet<string>>
  readonly #places: ReadonlyMap<string, number>

  constructor(meshes: readonly RuleMesh[]) {
    this.#byKey = new Map(meshes.flatMap(({kinds}) => kinds.map((kind) => [kindKey(kind), kind])))
    this.all = [...this.#byKey.values()]
    this.#ofMesh = new Map(meshes.map(({name, kinds}) => [name, new Set(kinds.map(kindKey))]))
    this.#places = new Map(meshes.flatMap(({kinds}) => kinds.map((kind, place) => [kindKey(kind), place])))
  }

  /** @throws where no mesh writes such objects: a translation must not make what its mesh does not list */
  of(object: Named): ResourceKind {
    const kind = this.#byKey.get(kindKey(object))
    if (kind === undefined) throw new Error(`no mesh lists the kind ${kindKey(object)}`)
    return kind
  }

  isOfMesh(mesh: MeshName, object: Named): boolean {
    return this.#ofMesh.get(mesh)?.has(kindKey(object)) ?? false
  }

  /** Where a kind stands in its mesh's order of application. */
  readonly order: KindOrder = (object) => this.#places.get(kindKey(object)) ?? 0
}
