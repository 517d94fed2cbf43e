import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {KubeApi, Selection, WatchEvent} from './api.ts'
import {backoff} from './backoff.ts'
import {pause, systemClock, type Clock, type Timer} from './clock.ts'
import {
  GoneError,
  KindMissingError,
  KubeError,
  ServerError,
  TooManyRequestsError,
  UnreachableError,
  described,
} from './errors.ts'

/** What is told of a kind's objects; one call at a time, in order. A handler that throws ends nothing: see onTrouble. */
export interface WatchHandlers {
  /** A new object, or a new state of one. After a reconnect only what differs is told. */
  onSet(object: KubeObject): void
  /** Gone. Only apiVersion, kind and metadata.{name, namespace, uid} are given. */
  onDelete(object: KubeObject): void
  /** Everything that exists has been told: after the first list, and whenever it is so again after `onStale` or `onMissing`. */
  onSynced(): void
  /**
   * What was told may be out of date since this moment (milliseconds since 1970), or cannot be told at all: the API
   * server does not answer, or refuses.
   */
  onStale?(since: number, reason: KubeError): void
  /** The API server does not serve this kind: its CRD is not installed. What was told is told to be gone first. */
  onMissing?(): void
  /** Something failed and will be tried again in `retryIn` milliseconds (0 for a handler that threw). For the log. */
  onTrouble?(error: unknown, retryIn: number): void
}

export interface KindWatchOptions extends Selection {
  /** Applied before anything is told or kept. */
  readonly trim?: (object: KubeObject) => KubeObject
  /** Objects of one page of the list; 500 where absent. */
  readonly pageSize?: number
  /**
   * Milliseconds without an event or a bookmark after which the stream counts as dead; 90,000 where absent, since the API
   * server sends a bookmark about every 60 to 75 s.
   */
  readonly silence?: number
  /** Milliseconds after which the API server is asked to end the stream, half as much again by chance; 300,000 where absent. */
  readonly lifetime?: number
  /** Milliseconds between failure and the next try: the first, and the most; 500 and 10,000 where absent. */
  readonly backoff?: {readonly shortest: number; readonly longest: number}
  /** Milliseconds out of touch before `onStale`; 10,000 where absent. */
  readonly staleAfter?: number
  /** Milliseconds between looks whether a missing kind is served by now; 3,000 where absent. */
  readonly missingPoll?: number
  readonly clock?: Clock
  /** Between 0 and 1; for the jitter. */
  readonly random?: () => number
}

/** A running watch. */
export interface Watch {
  readonly state: 'starting' | 'synced' | 'stale' | 'missing' | 'stopped'
  /** Settles when nothing more will be told. */
  stop(): Promise<void>
}

const defaults = {
  pageSize: 500,
  silence: 90_000,
  lifetime: 300_000,
  backoff: {shortest: 500, longest: 10_000},
  staleAfter: 10_000,
  missingPoll: 3_000,
  clock: systemClock,
  random: Math.random,
} as const

/** A stream that ends sooner, without having told anything, is a failure. */
const soon = 1_000
/** Milliseconds between two lists at least, whatever goes wrong. */
const listInterval = 1_000

/** What is kept of an object: enough to tell what differs in a later list. */
interface Known {
  readonly name: string
  readonly namespace: string | undefined
  readonly uid: unknown
  readonly resourceVersion: unknown
}

/** Lists a kind and watches it from there, for as long as it takes: nothing that the API server does ends it but `stop`. */
export function watchKind(api: KubeApi, kind: ResourceKind, options: KindWatchOptions, handlers: WatchHandlers): Watch {
  return new KindWatch(api, kind, options, handlers)
}

class KindWatch implements Watch {
  readonly #api: KubeApi
  readonly #kind: ResourceKind
  readonly #options: KindWatchOptions & Required<Pick<KindWatchOptions, keyof typeof defaults>>
  readonly #handlers: WatchHandlers
  readonly #stopped = new AbortController()
  readonly #done: Promise<void>
  readonly #known = new Map<string, Known>()
  #state: Watch['state'] = 'starting'
  /** Up to which everything has been told; undefined: list. */
  #resourceVersion: string | undefined
  #failures = 0
  /** On the monotonic clock. */
  #listed = -Infinity
  /** When it was last certain that everything had been told, in milliseconds since 1970. */
  #inTouch: number
  /** Everything was told once, and not taken back since. */
  #told = false
  #reason: KubeError | undefined
  #staleTimer: Timer | undefined

