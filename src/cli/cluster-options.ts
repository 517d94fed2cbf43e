import {resolve} from 'node:path'
import type {Command} from 'commander'
import type {KubeApi} from '../kube/api.ts'
import {connect, type ConnectOptions} from '../kube/client.ts'
import {KubeconfigError} from '../kube/kubeconfig.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'

/** Which cluster. */
export interface ClusterOptions {
  readonly kubeconfig?: string
  readonly context?: string
}

export function withCluster(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'the cluster and the credentials (default: $KUBECONFIG, ~/.kube/config, the pod)')
    .option('--context <name>', "the context of the kubeconfig (default: the kubeconfig's own)")
}

/** @throws Failure where the command line or a kubeconfig names no cluster that can be used */
export async function connectTo(
  {kubeconfig, context}: ClusterOptions,
  io: Io,
  onCall?: ConnectOptions['onCall'],
): Promise<KubeApi> {
  try {
    return await connect({
      env: io.env,
      ...(kubeconfig === undefined ? {} : {kubeconfig: resolve(io.cwd, kubeconfig)}),
      ...(context === undefined ? {} : {context}),
      ...(onCall === undefined ? {} : {onCall}),
    })
  } catch (error) {
    if (error instanceof KubeconfigError) throw new Failure(error.message, 2)
    throw error
  }
}
