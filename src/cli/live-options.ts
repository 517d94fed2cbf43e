import {Argument, type Command} from 'commander'
import {usualNamespace} from '../install/names.ts'
import {KubeError} from '../kube/errors.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {liveWorkloads, type LiveWorkload} from './live-workloads.ts'
import type {Judged} from './manifest-admission.ts'
import type {AdmissionOptions, ManifestOptions} from './manifest-options.ts'
import {Progress} from './progress.ts'
import type {Report} from './report.ts'

/** Which workloads: of manifests where those are named, else of a cluster. */
export interface LiveOptions extends ManifestOptions, AdmissionOptions, ClusterOptions {
  readonly allNamespaces?: boolean
  readonly ownNamespace: string
}

export function withLive(command: Command): Command {
  return withCluster(command)
    .addArgument(new Argument('[name]', 'only this workload: user-service or deployment/user-service'))
    .option('-A, --all-namespaces', 'workloads of every namespace')
    .option('--own-namespace <name>', 'of a cluster: the namespace that Meshwright runs in', usualNamespace)
}

const ofManifests = ['config', 'objects', 'mesh', 'env'] as const

/** @throws Failure where the cluster cannot be reached or read, or an option is of no use with one */
export async function readLive(options: LiveOptions, io: Io, report: Report): Promise<readonly LiveWorkload[]> {
  const stray = ofManifests.find((option) => options[option] !== undefined)
  if (stray !== undefined) {
    throw new Failure(
      `--${stray} goes with -f: a cluster is looked at with the configuration that is in force there`,
      2,
    )
  }
  const api = await connectTo(options, io)
  const progress = new Progress(io)
  try {
    const {allNamespaces, ownNamespace, namespace = api.namespace} = options
    const of = {namespace: allNamespaces === true ? undefined : namespace, ownNamespace}
    const {workloads, problems, isInstalled} = await liveWorkloads(api, of, (text) => progress.tell(text))
    if (!isInstalled) {
      report.line('attention', `there is no webhook in namespace ${ownNamespace}: what follows is what one would do`)
    }
    for (const problem of problems) report.line('attention', problem)
    return workloads
  } catch (error) {
    if (error instanceof KubeError) throw new Failure(error.message)
    throw error
  } finally {
    progress.end()
    await api.close()
  }
}

/** Whether a workload is the one of this name, which may have its kind before it. */
export function isNamed({name: full, workload}: Judged, name: string | undefined): boolean {
  return name === undefined || name.toLowerCase() === full.toLowerCase() || name === workload?.name
}