  constructor(api: KubeApi, kind: ResourceKind, options: KindWatchOptions, handlers: WatchHandlers) {
    this.#api = api
    this.#kind = kind
    this.#options = {...defaults, ...options}
    this.#handlers = handlers
    this.#inTouch = this.#options.clock.now()
    this.#outOfTouch()
    this.#done = this.#run()
  }

  get state(): Watch['state'] {
    return this.#state
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the watch was stopped'))
    await this.#done
  }

  async #run(): Promise<void> {
    const {signal} = this.#stopped
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list()
        await this.#follow(this.#resourceVersion ?? '')
      } catch (error) {
        if (!signal.aborted) await this.#recover(error)
      }
    }
    this.#staleTimer?.cancel()
    this.#state = 'stopped'
  }

  async #list(): Promise<void> {
    const {clock, pageSize} = this.#options
    const {signal} = this.#stopped
    await pause(clock, this.#listed + listInterval - clock.monotonic(), signal)
    signal.throwIfAborted()
    this.#listed = clock.monotonic()
    const found = new Set<string>()
    let until: string | undefined
    // Pages expire where the cluster changes faster than they are read: then all at once.
    const limit = this.#failures > 1 ? 0 : pageSize
    for await (const {items, resourceVersion} of this.#api.list(this.#kind, {...this.#selection(), limit, signal})) {
      for (const object of items) found.add(this.#set(object))
      until = resourceVersion
    }
    this.#resourceVersion = until
    for (const [key, known] of this.#known) if (!found.has(key)) this.#delete(key, known)
  }

  /** Tells what the stream brings until it ends. */
  async #follow(from: string): Promise<void> {
    const {clock, lifetime, silence, random} = this.#options
    const begun = clock.monotonic()
    const ended = new AbortController()
    const stop = (): void => ended.abort(this.#stopped.signal.reason)
    this.#stopped.signal.addEventListener('abort', stop, {once: true})
    let timer: Timer | undefined
    let [accepted, heard] = [false, false]
    const listen = (): void => {
      timer?.cancel()
      timer = clock.after(silence, () => ended.abort(this.#silent()))
    }
    try {
      listen()
      const events = await this.#api.watch(this.#kind, {
        ...this.#selection(),
        resourceVersion: from,
        timeout: lifetime * (1 + random() / 2),
        signal: ended.signal,
      })
      accepted = true
      this.#inStep()
      for await (const event of events) {
        listen()
        this.#take(event)
        this.#inTouch = clock.now()
        this.#failures = 0
        heard = true
      }
      // As long as the stream stood, everything was told.
      this.#inTouch = clock.now()
    } finally {
      timer?.cancel()
      this.#stopped.signal.removeEventListener('abort', stop)
      if (accepted && clock.monotonic() - begun >= soon) this.#failures = 0
      if (!this.#stopped.signal.aborted) this.#outOfTouch()
    }
    this.#stopped.signal.throwIfAborted()
    if (!heard && clock.monotonic() - begun < soon) throw this.#endedAtOnce()
  }

  #take(event: WatchEvent): void {
    if (event.type === 'BOOKMARK') {
      this.#resourceVersion = event.resourceVersion
      return
    }
    const {object} = event
    if (event.type === 'DELETED') {
      const known = knownOf(object)
      this.#delete(keyOf(known), known)
    } else this.#set(object)
    const resourceVersion = object.metadata?.['resourceVersion']
    if (typeof resourceVersion === 'string') this.#resourceVersion = resourceVersion
  }

  #set(object: KubeObject): string {
    const known = knownOf(object)
    const key = keyOf(known)
    const before = this.#known.get(key)
    if (before?.uid === known.uid && before?.resourceVersion === known.resourceVersion) return key
    this.#known.set(key, known)
    this.#tell(() => this.#handlers.onSet(this.#options.trim?.(object) ?? object))
    return key
  }

  #delete(key: string, {name, namespace, uid}: Known): void {
    this.#known.delete(key)
    const {apiVersion, kind} = this.#kind
    const metadata = {name, ...(namespace !== undefined && {namespace}), uid}
    this.#tell(() => this.#handlers.onDelete({apiVersion, kind, metadata}))
  }

  /** Waits as long as the failure asks for. */
  async #recover(error: unknown): Promise<void> {
    const {clock, random, backoff: limits, missingPoll} = this.#options
    const {signal} = this.#stopped
    if (error instanceof KubeError) this.#reason = error
    if (error instanceof GoneError) this.#resourceVersion = undefined
    if (error instanceof KindMissingError) {
      // An API server that starts may not have found the CRDs yet: what was there is believed gone at the second look.
      if (this.#told) await pause(clock, missingPoll, signal)
      if (!this.#told || (await this.#isServed()) === false) return this.#untilServed()
    }
    this.#failures++
    const asked = error instanceof TooManyRequestsError || error instanceof ServerError ? (error.retryAfter ?? 0) : 0
    const wait = Math.max(asked, backoff(this.#failures, limits, random))
    this.#tell(() => this.#handlers.onTrouble?.(error, wait))
    await pause(clock, wait, signal)
  }

  async #untilServed(): Promise<void> {
    const {clock, missingPoll} = this.#options
    const {signal} = this.#stopped
    if (signal.aborted) return
    this.#resourceVersion = undefined
    this.#told = false
    for (const [key, known] of this.#known) this.#delete(key, known)
    if (this.#state !== 'missing') {
      this.#staleTimer?.cancel()
      this.#staleTimer = undefined
      this.#state = 'missing'
      this.#tell(() => this.#handlers.onMissing?.())
    }
    do await pause(clock, missingPoll, signal)
    while (!signal.aborted && (await this.#isServed()) !== true)
    this.#inTouch = clock.now()
    if (!signal.aborted) this.#outOfTouch()
  }

  /** Undefined where nobody answers. */
  async #isServed(): Promise<boolean | undefined> {
    try {
      return await this.#api.hasKind(this.#kind, {signal: this.#stopped.signal})
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#tell(() => this.#handlers.onTrouble?.(error, this.#options.missingPoll))
      return undefined
    }
  }

  /** The API server has taken the watch: what comes is told as it comes. */
  #inStep(): void {
    this.#inTouch = this.#options.clock.now()
    this.#reason = undefined
    this.#told = true
    this.#staleTimer?.cancel()
    this.#staleTimer = undefined
    if (this.#state === 'synced') return
    this.#state = 'synced'
    this.#tell(() => this.#handlers.onSynced())
  }

  #outOfTouch(): void {
    const {clock, staleAfter} = this.#options
    this.#staleTimer ??= clock.after(Math.max(0, this.#inTouch + staleAfter - clock.now()), () => {
      this.#state = 'stale'
      const reason = this.#reason ?? this.#silent()
      this.#tell(() => this.#handlers.onStale?.(this.#inTouch, reason))
    })
  }

  #selection(): Selection {
    const {namespace, name, labelSelector, fieldSelector, metadataOnly} = this.#options
    return {
      ...(namespace !== undefined && {namespace}),
      ...(name !== undefined && {name}),
      ...(labelSelector !== undefined && {labelSelector}),
      ...(fieldSelector !== undefined && {fieldSelector}),
      ...(metadataOnly !== undefined && {metadataOnly}),
    }
  }

  #silent(): UnreachableError {
    const target = {verb: 'watch', kind: this.#kind, ...this.#selection()} as const
    const seconds = this.#options.silence / 1_000
    return new UnreachableError(`nothing was heard of ${described(target)} for ${seconds} s`, target, false, undefined)
  }

  #endedAtOnce(): ServerError {
    const target = {verb: 'watch', kind: this.#kind, ...this.#selection()} as const
    return new ServerError(`the API server ended the watch of ${described(target)} at once`, target, 200, undefined)
  }

  #tell(say: () => void): void {
    try {
      say()
    } catch (error) {
      try {
        this.#handlers.onTrouble?.(error, 0)
      } catch {
        // Who reports troubles is in trouble: nobody is left to be told.
      }
    }
  }
}

function knownOf({metadata}: KubeObject): Known {
  const {name = '', namespace} = metadata ?? {}
  return {name, namespace, uid: metadata?.['uid'], resourceVersion: metadata?.['resourceVersion']}
}

function keyOf({name, namespace}: Known): string {
  return `${namespace ?? ''}/${name}`
}
