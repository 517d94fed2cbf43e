import type {Configuration} from '../config/schema.ts'
import type {Built} from '../intent/world.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {Part, RuleMesh, Translator} from '../mesh/translation.ts'
import type {LiveObject} from './live.ts'
import {strictly} from './plan.ts'

/** Whether an object stays as it is because a problem holds back what it says. */
export function isHeldBack({held}: Pick<Built, 'held'>, {part}: Pick<LiveObject, 'part'>): boolean {
  const names = part.split('.')
  return held.some((aspect) => aspect === 'everything' || names.includes(aspect))
}

/** A configuration with what the mesh was installed with; the same object for the same configuration. */
export type Complete = (mesh: MeshName, configuration: Configuration) => Configuration

/** Translates intents, with one translator for each configuration. */
export class Translators {
  readonly #meshes: Readonly<Record<MeshName, RuleMesh>>
  readonly #complete: Complete
  readonly #known = new Map<MeshName, WeakMap<Configuration, Translator>>()

  constructor(
    meshes: Readonly<Record<MeshName, RuleMesh>>,
    complete: Complete = (_mesh, configuration) => configuration,
  ) {
    this.#meshes = meshes
    this.#complete = complete
  }

  /** What the mesh makes of an intent, without what is held back; `mesh.strict` is heeded. */
  partsOf({mesh, configuration, wanted, held}: Built): readonly Part[] {
    if (wanted === undefined || held.includes('everything')) return []
    const translator = this.#translator(mesh, configuration)
    const parts =
      wanted.kind === 'service'
        ? translator.service(wanted.intent)
        : wanted.kind === 'namespace'
          ? translator.namespace(wanted.intent)
          : translator.mesh(wanted.intent)
    const written = parts.filter(({name}) => !held.some((aspect) => aspect === name))
    return configuration.mesh.strict === true ? strictly(written) : written
  }

  #translator(mesh: MeshName, written: Configuration): Translator {
    const configuration = this.#complete(mesh, written)
    const ofMesh = this.#known.get(mesh) ?? new WeakMap<Configuration, Translator>()
    this.#known.set(mesh, ofMesh)
    const translator = ofMesh.get(configuration) ?? this.#meshes[mesh].translator(configuration)
    ofMesh.set(configuration, translator)
    return translator
  }
}
