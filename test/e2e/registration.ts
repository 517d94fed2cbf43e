import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {parse} from 'yaml'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'
import {freePorts} from '../cluster/ports.ts'
import {root} from './command.ts'

export type FailurePolicy = 'Fail' | 'Ignore'

const REGISTRATION = z.looseObject({webhooks: z.array(z.looseObject({}))})
const manifestFile = join(root, 'manifests/kustomize/base/registration.yaml')

/** manifests/kustomize/base/registration.yaml in a cluster, with the address of a process of the test's own in the place of a Service. */
export class Registration {
  readonly #cluster: Cluster
  readonly #url: string
  #times = 0

  /** @param url such as `https://127.0.0.1:PORT/mutate` */
  constructor(cluster: Cluster, url: string) {
    this.#cluster = cluster
    this.#url = url
  }

  /**
   * Registers, or changes the registration, and waits until the API server goes by it, over new connections.
   *
   * @param bundle PEM of the authorities that the API server is to trust
   */
  async apply(failurePolicy: FailurePolicy, bundle: string): Promise<void> {
    const manifest = REGISTRATION.parse(parse(await readFile(manifestFile, 'utf8')))
    // The API server keeps connections as long as it can, and keeps them apart by the bundle's bytes.
    const caBundle = Buffer.from(`${bundle}# ${++this.#times}\n`).toString('base64')
    const clientConfig = {url: this.#url, caBundle}
    const webhooks = manifest.webhooks.map((webhook) => ({...webhook, failurePolicy, clientConfig}))
    await this.#apply({...manifest, webhooks})
    await this.#isSeen()
  }

  async delete(): Promise<void> {
    const {code, stderr} = await this.#cluster.kubectl(['delete', '-f', manifestFile])
    if (code !== 0) throw new Error(stderr)
    await this.#isSeen()
  }

  /**
   * The API server watches registrations, so it goes by a change a moment later. Changes come in their order: when the API
   * server calls for a webhook that nobody serves, it has seen all that was registered before.
   */
  async #isSeen(): Promise<void> {
    const [closed = 0] = await freePorts(1)
    const name = `barrier-${closed}`
    const barrier = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: {name},
      webhooks: [
        {
          name: 'barrier.meshwright.dev',
          clientConfig: {url: `https://127.0.0.1:${closed}/`},
          rules: [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']}],
          objectSelector: {matchLabels: {barrier: name}},
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
        },
      ],
    }
    await this.#apply(barrier)
    const probe = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name, labels: {barrier: name}}}
    await this.#cluster.until('the API server to see the registration', 20_000, async () => {
      const path = '/api/v1/namespaces/default/configmaps?dryRun=All'
      return (await this.#cluster.api.request('POST', path, probe)).status === 500
    })
    const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`
    await this.#cluster.api.request('DELETE', path)
  }

  async #apply(object: object): Promise<void> {
    const {code, stderr} = await this.#cluster.kubectl(['apply', '-f', '-'], {stdin: JSON.stringify(object)})
    if (code !== 0) throw new Error(stderr)
  }
}
