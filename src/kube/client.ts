import manifest from '../../package.json' with {type: 'json'}
import type {KubeApi} from './api.ts'
import {systemClock, type Clock} from './clock.ts'
import {Credentials} from './credentials.ts'
import {HttpKubeApi, type HttpKubeApiOptions} from './http-api.ts'
import type {KubeconfigSource} from './kubeconfig.ts'
import {Transport} from './transport.ts'

export interface ConnectOptions extends KubeconfigSource {
  /** Told of every call that was answered or failed; status 0 for no answer. */
  readonly onCall?: NonNullable<HttpKubeApiOptions['onCall']>
  /** Milliseconds without a byte from watches before the API server is asked for a sign of life; 15,000 where absent. */
  readonly idle?: number
  /** Milliseconds that it has for that before the connection counts as dead; 10,000 where absent. */
  readonly lifeSign?: number
  readonly clock?: Clock
  /** Where the file system of the pod begins: for tests of what a pod finds there. */
  readonly podRoot?: string
}

/**
 * Finds the cluster and the credentials; nothing is sent yet.
 *
 * Import this module only where a cluster is really called, by `import()`: it brings client-node and undici, 2.8 MB that
 * take 150 ms and 40 MB to load.
 *
 * @throws KubeconfigError
 */
export async function connect(options: ConnectOptions): Promise<KubeApi> {
  const {clock = systemClock, idle = 15_000, lifeSign = 10_000, onCall, podRoot} = options
  const credentials = await Credentials.load(options, clock, podRoot)
  const userAgent = `${manifest.name}/${manifest.version}`
  const transport = new Transport({credentials, clock, userAgent, idle, lifeSign})
  const {server, namespace = 'default'} = credentials
  return new HttpKubeApi({server, namespace, transport, clock, ...(onCall !== undefined && {onCall})})
}
