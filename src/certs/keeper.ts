import type {KubeApi} from '../kube/api.ts'
import {backoff} from '../kube/backoff.ts'
import {pause, systemClock, type Clock} from '../kube/clock.ts'
import {AlreadyExistsError, ConflictError, FencedError, NotFoundError} from '../kube/errors.ts'
import {Events} from '../kube/events.ts'
import type {CertificateTally} from '../obs/certificate-tally.ts'
import type {Log} from '../obs/log.ts'
import {BundleKeeper} from './bundle-keeper.ts'
import {followIssuer, type ExternalState} from './external.ts'
import {fileNames} from './folder.ts'
import {registrations} from './registration.ts'
import {askReplicas} from './replicas.ts'
import {plan, type Margins, type Observation, type Plan, type ReplicaState} from './rotation.ts'
import {readAuthoritySecret, readLeafSecret, secrets, textIn} from './secret.ts'
import {SecretWriter} from './secret-writer.ts'
import {Since} from './since.ts'
import type {Trusted} from './bundle.ts'
import {WatchedObject} from './watched.ts'

export interface KeeperOptions {
  /** `managed`: we keep an authority and issue; `external`: somebody else fills the webhook's Secret. */
  readonly mode: 'managed' | 'external'
  /** Of the Secrets and the Service. */
  readonly namespace: string
  readonly authoritySecret: string
  readonly webhookSecret: string
  readonly service: string
  /** Name of the MutatingWebhookConfiguration. */
  readonly registration: string
  /** Names and addresses that the webhook is called by; the first is the Service's. */
  readonly hosts: readonly string[]
  readonly margins: Margins
  /** Of this process, for Events. */
  readonly instance: string
  readonly log: Log
  readonly tally: CertificateTally
  readonly clock?: Clock
}

/** Milliseconds between two looks where nothing is under way: at the API server's clock, for timers sleep with the machine. */
const look = 30_000
const retries = {shortest: 500, longest: 30_000}
/** Milliseconds that two clocks may be apart before it is told. */
const clockTolerance = 5 * 60_000
const nobody: Omit<ReplicaState, 'allFor'> = {verified: 0, refused: 0, unreachable: 0}

/** Keeps the webhook's certificates as long as the signal lets it; to be called by one at a time, with a fenced API. */
export async function keepCertificates(api: KubeApi, signal: AbortSignal, options: KeeperOptions): Promise<void> {
  const keeper = new Keeper(api, signal, options)
  try {
    await keeper.run()
  } finally {
    options.tally.rest()
    await keeper.stop()
  }
}

class Keeper {
  readonly #api: KubeApi
  readonly #signal: AbortSignal
  readonly #options: KeeperOptions
  readonly #clock: Clock
  readonly #since: Since
  readonly #authority: WatchedObject | undefined
  readonly #leaf: WatchedObject
  readonly #registration: WatchedObject
  readonly #bundles: BundleKeeper
  readonly #writer: SecretWriter
  #external: ExternalState | undefined
  /** The Secret that somebody else fills holds no pair that can be served. */
  #isUnusable = false
  #stir: () => void = () => undefined
  /** What was last said of each matter, so that it is said once. */
  readonly #told = new Map<string, string>()

  constructor(api: KubeApi, signal: AbortSignal, options: KeeperOptions) {
    const {
      namespace,
      authoritySecret,
      webhookSecret,
      registration,
      mode,
      log,
      tally,
      instance,
      clock = systemClock,
    } = options
    this.#api = api
    this.#signal = signal
    this.#options = options
    this.#clock = clock
    this.#since = new Since(clock)
    const watched = (kind: typeof secrets, object: {name: string; namespace?: string}) =>
      new WatchedObject(api, kind, object, {
        onChange: () => this.#stir(),
        onTrouble: (error, retryIn) => {
          tally.failing = true
          const watch = `${kind.kind} ${object.name}`
          log.warn({code: 'MW6502', watch, retryIn, reason: reasonOf(error)}, 'a watch failed and is tried again')
        },
      })
    this.#authority = mode === 'managed' ? watched(secrets, {namespace, name: authoritySecret}) : undefined
    this.#leaf = watched(secrets, {namespace, name: webhookSecret})
    this.#registration = watched(registrations, {name: registration})
    const onTrouble = (error: unknown) => log.warn({reason: reasonOf(error)}, 'an Event was not written')
    const events = new Events(api, {controller: 'meshwright.dev/controller', instance, onTrouble, clock})
    this.#bundles = new BundleKeeper({api, registration: this.#registration, events, log, tally, clock})
    this.#writer = new SecretWriter({api, events, log, tally, clock})
  }

