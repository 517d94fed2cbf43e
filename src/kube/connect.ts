import manifest from '../../package.json' with {type: 'json'}
import type {KubeApi} from './api.ts'
import {systemClock, type Clock} from './clock.ts'
import {KubeClient, type ClientOptions} from './client.ts'
import {Credentials} from './credentials.ts'
import type {KubeconfigSource} from './kubeconfig.ts'
import {Transport} from './transport.ts'

export interface ConnectOptions extends KubeconfigSource {
  /** Told of every call that was answered or failed; status 0 for no answer. */
  readonly onCall?: ClientOptions['onCall']
  /** Milliseconds of a silent connection before the API server is asked for a sign of life, and for that sign; 15,000 and 10,000 where absent. */
  readonly idle?: number
  readonly lifeSign?: number
  readonly clock?: Clock
  /** Where the file system of the pod begins: for tests of what a pod finds there. */
  readonly podRoot?: string
}

export interface Connected {
  readonly api: KubeApi
  /** `https://host:port`. */
  readonly server: string
  /** Of the kubeconfig's context, or of the pod; `default` where neither names one. */
  readonly namespace: string
}

/** Finds the cluster and the credentials; nothing is sent yet. @throws KubeconfigError */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const {clock = systemClock, idle = 15_000, lifeSign = 10_000, onCall, podRoot} = options
  const credentials = await Credentials.load(options, clock, podRoot)
  const userAgent = `${manifest.name}/${manifest.version}`
  const transport = new Transport({credentials, clock, userAgent, idle, lifeSign})
  const api = new KubeClient({transport, clock, ...(onCall !== undefined && {onCall})})
  return {api, server: credentials.server, namespace: credentials.namespace ?? 'default'}
}
