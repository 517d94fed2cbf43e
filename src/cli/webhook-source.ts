import {readFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import type {Choice} from '../admission/state.ts'
import {chosenEnvironment} from '../config/choose.ts'
import type {LoadResult, LoadedConfiguration} from '../config/load.ts'
import {formatProblem, formatProblems} from '../config/problem.ts'
import {loadFiles, watchConfiguration} from '../config/watch.ts'
import {readResolvConf} from '../mesh/consul/resolv-conf.ts'
import type {KubeconfigSource} from '../kube/kubeconfig.ts'
import type {Log} from '../obs/log.ts'
import type {Tally} from '../obs/tally.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'
import {ownNamespace} from './serving.ts'
import {AdmissionLoader, type Loaded} from './webhook-admission.ts'
import type {WebhookOptions} from './webhook-options.ts'

/** Where configuration and objects come from, heard of through the `onLoad` that it was made with. */
export interface Source {
  close(): Promise<void>
}

const account = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A pod's own cluster counts unless objects stand in for one. */
export function inCluster({kubeconfig, objects}: WebhookOptions, {env}: Io): boolean {
  return kubeconfig !== undefined || (objects === undefined && Boolean(env['KUBERNETES_SERVICE_HOST']))
}

/**
 * Files only. What they say is in force when this resolves.
 *
 * @throws Failure where they cannot be used
 */
export async function fileSource(options: WebhookOptions, io: Io, onLoad: (loaded: Loaded) => void): Promise<Source> {
  const loader = new AdmissionLoader(options, choiceOf(options, io), await ownNamespace(), io)
  const started = Promise.withResolvers<void>()
  const watch = loader.watch(async (loaded) => {
    await started.promise
    onLoad(loaded)
  })
  const loaded = await loader.load()
  if (!loaded.ok) throw new Failure(`the configuration cannot be used\n${loaded.problems.join('\n')}`)
  onLoad(loaded)
  started.resolve()
  return {close: async () => watch.close()}
}

/**
 * A cluster, with configuration files in the place of a MeshConfig `default` that it does not have. Nothing is in force
 * before the cluster has told everything that counts.
 *
 * @throws Failure where the files or the kubeconfig cannot be used
 */
export async function clusterSource(
  options: WebhookOptions,
  io: Io,
  {log, tally}: {log: Log; tally: Tally},
  onLoad: (loaded: Loaded) => void,
): Promise<Source> {
  // Loaded here, so that a webhook without a cluster starts without the client.
  const [{ClusterLoader}, {connect}] = await Promise.all([import('./webhook-cluster.ts'), import('../kube/client.ts')])
  const started = Promise.withResolvers<void>()
  const watch = watchConfiguration(options.config, io, async (result) => {
    await started.promise
    if (result.ok) loader.useFiles(result.loaded)
    else onLoad({ok: false, problems: result.problems.map(formatProblem)})
  })
  const files = usable(await loadFiles(options.config, io))
  const {kubeconfig, context} = options
  const source: KubeconfigSource = {
    env: io.env,
    ...(kubeconfig !== undefined && {kubeconfig: resolve(io.cwd, kubeconfig)}),
    ...(context !== undefined && {context}),
  }
  const api = await connect(source).catch((error: unknown) => {
    throw new Failure(reasonOf(error), 2)
  })
  const choice = {...choiceOf(options, io), clusterDNS: await ownDNS()}
  const loader = new ClusterLoader(api, {choice, files, ownNamespace: await ownNamespace()}, {log, tally}, onLoad)
  started.resolve()
  return {
    async close() {
      watch.close()
      await loader.stop()
      await api.close()
    },
  }
}

function usable(result: LoadResult): LoadedConfiguration {
  if (!result.ok) throw new Failure(`the configuration cannot be used\n${formatProblems(result.problems)}`)
  return result.loaded
}

function choiceOf({env, mesh}: WebhookOptions, io: Io): Choice {
  return {environment: chosenEnvironment(env, io.env), mesh}
}

/** The DNS of the pod that the webhook runs in; nothing is known of a cluster's from outside. */
async function ownDNS(): Promise<Choice['clusterDNS']> {
  try {
    await readFile(`${account}/namespace`)
    return readResolvConf(await readFile('/etc/resolv.conf', 'utf8'), await ownNamespace())
  } catch {
    return undefined
  }
}
