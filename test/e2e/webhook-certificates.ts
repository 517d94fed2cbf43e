import {X509Certificate} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect} from 'vitest'
import {parse} from 'yaml'
import {z} from 'zod'
import {everyCertificate} from '../../src/certs/bundle.ts'
import type {Cluster} from '../cluster/cluster.ts'
import {root} from './command.ts'
import {ownNamespace} from './controller.ts'
import {underLoad} from './load.ts'
import {outerAddress, Replica} from './replica.ts'

/** Of the registration, and of the Service it names. */
export const webhookName = 'meshwright-webhook'
export const servername = `${webhookName}.${ownNamespace}.svc`

/** How the controller is started beside it, with pauses that a test can wait for. */
export const controllerSettings: readonly string[] = [
  `--webhook-configuration=${webhookName}`,
  '--bundle-settle=2s',
  '--secret-propagation=20s',
  // A lease of a second is lost where the machine has a lot to do.
  '--lease-duration=10s',
]

const concurrency = 10

const REGISTRATION = z.looseObject({
  metadata: z.looseObject({
    managedFields: z.array(z.looseObject({manager: z.string(), fieldsV1: z.unknown()})).default([]),
  }),
  webhooks: z.array(
    z.looseObject({timeoutSeconds: z.number(), clientConfig: z.looseObject({caBundle: z.string().default('')})}),
  ),
})
const SECRET = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  type: z.string(),
  data: z.record(z.string(), z.string()).default({}),
})

export const encode = (text: string) => Buffer.from(text).toString('base64')
export const serialOf = (pem: string) => everyCertificate(pem)[0]?.serialNumber ?? ''

/** What a cluster has of the webhook's certificates: the registration, two Secrets, and replicas that mount one of them. */
export class WebhookCertificates {
  readonly replicas: Replica[] = []
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** As the installation registers it: without caBundle. */
  async register(): Promise<void> {
    const manifest = z
      .looseObject({webhooks: z.array(z.looseObject({clientConfig: z.unknown()}))})
      .parse(parse(readFileSync(join(root, 'manifests/kustomize/base/registration.yaml'), 'utf8')))
    const service = {name: webhookName, namespace: ownNamespace, path: '/mutate', port: 443}
    const webhooks = manifest.webhooks.map((webhook) => ({...webhook, clientConfig: {service}}))
    const ports = [{name: 'https', port: 443, targetPort: 8443}]
    await this.#apply(
      {...manifest, metadata: {name: webhookName}, webhooks},
      {apiVersion: 'v1', kind: 'Service', metadata: {name: webhookName, namespace: ownNamespace}, spec: {ports}},
    )
  }

  /** Starts replicas, each with a slice of its own: they share an address and differ in their ports. */
  async serve(count: number, namespaces: readonly string[]): Promise<void> {
    const secret = {namespace: ownNamespace, name: 'meshwright-webhook-tls'}
    for (let i = 0; i < count; i++) this.replicas.push(await Replica.start(this.#cluster, secret, namespaces))
    await this.#apply(
      ...this.replicas.map(({port}, index) => ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: `${webhookName}-${index}`,
          namespace: ownNamespace,
          labels: {'kubernetes.io/service-name': webhookName},
        },
        addressType: 'IPv4',
        endpoints: [{addresses: [outerAddress()], conditions: {ready: true}}],
        ports: [{name: 'https', port, protocol: 'TCP'}],
      })),
    )
  }

  async end(): Promise<void> {
    for (const replica of this.replicas) await replica.end()
  }

  async registration(): Promise<z.infer<typeof REGISTRATION>> {
    const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${webhookName}`
    return REGISTRATION.parse((await this.#cluster.api.request('GET', path)).body)
  }

  async bundle(): Promise<string> {
    const [webhook] = (await this.registration()).webhooks
    return Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString()
  }

  async secret(name: string): Promise<z.infer<typeof SECRET> | undefined> {
    const path = `/api/v1/namespaces/${ownNamespace}/secrets/${name}`
    const {status, body} = await this.#cluster.api.request('GET', path)
    return status === 200 ? SECRET.parse(body) : undefined
  }

  async textOf(secret: string, key: string): Promise<string> {
    return Buffer.from((await this.secret(secret))?.data[key] ?? '', 'base64').toString()
  }

  async patchSecret(name: string, patch: object): Promise<void> {
    const path = `/api/v1/namespaces/${ownNamespace}/secrets/${name}`
    const {status} = await this.#cluster.api.request('PATCH', path, patch, 'application/merge-patch+json')
    expect(status).toBe(200)
  }

  /** Somebody writes this bundle, or none, into the registration, as an upgrade may. */
  async overwrite(caBundle: string, fieldManager = 'somebody'): Promise<void> {
    const {webhooks} = await this.registration()
    const changed = webhooks.map((webhook) => ({...webhook, clientConfig: {...webhook.clientConfig, caBundle}}))
    const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${webhookName}`
    const patch = {webhooks: changed}
    const {status} = await this.#cluster.api.request(
      'PATCH',
      `${path}?fieldManager=${fieldManager}`,
      patch,
      'application/merge-patch+json',
    )
    expect(status).toBe(200)
  }

  /**
   * Waits until every replica serves the certificate in the Secret, its signer alone is trusted, and nothing is under way.
   * The serial number of that certificate.
   */
  steady(what: string, timeout = 60_000): Promise<string> {
    return this.#cluster.until(`${what}: everything to be in its place`, timeout, async () => {
      const [leaf, signer, next] = await Promise.all([
        this.textOf('meshwright-webhook-tls', 'tls.crt'),
        this.textOf('meshwright-ca', 'tls.crt'),
        this.textOf('meshwright-ca', 'next.crt'),
      ])
      const trusted = everyCertificate(await this.bundle()).map(({serialNumber}) => serialNumber)
      if (next !== '' || trusted.join() !== serialOf(signer) || leaf === '') return undefined
      const [certificate] = everyCertificate(leaf)
      if (certificate?.verify(new X509Certificate(signer).publicKey) !== true) return undefined
      for (const replica of this.replicas) {
        if ((await replica.servedTo(signer, servername)) !== serialOf(leaf)) return undefined
      }
      return serialOf(leaf)
    })
  }

  /**
   * Creates pods all the time, and asks every replica for its certificate over new connections, trusting what the
   * registration has at that moment and nothing else. Fails where a create does, or a replica was not to be trusted.
   */
  async watched(namespace: string, during: () => Promise<void>): Promise<void> {
    const [over, untrusted] = [new AbortController(), new Set<string>()]
    let handshakes = 0
    const asking = (async () => {
      while (!over.signal.aborted) {
        const ca = await this.bundle()
        for (const replica of this.replicas) {
          await replica.servedTo(ca, servername).then(
            () => handshakes++,
            (error: unknown) => untrusted.add(`${replica.port}: ${String(error)}`),
          )
        }
        await sleep(20)
      }
    })()
    try {
      const {injected, failed} = await underLoad(this.#cluster, namespace, concurrency, during)
      expect(failed).toEqual([])
      expect(injected).toBeGreaterThan(concurrency)
    } finally {
      over.abort()
      await asking
    }
    expect([...untrusted]).toEqual([])
    expect(handshakes).toBeGreaterThanOrEqual(this.replicas.length)
  }

  async #apply(...objects: readonly object[]): Promise<void> {
    const stdin = JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects})
    const {code, stderr} = await this.#cluster.kubectl(['apply', '-f', '-'], {stdin})
    expect(code, stderr).toBe(0)
  }
}
