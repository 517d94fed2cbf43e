import {ObjectIndex} from '../admission/objects.ts'
import type {AdmissionState} from '../admission/review.ts'
import {Shapes} from '../admission/shape.ts'
import {prepareEnvironments} from '../admission/state.ts'
import {chosenEnvironment} from '../config/choose.ts'
import type {ResolvedConfiguration} from '../config/load.ts'
import {formatProblems, type ConfigProblem} from '../config/problem.ts'
import {loadFiles} from '../config/watch.ts'
import type {Finding} from '../mesh/finding.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {readDocuments} from './manifest-document.ts'
import type {ManifestInput} from './manifest-input.ts'
import type {AdmissionOptions} from './manifest-options.ts'
import {readManifests} from './manifest-source.ts'

/** What the webhook would hold in memory, made from files; and what is to be said of the configuration itself. */
export interface ManifestState {
  readonly admission: AdmissionState
  readonly base: ResolvedConfiguration
  /** Of the base under undefined, of each environment under its name; only where there are any. */
  readonly findings: ReadonlyMap<string | undefined, readonly Finding[]>
}

export async function stateFor(options: AdmissionOptions, input: ManifestInput, io: Io): Promise<ManifestState> {
  const loading = await loadFiles(options.config ?? [], io)
  if (!loading.ok) throw unusable(loading.problems)
  const {loaded} = loading
  const {mesh} = options
  const environment = chosenEnvironment(options.env, io.env)
  const base = loaded.resolve(environment, {mesh})
  if (!base.ok) throw unusable(base.problems)

  // What is about to be applied is newer than what the cluster holds.
  const below = options.objects === undefined ? [] : await readManifests([options.objects], false, io)
  const documents = [...below.flatMap(({name, text}) => readDocuments(name, text)), ...input.documents]
  const values = documents.map(({value}) => value)
  const objects = new ObjectIndex(values, input.namespace)
  const preparation = prepareEnvironments(loaded, objects, {environment, mesh})
  if (!preparation.ok) throw unusable(preparation.problems)
  const {findings, ...prepared} = preparation.prepared
  // Nothing says in which namespace Meshwright will run, and no namespace has an empty name.
  const admission = {...prepared, objects, shapes: new Shapes(), ownNamespace: ''}
  return {admission, base: base.resolved, findings}
}

function unusable(problems: readonly ConfigProblem[]): Failure {
  return new Failure(`the configuration cannot be used\n${formatProblems(problems)}`)
}
