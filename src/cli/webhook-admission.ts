import {resolve} from 'node:path'
import type {Admission} from '../admission/answer.ts'
import {failurePolicyOf} from '../admission/failure.ts'
import {ObjectIndex} from '../admission/objects.ts'
import {Reviewer, type AdmissionState} from '../admission/review.ts'
import {Shapes} from '../admission/shape.ts'
import {prepareEnvironments, type Choice} from '../admission/state.ts'
import {formatProblem} from '../config/problem.ts'
import {loadFiles} from '../config/watch.ts'
import {watchFiles, type Watch, type WatchOptions} from '../files/watch.ts'
import type {Finding} from '../mesh/finding.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {readDocuments} from './manifest-document.ts'
import {readManifests} from './manifest-source.ts'

export interface AdmissionFiles {
  readonly config: readonly string[]
  readonly objects?: string | undefined
}

/** What is in force from now on. */
export interface InForce {
  readonly admission: Admission
  readonly environments: readonly string[]
  /** Of the base under undefined, of each environment under its name; only where there are any. */
  readonly findings: ReadonlyMap<string | undefined, readonly Finding[]>
}

export type Loaded =
  | {readonly ok: true; readonly inForce: InForce}
  | {readonly ok: false; readonly problems: readonly string[]}

/** Makes what answers reviews out of configuration files and a file of objects, as often as they change. */
export class AdmissionLoader {
  readonly #files: AdmissionFiles
  readonly #choice: Choice
  readonly #ownNamespace: string
  readonly #io: Io
  readonly #shapes = new Shapes()
  readonly #reviewer = new Reviewer()

  constructor(files: AdmissionFiles, choice: Choice, ownNamespace: string, io: Io) {
    this.#files = files
    this.#choice = choice
    this.#ownNamespace = ownNamespace
    this.#io = io
  }

  /** All files or none: half of a change is no state that anybody wanted. Never rejects. */
  async load(): Promise<Loaded> {
    const [configuration, objects] = await Promise.all([
      loadFiles(this.#files.config, this.#io),
      this.#objects().catch((error: unknown) => unusable(error)),
    ])
    if (!configuration.ok) return {ok: false, problems: configuration.problems.map(formatProblem)}
    if (typeof objects === 'string') return {ok: false, problems: [objects]}
    const preparation = prepareEnvironments(configuration.loaded, objects, this.#choice)
    if (!preparation.ok) return {ok: false, problems: preparation.problems.map(formatProblem)}
    const {base, environments, findings} = preparation.prepared
    const state: AdmissionState = {base, environments, objects, shapes: this.#shapes, ownNamespace: this.#ownNamespace}
    const admission: Admission = {
      mesh: base.mesh,
      failurePolicy: (body) => failurePolicyOf(body, state),
      review: (body, excess) => this.#reviewer.review(body, state, excess),
    }
    return {ok: true, inForce: {admission, environments: [...environments.keys()], findings}}
  }

  /** Begin before the first `load`, so that no change is lost between them. */
  watch(onLoad: (loaded: Loaded) => unknown, options?: WatchOptions): Watch {
    const {config, objects} = this.#files
    const paths = objects === undefined ? config : [...config, objects]
    return watchFiles(
      paths.map((path) => resolve(this.#io.cwd, path)),
      async () => onLoad(await this.load()),
      options,
    )
  }

  async #objects(): Promise<ObjectIndex> {
    const {objects} = this.#files
    const texts = objects === undefined ? [] : await readManifests([objects], false, this.#io)
    return new ObjectIndex(texts.flatMap(({name, text}) => readDocuments(name, text).map(({value}) => value)))
  }
}

function unusable(error: unknown): string {
  if (error instanceof Failure) return `MW5102 ${error.message}`
  throw error
}
