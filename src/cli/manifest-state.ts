import type {Prepared} from '../admission/decide.ts'
import {prepare} from '../admission/prepare.ts'
import type {AdmissionState} from '../admission/review.ts'
import {Shapes} from '../admission/shape.ts'
import {chosenEnvironment} from '../config/choose.ts'
import type {LoadedConfiguration, ResolvedConfiguration} from '../config/load.ts'
import {locateProblems} from '../config/locate.ts'
import {formatProblems, type ConfigProblem} from '../config/problem.ts'
import {loadFiles} from '../config/watch.ts'
import type {Finding} from '../mesh/finding.ts'
import type {Objects} from '../mesh/objects.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {readDocuments, type ManifestDocument} from './manifest-document.ts'
import {objectsIn, type ManifestInput} from './manifest-input.ts'
import type {AdmissionOptions} from './manifest-options.ts'
import {readManifests} from './manifest-source.ts'

/** What the webhook would hold in memory, made from files; and what is to be said of the configuration itself. */
export interface ManifestState {
  readonly admission: AdmissionState
  readonly base: ResolvedConfiguration
  /** Of the base, then of each environment under its name. */
  readonly findings: ReadonlyMap<string | undefined, readonly Finding[]>
}

export async function stateFor(options: AdmissionOptions, input: ManifestInput, io: Io): Promise<ManifestState> {
  const result = await loadFiles(options.config ?? [], io)
  if (!result.ok) throw unusable(result.problems)
  const {loaded} = result
  const objects = objectsIn(input, await objectDocuments(options.objects, io))
  const base = resolved(loaded, chosenEnvironment(options.env, io.env), options)
  const prepared = preparedFor(base, objects)
  const findings = new Map<string | undefined, readonly Finding[]>([
    [undefined, [...base.findings, ...prepared.injector.findings]],
  ])
  const environments = new Map<string, Prepared>()
  for (const name of loaded.environments) {
    const one = resolved(loaded, name, options)
    const ready = preparedFor(one, objects)
    environments.set(name, ready)
    findings.set(name, [...one.findings, ...ready.injector.findings])
  }
  // Nothing says in which namespace Meshwright will run, and no namespace has an empty name.
  return {admission: {base: prepared, environments, objects, shapes: new Shapes(), ownNamespace: ''}, base, findings}
}

async function objectDocuments(file: string | undefined, io: Io): Promise<ManifestDocument[]> {
  if (file === undefined) return []
  const texts = await readManifests([file], false, io)
  return texts.flatMap(({name, text}) => readDocuments(name, text))
}

function resolved(
  loaded: LoadedConfiguration,
  environment: string | undefined,
  {mesh}: AdmissionOptions,
): ResolvedConfiguration {
  const resolution = loaded.resolve(environment, {mesh})
  if (!resolution.ok) throw unusable(resolution.problems)
  return resolution.resolved
}

function preparedFor(resolved: ResolvedConfiguration, objects: Objects): Prepared {
  const preparation = prepare(resolved.configuration, objects)
  if (!preparation.ok) throw unusable(locateProblems(resolved, preparation.problems))
  return preparation.prepared
}

function unusable(problems: readonly ConfigProblem[]): Failure {
  return new Failure(`the configuration cannot be used\n${formatProblems(problems)}`)
}
