import type {Configuration} from '../config/schema.ts'
import type {Built} from '../intent/world.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {Part, RuleMesh, Translator} from '../mesh/translation.ts'
import {strictly} from './plan.ts'

/** Translates intents, with one translator for each configuration. */
export class Translators {
  readonly #meshes: Readonly<Record<MeshName, RuleMesh>>
  readonly #known = new Map<MeshName, WeakMap<Configuration, Translator>>()

  constructor(meshes: Readonly<Record<MeshName, RuleMesh>>) {
    this.#meshes = meshes
  }

  /** What the mesh makes of an intent, none where nothing is wanted; `mesh.strict` is heeded. */
  partsOf({mesh, configuration, wanted}: Built): readonly Part[] {
    if (wanted === undefined) return []
    const translator = this.#translator(mesh, configuration)
    const parts =
      wanted.kind === 'service'
        ? translator.service(wanted.intent)
        : wanted.kind === 'namespace'
          ? translator.namespace(wanted.intent)
          : translator.mesh(wanted.intent)
    return configuration.mesh.strict === true ? strictly(parts) : parts
  }

  #translator(mesh: MeshName, configuration: Configuration): Translator {
    const ofMesh = this.#known.get(mesh) ?? new WeakMap<Configuration, Translator>()
    this.#known.set(mesh, ofMesh)
    const translator = ofMesh.get(configuration) ?? this.#meshes[mesh].translator(configuration)
    ofMesh.set(configuration, translator)
    return translator
  }
}
