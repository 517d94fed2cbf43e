import type {LoadedConfiguration} from '../config/load.ts'
import {locateProblems} from '../config/locate.ts'
import type {ConfigProblem} from '../config/problem.ts'
import type {Configuration, MeshSection} from '../config/schema.ts'
import type {Finding} from '../mesh/finding.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {Objects} from '../mesh/objects.ts'
import type {Prepared} from './decide.ts'
import {prepare} from './prepare.ts'

/** What an `AdmissionState` holds of the configuration. */
export interface PreparedEnvironments {
  readonly base: Prepared
  readonly environments: ReadonlyMap<string, Prepared>
  /** Of the base under undefined, of each environment under its name; only where there are any. */
  readonly findings: ReadonlyMap<string | undefined, readonly Finding[]>
}

export type StatePreparation =
  | {readonly ok: true; readonly prepared: PreparedEnvironments}
  | {readonly ok: false; readonly problems: readonly ConfigProblem[]}

export interface Choice {
  /** The environment for namespaces that name none; undefined: the configuration's base. */
  readonly environment?: string | undefined
  /** In place of `mesh.type`. */
  readonly mesh?: MeshName | undefined
  /** For Consul, where the configuration says nothing of it: what a pod's own resolv.conf says. */
  readonly clusterDNS?: ClusterDNS | undefined
}

type ClusterDNS = NonNullable<NonNullable<MeshSection['consul']>['clusterDNS']>

/** Resolves every environment for its mesh. All of them or none: a namespace may name any of them tomorrow. Pure. */
export function prepareEnvironments(loaded: LoadedConfiguration, objects: Objects, choice: Choice): StatePreparation {
  const problems: ConfigProblem[] = []
  const findings = new Map<string | undefined, readonly Finding[]>()
  const prepareOne = (environment: string | undefined, name: string | undefined): Prepared | undefined => {
    const resolution = loaded.resolve(environment, {mesh: choice.mesh})
    if (!resolution.ok) {
      for (const problem of resolution.problems) problems.push(problem)
      return undefined
    }
    const {resolved} = resolution
    const preparation = prepare(withClusterDNS(resolved.configuration, choice.clusterDNS), objects)
    if (!preparation.ok) {
      for (const problem of locateProblems(resolved, preparation.problems)) problems.push(problem)
      return undefined
    }
    const found = [...resolved.findings, ...preparation.prepared.injector.findings]
    if (found.length > 0) findings.set(name, found)
    return preparation.prepared
  }
  const base = prepareOne(choice.environment, undefined)
  const environments = new Map<string, Prepared>()
  for (const name of loaded.environments) {
    const prepared = prepareOne(name, name)
    if (prepared !== undefined) environments.set(name, prepared)
  }
  if (base === undefined || problems.length > 0) return {ok: false, problems}
  return {ok: true, prepared: {base, environments, findings}}
}

function withClusterDNS(configuration: Configuration, clusterDNS: ClusterDNS | undefined): Configuration {
  const {mesh} = configuration
  if (clusterDNS === undefined || mesh.consul?.clusterDNS !== undefined) return configuration
  return {...configuration, mesh: {...mesh, consul: {...mesh.consul, clusterDNS}}}
}
