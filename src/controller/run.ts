import {setImmediate as immediate} from 'node:timers/promises'
import type {LoadedConfiguration} from '../config/load.ts'
import type {World} from '../intent/world.ts'
import type {KubeApi} from '../kube/api.ts'
import {systemClock, type Clock, type Timer} from '../kube/clock.ts'
import {KindMissingError, KubeError} from '../kube/errors.ts'
import {Events} from '../kube/events.ts'
import {Election, type LeaseOptions, type Term} from '../kube/leader.ts'
import {WorkQueue} from '../kube/queue.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {RuleMesh} from '../mesh/translation.ts'
import type {Log} from '../obs/log.ts'
import {StatusBook} from './book.ts'
import type {WriteFailure} from './failure.ts'
import {Herald} from './herald.ts'
import type {Health} from './health.ts'
import {Installed} from './installed.ts'
import {Kinds} from './kinds.ts'
import {Ledger} from './ledger.ts'
import {liveObject, refOf} from './live.ts'
import {Pending} from './pending.ts'
import {Publisher} from './publish.ts'
import {Reconciler} from './reconcile.ts'
import type {Tally} from './tally.ts'
import {Watches} from './watches.ts'

export interface ControllerOptions {
  readonly api: KubeApi
  readonly world: World
  readonly meshes: Readonly<Record<MeshName, RuleMesh>>
  readonly lease: Pick<LeaseOptions, 'namespace' | 'name' | 'identity' | 'duration'>
  readonly log: Log
  readonly tally: Tally
  /** Milliseconds between two times that everything is looked through, changed or not; ten minutes where absent. */
  readonly resync?: number
  readonly clock?: Clock
  /** What else the leader does, until the signal is aborted; it must not throw. Its writes are fenced. */
  readonly alongside?: (api: KubeApi, signal: AbortSignal) => Promise<void>
}

/** Units that are written at once: the API server answers several while one is thought about. */
const unitWorkers = 8
const statusWorkers = 4
/** What cannot be written is tried again, since nobody tells us when the reason goes away. */
const backoff = {shortest: 500, longest: 30_000}
const tenMinutes = 600_000
/** Units that are looked through before everything else has its turn: some milliseconds. */
const unitsAtOnce = 20
/** Milliseconds after which a restart may help more than waiting: an API server that is away comes back sooner. */
const longestStale = 900_000

/** The controller: keeps up with the cluster as long as it runs, and writes as long as it leads. */
export class Controller {
  readonly #options: ControllerOptions
  readonly #clock: Clock
  readonly #installed: Installed
  readonly #ledger = new Ledger()
  readonly #book = new StatusBook()
  readonly #pending = new Pending()
  readonly #reconciler: Reconciler
  readonly #publisher: Publisher
  readonly #watches: Watches
  readonly #election: Election
  readonly #known = Promise.withResolvers<void>()
  /** Units that wait for a kind to be served. */
  readonly #waiting = new Set<string>()
  /** Units, when everything was last looked through. */
  #counted = 0
  /** What was last logged of a unit that could not be written. */
  readonly #told = new Map<string, string>()
  /** Only while we lead, as are the queues. */
  #herald: Herald | undefined
  #queues: {readonly units: WorkQueue; readonly statuses: WorkQueue} | undefined