  async run(): Promise<void> {
    let failures = 0
    while (!this.#signal.aborted) {
      const stirred = new AbortController()
      this.#stir = () => stirred.abort()
      try {
        const wait = this.#isKnown ? await this.#once() : look
        if (this.#isKnown) this.#succeed()
        failures = 0
        await pause(this.#clock, wait, AbortSignal.any([this.#signal, stirred.signal]))
      } catch (error) {
        if (this.#signal.aborted || error instanceof FencedError) continue
        failures++
        if (!isRace(error)) this.#fail(error)
        await pause(this.#clock, backoff(failures, retries, Math.random), this.#signal)
      }
    }
  }

  async stop(): Promise<void> {
    this.#stir = () => undefined
    await Promise.all([this.#authority, this.#leaf, this.#registration].map(async (watched) => watched?.stop()))
  }

  /** Looks at everything once and does what is next. Returns the milliseconds until the next look. */
  async #once(): Promise<number> {
    const now = await this.#now()
    return this.#options.mode === 'managed' ? this.#manage(now) : this.#follow(now)
  }

  get #isKnown(): boolean {
    return [this.#authority, this.#leaf, this.#registration].every((watched) => watched?.isKnown !== false)
  }

  async #manage(now: number): Promise<number> {
    const {margins, hosts, tally} = this.#options
    const authority = this.#authority?.object && readAuthoritySecret(this.#authority.object)
    const {signer, next, bundle = []} = authority ?? {}
    const common = this.#look(now, hosts)
    const isRetiring = signer !== undefined && next === undefined && bundle.length > 1
    const replicas = await this.#ask(isRetiring && common.leaf.issuer === signer.fingerprint ? [signer] : undefined)
    const seen: Observation = {...common, replicas, ...(authority !== undefined && {authority})}
    const step = plan(seen, margins)
    this.#tell(step, seen)
    tally.trusted = bundle.length
    this.#expire('authority', signer?.notAfter)
    this.#expire('webhook', seen.leaf.notAfter)

    // What is damaged may lack somebody who is needed: nothing is taken from it.
    const isSure = authority !== undefined && !['first', 'lost', 'damaged'].includes(step.authority?.why ?? '')
    const repair = isSure ? await this.#bundles.keep(bundle) : 0
    if (step.authority !== undefined && this.#authority !== undefined) {
      return this.#writer.writeAuthority(this.#authority, step.authority, [signer, next], now)
    }
    if (step.leaf !== undefined && signer !== undefined) {
      return this.#writer.writeLeaf(this.#leaf, step.leaf, signer, hosts, now)
    }
    const wait = step.phase === 'steady' ? look : Math.max(100, Math.min(2_000, margins.settle / 4))
    return repair > 0 ? Math.min(repair, wait) : wait
  }

  /** Certificates are somebody else's business, and whom the API server trusts is ours. */
  async #follow(now: number): Promise<number> {
    const {margins, webhookSecret} = this.#options
    const common = this.#look(now, [])
    const isRetiring = this.#external === undefined || this.#external.old.length > 0
    const replicas = await this.#ask(isRetiring ? common.leaf.authorities : undefined)
    this.#external = followIssuer(this.#external, {...common, replicas}, margins)
    this.#expire('webhook', common.leaf.notAfter)
    const {problem = this.#external === undefined ? 'ca.crt is missing' : ''} = common.leaf
    this.#isUnusable = problem !== ''
    this.#say('leaf', problem, () =>
      this.#options.log.error({code: 'MW6504', secret: webhookSecret, problem}, "the webhook's Secret is not usable"),
    )
    if (this.#external === undefined) return look
    const {issuers, old} = this.#external
    // However many somebody's ca.crt holds, they are one issuer.
    this.#options.tally.trusted = 1 + old.length
    const repair = await this.#bundles.keep([...issuers, ...old])
    const wait = old.length === 0 ? look : Math.max(100, Math.min(2_000, margins.settle / 4))
    return repair > 0 ? Math.min(repair, wait) : wait
  }

  #look(now: number, hosts: readonly string[]): Omit<Observation, 'authority' | 'replicas'> {
    const leaf = readLeafSecret(this.#leaf.object, hosts, new Date(now))
    const cert = textIn(this.#leaf.object)(fileNames.cert)
    return {
      now,
      leaf: {...leaf, unchangedFor: this.#since.milliseconds('leaf', cert)},
      served: this.#bundles.served((key) => this.#since.milliseconds('served', key)),
    }
  }

  /** Nobody is asked where it does not matter. */
  async #ask(trusted: readonly Trusted[] | undefined): Promise<ReplicaState> {
    const {namespace, service, hosts, log} = this.#options
    const answers =
      trusted === undefined || trusted.length === 0
        ? nobody
        : await askReplicas(this.#api, {namespace, name: service}, trusted, hosts[0] ?? service).catch(
            (error: unknown) => {
              const reason = reasonOf(error)
              this.#say('replicas', reason, () => log.warn({code: 'MW6502', reason}, 'the replicas cannot be asked'))
              return nobody
            },
          )
    const all = answers.verified > 0 && answers.refused === 0 && answers.unreachable === 0
    const key = all ? (trusted ?? []).map(({fingerprint}) => fingerprint).join() : ''
    const allFor = this.#since.milliseconds('replicas', key)
    return {...answers, allFor: all ? allFor : 0}
  }

  /** By the API server's clock: what it finds valid counts. */
  async #now(): Promise<number> {
    const now = await this.#api.time({signal: this.#signal, timeout: 10_000})
    const apart = this.#clock.now() - now
    this.#say('clock', Math.abs(apart) > clockTolerance ? 'apart' : '', () =>
      this.#options.log.warn(
        {seconds: Math.round(apart / 1000)},
        "this machine's clock differs from the API server's, which counts",
      ),
    )
    return now
  }

  #expire(certificate: 'authority' | 'webhook', milliseconds: number | undefined): void {
    const {expiries} = this.#options.tally
    if (milliseconds === undefined || milliseconds === 0) expiries.delete(certificate)
    else expiries.set(certificate, milliseconds / 1000)
  }

  #tell({phase}: Plan, {leaf, replicas, authority}: Observation): void {
    const {log, margins} = this.#options
    this.#say('phase', phase, () => log.info({phase, authorities: authority?.bundle.length ?? 0}, 'certificates'))
    const isStuck = phase === 'retiring' && replicas.refused > 0 && leaf.unchangedFor >= margins.propagation
    this.#say('stuck', isStuck ? 'stuck' : '', () =>
      log.warn(
        {code: 'MW6505', replicas: replicas.refusing},
        'replicas still serve a certificate of the authority before',
      ),
    )
  }

  #succeed(): void {
    // Nobody's write failed, and yet the certificates are not kept: whoever fills the Secret may not look.
    this.#options.tally.failing = this.#isUnusable
    this.#told.delete('failure')
  }

  #fail(error: unknown): void {
    const {log, tally} = this.#options
    tally.failing = true
    const reason = reasonOf(error)
    this.#say('failure', reason, () => log.error({code: 'MW6502', reason}, 'certificates not kept; tried again'))
  }

  /** Says it where it is something else than what was said of this matter last; an empty text is that all is well. */
  #say(matter: string, text: string, say: () => void): void {
    if ((this.#told.get(matter) ?? '') === text) return
    this.#told.set(matter, text)
    if (text !== '') say()
  }
}

/** Somebody was faster: the watch tells of it. */
function isRace(error: unknown): boolean {
  return error instanceof ConflictError || error instanceof AlreadyExistsError || error instanceof NotFoundError
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
