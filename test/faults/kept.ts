import {X509Certificate} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import {fileNames} from '../../src/certs/folder.ts'
import {controllerKubeconfig, ControllerProcess, ownNamespace} from '../e2e/controller.ts'
import type {Bed} from './bed.ts'
import {Load} from './load.ts'
import type {Texts} from './mounts.ts'
import {posts} from './senders.ts'

const registration = 'meshwright-webhook'
const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${registration}`
const secrets = {authority: 'meshwright-ca', leaf: 'meshwright-webhook-tls'} as const
/** Milliseconds between two looks at what the controllers have written. */
const every = 100

const SECRET = z.object({data: z.record(z.string(), z.string()).default({})})
const REGISTRATION = z.object({
  webhooks: z.array(z.looseObject({clientConfig: z.looseObject({caBundle: z.string().default('')})})),
})
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Two controllers keep the certificates of a bed, in place of the bed itself: they find what it has, and take over. */
export class Kept {
  readonly #bed: Bed
  readonly #controllers: readonly ControllerProcess[]
  readonly #following: Promise<void>
  #bundle = ''
  #isOver = false

  private constructor(bed: Bed, controllers: readonly ControllerProcess[]) {
    this.#bed = bed
    this.#controllers = controllers
    this.#following = this.#follow()
  }

  /** Resolves when they have taken over. */
  static async start(bed: Bed): Promise<Kept> {
    const kubeconfig = await controllerKubeconfig(bed.cluster)
    const margins = ['--bundle-settle', '2s', '--secret-propagation', '5s']
    const args = ['--webhook-configuration', registration, '--webhook-host', '127.0.0.1', ...margins]
    const start = () => ControllerProcess.start(bed.cluster, kubeconfig, args)
    return new Kept(bed, [start(), start()])
  }

  /** What the registration has the API server trust, as of a moment ago. */
  get bundle(): string {
    return this.#bundle
  }

  /** Posts reviews to the balancer, each over a connection of its own that trusts what the registration says. */
  posting(perSecond: number): Load {
    return new Load(perSecond, posts({port: this.#bed.balancer.port, trusted: () => this.#bundle, isFresh: true}))
  }

  /** Asks for another authority or another leaf as a user does. */
  async ask(of: keyof typeof secrets): Promise<void> {
    const annotation = `meshwright.dev/rotate=${process.hrtime.bigint()}`
    const args = ['annotate', '--overwrite', '-n', ownNamespace, 'secret', secrets[of], annotation]
    const {code, stderr} = await this.#bed.cluster.kubectl(args)
    if (code !== 0) throw new Error(stderr)
  }

  /** Waits until it is known what the registration says. */
  async known(): Promise<void> {
    await this.#bed.cluster.until('the registration', 10_000, async () => this.#bundle !== '')
  }

  /** As `steady`, with another authority than that one. */
  next(serial: string, what: string): Promise<string> {
    return this.#bed.cluster.until(`another authority: ${what}`, 240_000, async () => {
      const now = await this.steady(what)
      return now !== serial && now
    })
  }

  /** Waits until one authority alone is trusted, every replica serves what it signed, and answers with its serial number. */
  steady(what: string): Promise<string> {
    return this.#bed.cluster.until(`everything to be in its place: ${what}`, 180_000, async () => {
      const authority = await this.#secret(secrets.authority)
      const signer = authority[fileNames.cert] ?? ''
      const isAlone = (this.#bundle.match(block) ?? []).length === 1 && authority['next.crt'] === undefined
      if (signer === '' || !isAlone || serialOf(this.#bundle) !== serialOf(signer)) return undefined
      const leaf = this.#bed.mounts.texts[fileNames.cert] ?? ''
      if (!new X509Certificate(leaf).verify(new X509Certificate(signer).publicKey)) return undefined
      await this.#bed.served()
      return serialOf(signer)
    })
  }

  /** Writes another bundle into the registration, as somebody who should not. */
  async overwrite(bundle: string): Promise<void> {
    const caBundle = Buffer.from(bundle).toString('base64')
    const patch = [{op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: caBundle}]
    await this.#bed.cluster.api.request('PATCH', path, patch, 'application/json-patch+json')
  }

  /** What the registration says now. */
  async look(): Promise<string> {
    const {body} = await this.#bed.cluster.api.request('GET', path)
    const [webhook] = REGISTRATION.parse(body).webhooks
    return Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#following
    await Promise.all(this.#controllers.map((controller) => controller.end()))
    for (const name of Object.values(secrets)) {
      await this.#bed.cluster.api.request('DELETE', `/api/v1/namespaces/${ownNamespace}/secrets/${name}`)
    }
  }

  /** The kubelets' part, and what an API server hears of the registration. */
  async #follow(): Promise<void> {
    let mounted = ''
    while (!this.#isOver) {
      const [texts, bundle] = [await this.#secret(secrets.leaf), await this.look()]
      this.#bundle = bundle
      const now = JSON.stringify(texts)
      if (texts[fileNames.cert] !== undefined && now !== mounted) {
        mounted = now
        await this.#bed.mounts.write(texts)
      }
      await sleep(every)
    }
  }

  async #secret(name: string): Promise<Texts> {
    const {status, body} = await this.#bed.cluster.api.request(
      'GET',
      `/api/v1/namespaces/${ownNamespace}/secrets/${name}`,
    )
    if (status !== 200) return {}
    const entries = Object.entries(SECRET.parse(body).data)
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  }
}

function serialOf(pem: string): string {
  return new X509Certificate(pem).serialNumber
}
