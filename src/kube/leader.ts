import {z} from 'zod'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {Fence, KubeApi} from './api.ts'
import {pause, systemClock, type Clock, type Timer} from './clock.ts'
import {AlreadyExistsError, ConflictError, NotFoundError} from './errors.ts'

export interface LeaseOptions {
  readonly namespace: string
  readonly name: string
  /** Of this candidate; must differ between all of them, also across restarts. */
  readonly identity: string
  /** Milliseconds after the last renewal at which others may take over, in whole seconds; 15,000 where absent. */
  readonly duration?: number
  /** Milliseconds after the last renewal at which the holder stops by itself: less than `duration`, of which it is two thirds where absent. */
  readonly renewWithin?: number
  /** Milliseconds between tries to acquire or to renew; 2,000 where absent. */
  readonly retry?: number
  /** The API server did not let us acquire or renew; it is tried again. For the log. */
  readonly onTrouble?: (error: unknown) => void
  /** Somebody else is seen to hold the lease; empty where nobody does. For the log. */
  readonly onHolder?: (identity: string) => void
  readonly clock?: Clock
}

/** One time of being the leader. */
export interface Term extends Fence {
  /** Aborted as soon as the lease is lost or given up. */
  readonly signal: AbortSignal
  /** Whether the lease is still ours at this moment, whatever timers and answers are late. Ask right before each write. */
  holds(): boolean
}

export const leases: ResourceKind = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}

const leaseSchema = z.looseObject({
  metadata: z.looseObject({uid: z.string(), resourceVersion: z.string()}),
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .nullish(),
})
type Lease = z.infer<typeof leaseSchema>

/** A MicroTime: the API server refuses three digits after the point. */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z')
}

/**
 * Elects one of several candidates by a Lease, as client-go does: whoever renews it leads; who sees it unrenewed for its
 * whole duration, by his own monotonic clock, takes it over. No two clocks are compared.
 *
 * The holder counts from the moment before a renewal was sent, and stops after `renewWithin`; the others count from the
 * moment they see it, and wait for `duration`. So there is a leader at most once at any time, even where one was stopped
 * (SIGSTOP, a frozen machine) and goes on: its `holds()` is false then, before any timer has fired. Only a write that had
 * passed the fence when the process was frozen and was not on the wire yet goes out still: nothing in the process can stop it.
 */
export class Election {
  readonly #api: KubeApi
  readonly #options: LeaseOptions & Required<Pick<LeaseOptions, 'duration' | 'renewWithin' | 'retry' | 'clock'>>
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  /** As it was last seen, and when that was seen first. */
  #seen:
    | {readonly version: string; readonly holder: string; readonly duration: number; readonly since: number}
    | undefined

  /** @throws RangeError where the durations leave no margin */
  constructor(api: KubeApi, options: LeaseOptions) {
    const {duration = 15_000} = options
    const {renewWithin = (duration * 2) / 3, retry = Math.min(2_000, renewWithin / 4)} = options
    if (duration < 1_000 || duration % 1_000 !== 0 || renewWithin >= duration || retry >= renewWithin) {
      throw new RangeError(
        `a lease of ${duration} ms, renewed within ${renewWithin} ms, tried every ${retry} ms: the duration must be whole seconds, and each must be less than the one before`,
      )
    }
    this.#api = api
    this.#options = {clock: systemClock, ...options, duration, renewWithin, retry}
  }

  /**
   * Stands for election until `stop`. `lead` is called with each term and must end soon after its signal is aborted; the
   * next term begins only when it has. What it throws gives the lease up and rejects here.
   */
  run(lead: (term: Term) => Promise<void>): Promise<void> {
    this.#running ??= this.#run(lead)
    return this.#running
  }

  /** Ends the term, if there is one, and gives the lease up, so that another takes over at once. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the election was stopped'))
    await this.#running?.catch(() => undefined)
  }

  async #run(lead: (term: Term) => Promise<void>): Promise<void> {
    const {clock, retry} = this.#options
    const {signal} = this.#stopped
    while (!signal.aborted) {
      const renewed = await this.#try(() => this.#acquire())
      if (renewed !== undefined) await this.#lead(renewed, lead)
      await pause(clock, retry, signal)
    }
  }

  async #lead(renewed: Moment, lead: (term: Term) => Promise<void>): Promise<void> {
    const {clock, renewWithin} = this.#options
    const term = new CurrentTerm(renewed, renewWithin, clock)
    const stop = (): void => term.end('the election was stopped')
    if (this.#stopped.signal.aborted) stop()
    this.#stopped.signal.addEventListener('abort', stop, {once: true})
    const renewing = this.#renew(term)
    try {
      await lead(term)
    } finally {
      term.end('the term is over')
      this.#stopped.signal.removeEventListener('abort', stop)
      await renewing
      // Also where it was lost by the clock: as long as nobody has taken it, it is ours to give.
      await this.#try(() => this.#release())
    }
  }

  /** For as long as it goes well. */
  async #renew(term: CurrentTerm): Promise<void> {
    const {clock, retry} = this.#options
    for (;;) {
      await pause(clock, retry, term.signal)
      if (!term.holds()) return
      const renewed = await this.#try(() => this.#acquire(term.signal), term)
      if (renewed !== undefined) term.renewed(renewed)
      else if (this.#seen?.holder !== this.#options.identity)
        return term.end(`${this.#seen?.holder || 'nobody'} holds the lease`)
    }
  }