  constructor(options: ControllerOptions) {
    const {api, world, meshes, lease, tally, log, clock = systemClock} = options
    this.#options = options
    this.#clock = clock
    const kinds = new Kinds(Object.values(meshes))
    this.#installed = new Installed((reason) => log.warn({reason}, "a mesh's own settings are not heeded"))
    this.#publisher = new Publisher({
      world,
      book: this.#book,
      pending: () => this.#pending.keys,
      now: () => clock.now(),
      onChange: async (change) => this.#herald?.tell(change),
    })
    this.#watches = new Watches(api, kinds, {
      onFact: (object) => this.#learn(object),
      onFactGone: (object) => this.#unlearn(object),
      onObject: (object) => this.#see(object),
      onObjectGone: (object) => this.#miss(object),
      onInstalled: (object) => this.#complete(() => this.#installed.set(object)),
      onInstalledGone: (object) => this.#complete(() => this.#installed.delete(object)),
      onKnown: () => this.#know(),
      onStale: (watch, since, reason) => {
        tally.staleSince.set(watch, since / 1000)
        log.warn({watch, since: new Date(since).toISOString(), reason: reason.message}, 'a watch may be out of date')
      },
      onSynced: (watch) => {
        if (tally.staleSince.delete(watch)) log.info({watch}, 'a watch is up to date again')
      },
      onTrouble: (watch, error, retryIn) => {
        log.warn({watch, retryIn, reason: reasonOf(error)}, 'a watch failed and is tried again')
      },
    })
    this.#reconciler = new Reconciler({
      world,
      meshes,
      complete: this.#installed.complete,
      kinds,
      ledger: this.#ledger,
      book: this.#book,
      pending: () => this.#pending.keys,
      isMissing: (object) => this.#watches.isMissing(object),
    })
    this.#election = new Election(api, {
      ...lease,
      clock,
      onTrouble: (error) => log.warn({reason: reasonOf(error)}, 'the lease could be neither had nor renewed'),
      onHolder: (holder) => log.info({holder}, holder === '' ? 'nobody holds the lease' : 'the lease is held'),
    })
  }

  /** Runs until `stop`. Rejects only where nothing can come of going on. */
  async run(): Promise<void> {
    try {
      await this.#election.run((term) => this.#serve(term))
    } finally {
      await this.#watches.stop()
    }
  }

  /** Ends what is under way, gives the lease back, and has `run` resolve. Also of one that never ran: it watches from the start. */
  async stop(): Promise<void> {
    await this.#election.stop()
    await this.#watches.stop()
  }

  /** The configuration that stands for the MeshConfig `default` where there is none. */
  configure(configuration: LoadedConfiguration): void {
    this.#enqueue(this.#options.world.configure(configuration))
  }

  get health(): Health {
    const {staleSince} = this.#options.tally
    return {
      live: () => {
        const since = Math.min(...staleSince.values()) * 1000
        if (this.#clock.now() - since < longestStale || staleSince.size === 0) return undefined
        return `what ${[...staleSince.keys()].join(', ')} look like is unknown since ${new Date(since).toISOString()}`
      },
      ready: () => {
        if (!this.#watches.known) return `not known yet: ${this.#watches.awaited.join(', ')}`
        return staleSince.size === 0 ? undefined : `may be out of date: ${[...staleSince.keys()].join(', ')}`
      },
    }
  }

  get readings(): {queued: () => number; objects: () => number; units: () => number} {
    return {
      queued: () => this.#queues?.units.depth ?? 0,
      objects: () => this.#ledger.size,
      units: () => this.#counted,
    }
  }

  async #serve(term: Term): Promise<void> {
    const {api, alongside} = this.#options
    // Neither waits for the other: certificates matter before any rule is known.
    await Promise.all([this.#lead(term), alongside?.(api.fenced(term), term.signal)])
  }

  async #lead(term: Term): Promise<void> {
    const {api, lease, log, tally, resync = tenMinutes} = this.#options
    const over = new Promise<void>((resolve) => {
      if (term.signal.aborted) resolve()
      term.signal.addEventListener('abort', () => resolve(), {once: true})
    })
    // What is not known yet would be taken for not being there, and be removed.
    await Promise.race([this.#known.promise, over])
    if (!term.holds()) return
    const fenced = api.fenced(term)
    const units = new WorkQueue({
      work: (unit) => this.#work(unit, fenced),
      workers: unitWorkers,
      backoff,
      clock: this.#clock,
      onFailure: (unit, error, retryIn) => this.#complain(unit, error, retryIn),
    })
    const statuses = new WorkQueue({
      work: (key) => this.#publisher.publish(key, fenced),
      workers: statusWorkers,
      backoff,
      clock: this.#clock,
      onFailure: (key, error, retryIn) => log.warn({rule: key, retryIn, reason: reasonOf(error)}, 'status not written'),
    })
    const events = new Events(fenced, {
      controller: 'meshwright.dev/controller',
      instance: lease.identity,
      onTrouble: (error) => log.warn({reason: reasonOf(error)}, 'an Event was not written'),
      clock: this.#clock,
    })
    this.#herald = new Herald(events, tally, this.#clock)
    this.#queues = {units, statuses}
    this.#pending.clear()
    tally.leads = true
    const timer = this.#everyTime(resync)
    log.info({units: this.#counted}, 'leading')
    try {
      units.start()
      statuses.start()
      await over
    } finally {
      timer.cancel()
      this.#queues = undefined
      tally.leads = false
      await Promise.all([units.stop(), statuses.stop()])
      this.#herald = undefined
      log.info({reason: reasonOf(term.signal.reason)}, 'not leading any more')
    }
  }

  /** Looks through everything now and every so often: what no watch tells of comes to light then. */
  #everyTime(milliseconds: number): Timer {
    let timer: Timer | undefined
    const again = () => {
      const units = this.#options.world.units()
      this.#counted = units.length
      this.#enqueue(new Set([...units, ...this.#ledger.units()]))
      this.#publishAll(this.#publisher.keys())
      timer = this.#clock.after(milliseconds, again)
    }
    again()
    return {cancel: () => timer?.cancel()}
  }

  async #work(unit: string, api: KubeApi): Promise<void> {
    const {tally} = this.#options
    // Units in which nothing differs wait for nobody: thousands in a row would keep watches and the lease waiting.
    if (tally.reconciles % unitsAtOnce === 0) await immediate()
    const begun = this.#clock.monotonic()
    this.#pending.begin(unit)
    const {sources, failures, writes, released} = await this.#reconciler
      .reconcile(unit, api)
      .catch((error: unknown) => {
        // Where the API server did not answer, what was reported before is no answer to what is wanted now.
        this.#settle(unit, !(error instanceof KubeError))
        throw error
      })
    this.#settle(unit, true)
    this.#enqueue(released)
    tally.reconciled(writes, (this.#clock.monotonic() - begun) / 1000)
    this.#publishAll(sources)
    for (const {code} of failures) tally.failed(code)
    const [failure] = failures
    const isWaiting = failures.length > 0 && failures.every((each) => this.#isAwaited(each))
    // A watch tells when the kind is there.
    if (isWaiting) this.#waiting.add(unit)
    else this.#waiting.delete(unit)
    if (failure === undefined) this.#told.delete(unit)
    else if (isWaiting) this.#complain(unit, failure)
    else throw failure
  }

  /** A watch that has not noticed that the kind was gone for a moment does not tell that it is there again. */
  #isAwaited({code, cause}: WriteFailure): boolean {
    if (code !== 'MW6401') return false
    return !(cause instanceof KindMissingError) || this.#watches.isMissing(cause.target.kind)
  }

  #settle(unit: string, isSettled: boolean): void {
    this.#pending.end(unit, isSettled)
    if (this.#pending.keys.size === 0) this.#publishAll([...this.#publisher.deferred])
  }

  #publishAll(sources: Iterable<string>): void {
    for (const key of sources) this.#queues?.statuses.add(key)
  }

  #complain(unit: string, error: unknown, retryIn?: number): void {
    const reason = reasonOf(error)
    if (this.#told.get(unit) === reason) return
    this.#told.set(unit, reason)
    this.#options.log.warn({unit, retryIn, reason}, 'not written')
  }

  #enqueue(units: Iterable<string>): void {
    if (this.#queues === undefined) return
    for (const unit of units) {
      this.#pending.add(unit)
      this.#queues.units.add(unit)
    }
  }

  #learn(object: KubeObject): void {
    this.#enqueue(this.#options.world.set(object))
    const key = this.#publisher.learn(object)
    if (key !== undefined) this.#publishAll([key])
  }

  #unlearn(object: KubeObject): void {
    this.#publisher.forget(object)
    this.#enqueue(this.#options.world.delete(object))
  }

  #see(object: KubeObject): void {
    const live = liveObject(object)
    // Without the mark of its unit it is found when that unit looks for it.
    if (live === undefined || live.unit === '') this.#miss(object)
    else if (this.#ledger.set(live)) this.#enqueue([live.unit])
  }

  #miss(object: KubeObject): void {
    const uid = object.metadata?.['uid']
    const gone = this.#ledger.delete(refOf(object), typeof uid === 'string' ? uid : undefined)
    if (gone !== undefined) this.#enqueue([gone.unit])
  }

  /** What a mesh was installed with is part of every translation. */
  #complete(change: () => void): void {
    change()
    this.#enqueue(this.#options.world.units())
  }

  #know(): void {
    this.#known.resolve()
    this.#enqueue(this.#waiting)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
