import type {KubeApi} from '../kube/api.ts'
import type {Clock} from '../kube/clock.ts'
import type {Events} from '../kube/events.ts'
import {manager} from '../controller/stamp.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {CertificateTally} from '../obs/certificate-tally.ts'
import type {Log} from '../obs/log.ts'
import {Pace} from './pace.ts'
import type {AuthorityChange, Chosen} from './rotation.ts'
import {authorityData, leafData, requestIn, rotatedAnnotation, secrets, signatory, type Signatory} from './secret.ts'
import type {WatchedObject} from './watched.ts'

export interface SecretWriterOptions {
  readonly api: KubeApi
  readonly events: Events
  readonly log: Log
  readonly tally: CertificateTally
  readonly clock: Clock
}

/** Makes authorities and certificates, and writes them into their Secrets: a whole step in one write, or none. */
export class SecretWriter {
  readonly #options: SecretWriterOptions
  readonly #paces = {authority: new Pace(), leaf: new Pace()}

  constructor(options: SecretWriterOptions) {
    this.#options = options
  }

  /**
   * Returns 0 once it is written, or the milliseconds after which it may be.
   *
   * @throws KubeError, among them ConflictError where the Secret has changed meanwhile
   */
  async writeAuthority(
    watched: WatchedObject,
    {why, signer, next, old}: AuthorityChange,
    there: readonly (Signatory | undefined)[],
    now: number,
  ): Promise<number> {
    const {clock, log, tally} = this.#options
    const wait = this.#paces.authority.wait(clock.monotonic())
    if (wait > 0) return wait
    this.#paces.authority.wrote(clock.monotonic())
    const made = signer === 'new' || next === 'new' ? await makeSignatory(now) : undefined
    const choose = (chosen: Chosen) =>
      chosen === 'new' ? made : there.find((each) => each !== undefined && each.fingerprint === chosen?.fingerprint)
    const data = authorityData(choose(signer), choose(next), old)
    if (why === 'lost') await this.#lost(watched)
    await this.#write(watched, 'Opaque', data, made !== undefined)
    if (made !== undefined) tally.issue('authority')
    const facts = made && {fingerprint: made.fingerprint, notAfter: new Date(made.notAfter).toISOString()}
    log.info({secret: watched.name, why, ...facts}, 'authority written')
    return 0
  }

  /** The same for the Secret that the replicas mount. @throws KubeError */
  async writeLeaf(
    watched: WatchedObject,
    why: string,
    signer: Signatory,
    hosts: readonly string[],
    now: number,
  ): Promise<number> {
    const {clock, log, tally} = this.#options
    const wait = this.#paces.leaf.wait(clock.monotonic())
    if (wait > 0) return wait
    this.#paces.leaf.wrote(clock.monotonic())
    const {issue} = await import('./authority.ts')
    const pair = await issue(signer.authority, hosts, new Date(now))
    await this.#write(watched, 'kubernetes.io/tls', leafData(pair, signer), true)
    tally.issue('webhook')
    log.info({secret: watched.name, why, issuer: signer.fingerprint}, 'certificate issued')
    return 0
  }

  async #write(
    watched: WatchedObject,
    type: string,
    data: Readonly<Record<string, string | null>>,
    heeds: boolean,
  ): Promise<void> {
    const {api} = this.#options
    const {object, name, namespace = ''} = watched
    const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null))
    const {apiVersion, kind} = secrets
    if (object === undefined) {
      const metadata = {
        namespace,
        name,
        labels: {'app.kubernetes.io/name': 'meshwright', 'app.kubernetes.io/managed-by': 'meshwright'},
      }
      watched.wrote(await api.create(secrets, {apiVersion, kind, metadata, type, data: given}, {fieldManager: manager}))
      return
    }
    const {uid, resourceVersion} = metadataOf(object)
    const request = heeds ? requestIn(object) : undefined
    const annotations = request === undefined ? {} : {annotations: {[rotatedAnnotation]: request}}
    const patch = {metadata: {uid, resourceVersion, ...annotations}, data}
    watched.wrote(await api.patch(secrets, {namespace, name}, patch, {fieldManager: manager}))
  }

  async #lost({name, namespace = '', object}: WatchedObject): Promise<void> {
    const {log, events} = this.#options
    const {apiVersion, kind} = secrets
    const note = `MW6503 the authority of Secret ${name} is lost or cannot be used; another one takes over`
    log.error({code: 'MW6503', secret: name}, 'the authority is lost; another one takes over')
    const regarding =
      object === undefined
        ? {apiVersion, kind, metadata: {name, namespace}}
        : {apiVersion, kind, metadata: metadataOf(object)}
    await events.report({regarding, type: 'Warning', reason: 'AuthorityLost', action: 'Rotate', note})
  }
}

async function makeSignatory(now: number): Promise<Signatory> {
  const {makeAuthority} = await import('./authority.ts')
  const made = signatory(await makeAuthority(new Date(now)))
  if (made === undefined) throw new Error('an authority that was just made cannot be used')
  return made
}

function metadataOf({metadata = {}}: KubeObject): NonNullable<KubeObject['metadata']> {
  return metadata
}