  /** Takes or renews the lease. The moment before that was asked for, or undefined where another holds it. */
  async #acquire(signal: AbortSignal = this.#stopped.signal): Promise<Moment | undefined> {
    const {clock, identity, namespace, name, renewWithin} = this.#options
    const asked = momentOf(clock)
    const options = {signal, timeout: renewWithin}
    const lease = await this.#read(options)
    if (lease === undefined) {
      const spec = this.#spec(asked, 0, true)
      const fresh = {apiVersion: leases.apiVersion, kind: leases.kind, metadata: {namespace, name}, spec}
      this.#observe(await this.#api.create(leases, fresh, options))
      return asked
    }
    this.#observe(lease)
    const {holder = '', duration = 0, since = 0} = this.#seen ?? {}
    const isOurs = holder === identity
    if (!isOurs && holder !== '' && clock.monotonic() < since + duration) return undefined
    const transitions = leaseSchema.parse(lease).spec?.leaseTransitions ?? 0
    this.#observe(await this.#write(lease, this.#spec(asked, isOurs ? transitions : transitions + 1, !isOurs), options))
    return asked
  }

  async #release(): Promise<undefined> {
    const {clock, renewWithin, identity, onHolder} = this.#options
    const options = {timeout: renewWithin}
    const lease = await this.#read(options)
    if (lease === undefined || leaseSchema.parse(lease).spec?.holderIdentity !== identity) return undefined
    const now = microTime(clock.now())
    await this.#write(lease, {holderIdentity: null, leaseDurationSeconds: 1, renewTime: now, acquireTime: now}, options)
    this.#seen = undefined
    onHolder?.('')
    return undefined
  }

  async #read(options: {signal?: AbortSignal; timeout: number}): Promise<KubeObject | undefined> {
    const {namespace, name} = this.#options
    try {
      return await this.#api.get(leases, {namespace, name}, options)
    } catch (error) {
      if (error instanceof NotFoundError) return undefined
      throw error
    }
  }

  /** Only if nobody has written since. */
  #write(lease: KubeObject, spec: object, options: {signal?: AbortSignal; timeout: number}): Promise<KubeObject> {
    const {uid, resourceVersion} = leaseSchema.parse(lease).metadata
    const {namespace, name} = this.#options
    return this.#api.patch(leases, {namespace, name}, {metadata: {uid, resourceVersion}, spec}, options)
  }

  #spec(asked: Moment, leaseTransitions: number, isNew: boolean): object {
    const {identity, duration} = this.#options
    const renewTime = microTime(asked.wall)
    return {
      holderIdentity: identity,
      leaseDurationSeconds: duration / 1_000,
      renewTime,
      leaseTransitions,
      ...(isNew && {acquireTime: renewTime}),
    }
  }

  #observe(object: KubeObject): void {
    const {metadata, spec}: Lease = leaseSchema.parse(object)
    if (this.#seen?.version === metadata.resourceVersion) return
    const before = this.#seen?.holder
    const holder = spec?.holderIdentity ?? ''
    const duration = (spec?.leaseDurationSeconds ?? 0) * 1_000
    this.#seen = {version: metadata.resourceVersion, holder, duration, since: this.#options.clock.monotonic()}
    if (before !== holder) this.#options.onHolder?.(holder)
  }

  async #try<T>(run: () => Promise<T | undefined>, term?: CurrentTerm): Promise<T | undefined> {
    try {
      return await run()
    } catch (error) {
      const isOver = this.#stopped.signal.aborted || term?.signal.aborted === true
      // Somebody was faster: seen at the next look.
      const isRace = error instanceof ConflictError || error instanceof AlreadyExistsError
      if (!isOver && !isRace) this.#options.onTrouble?.(error)
      return undefined
    }
  }
}

interface Moment {
  readonly monotonic: number
  readonly wall: number
}

function momentOf(clock: Clock): Moment {
  return {monotonic: clock.monotonic(), wall: clock.now()}
}

class CurrentTerm implements Term {
  readonly #ended = new AbortController()
  readonly #within: number
  readonly #clock: Clock
  #renewed: Moment
  #timer: Timer

  constructor(renewed: Moment, within: number, clock: Clock) {
    this.#renewed = renewed
    this.#within = within
    this.#clock = clock
    this.#timer = this.#expire()
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  holds(): boolean {
    // Who asks all the time may keep the timer from its turn.
    if (this.#left() <= 0) this.end('the lease was not renewed in time')
    return !this.#ended.signal.aborted
  }

  renewed(moment: Moment): void {
    // An answer that comes too late does not bring the term back.
    if (!this.holds()) return
    this.#renewed = moment
    this.#timer.cancel()
    this.#timer = this.#expire()
  }

  end(reason: string): void {
    this.#timer.cancel()
    this.#ended.abort(new Error(`not the leader any more: ${reason}`))
  }

  /** The monotonic clock stands still while a machine is suspended, the other may be set: whichever has gone further counts. */
  #left(): number {
    const {monotonic, wall} = momentOf(this.#clock)
    return this.#within - Math.max(monotonic - this.#renewed.monotonic, wall - this.#renewed.wall)
  }

  #expire(): Timer {
    return this.#clock.after(Math.max(0, this.#left()), () => this.end('the lease was not renewed in time'))
  }
}
