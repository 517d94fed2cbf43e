import {createHash} from 'node:crypto'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {KubeApi} from './api.ts'
import {systemClock, type Clock} from './clock.ts'
import {NotFoundError} from './errors.ts'
import {microTime} from './leader.ts'

export interface Occurrence {
  readonly regarding: KubeObject
  readonly type: 'Normal' | 'Warning'
  /** UpperCamelCase, at most 128 characters. */
  readonly reason: string
  /** What was being done: UpperCamelCase, at most 128 characters. */
  readonly action: string
  /** A sentence; cut at 1,024 bytes. */
  readonly note: string
}

export interface EventsOptions {
  /** `meshwright.dev/controller`: a qualified name. */
  readonly controller: string
  /** Of this process; at most 128 characters. */
  readonly instance: string
  /** An Event was not written. For the log: nothing else comes of it. */
  readonly onTrouble?: (error: unknown) => void
  readonly clock?: Clock
}

const events: ResourceKind = {apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true}

const longestNote = 1_024
/** Milliseconds after which what happens again is a new Event; the API server forgets them after an hour. */
const sameFor = 30 * 60_000
/** Milliseconds between two counts of the same Event. */
const countEvery = 60_000
/** Events that are remembered; the oldest are forgotten first. */
const remembered = 4_096
/** New Events about one object at once, and milliseconds until there may be one more. */
const burst = 10
const oneMoreEvery = 30_000

interface Series {
  readonly namespace: string
  readonly name: string
  readonly begun: number
  count: number
  counted: number
}

/**
 * Writes Events (events.k8s.io/v1). The same thing happening again to the same object counts up the Event that there is,
 * once a minute at most; an object that something new happens to all the time is heard less of. An Event that cannot be
 * written is dropped: nothing may depend on it.
 */
export class Events {
  readonly #api: KubeApi
  readonly #options: EventsOptions
  readonly #clock: Clock
  readonly #series = new Map<string, Series>()
  /** Of each object: when its bucket is full again, on the monotonic clock. */
  readonly #buckets = new Map<string, number>()

  constructor(api: KubeApi, options: EventsOptions) {
    this.#api = api
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Resolves when it is written, counted or dropped. Never rejects. */
  async report(occurrence: Occurrence): Promise<void> {
    try {
      await this.#report(occurrence)
    } catch (error) {
      this.#options.onTrouble?.(error)
    }
  }

  async #report(occurrence: Occurrence): Promise<void> {
    const now = this.#clock.monotonic()
    const key = keyOf(occurrence)
    const known = this.#series.get(key)
    if (known !== undefined && now - known.begun < sameFor) {
      known.count++
      if (now - known.counted < countEvery) return
      known.counted = now
      try {
        return await this.#count(known)
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error
      }
    }
    if (!this.#isAllowed(occurrence.regarding, now)) return
    const series = this.#begin(occurrence, now)
    remember(this.#series, key, series)
    try {
      await this.#api.create(events, this.#event(occurrence, series))
    } catch (error) {
      this.#series.delete(key)
      throw error
    }
  }

  async #count({namespace, name, count}: Series): Promise<void> {
    const series = {count, lastObservedTime: microTime(this.#clock.now())}
    await this.#api.patch(events, {namespace, name}, {series})
  }

  #begin({regarding}: Occurrence, now: number): Series {
    const {name = '', namespace = ''} = regarding.metadata ?? {}
    const hash = createHash('sha256').update(`${this.#options.instance} ${this.#clock.now()} ${now}`).digest('hex')
    return {
      // Of a cluster-scoped object: where the API server wants them.
      namespace: namespace === '' ? 'default' : namespace,
      name: `${name.slice(0, 200).replace(/[^a-z0-9]+$/, '')}.${hash.slice(0, 16)}`,
      begun: now,
      count: 1,
      counted: now,
    }
  }

  #event({regarding, type, reason, action, note}: Occurrence, {namespace, name}: Series): KubeObject {
    const {controller, instance} = this.#options
    const {apiVersion, kind, metadata} = regarding
    return {
      apiVersion: events.apiVersion,
      kind: events.kind,
      metadata: {namespace, name},
      eventTime: microTime(this.#clock.now()),
      reportingController: controller,
      reportingInstance: instance,
      type,
      reason,
      action,
      note: cut(note),
      regarding: {
        apiVersion,
        kind,
        name: metadata?.name,
        namespace: metadata?.namespace,
        uid: metadata?.['uid'],
        resourceVersion: metadata?.['resourceVersion'],
      },
    }
  }

  #isAllowed(regarding: KubeObject, now: number): boolean {
    const key = nameOf(regarding)
    const full = Math.max(now, this.#buckets.get(key) ?? now) + oneMoreEvery
    if (full - now > burst * oneMoreEvery) return false
    remember(this.#buckets, key, full)
    return true
  }
}

function nameOf({kind = '', metadata}: KubeObject): string {
  return JSON.stringify([kind, metadata?.namespace, metadata?.name, metadata?.['uid']])
}

function keyOf({regarding, type, reason, action, note}: Occurrence): string {
  return JSON.stringify([nameOf(regarding), type, reason, action, note])
}

function remember<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key)
  all.set(key, value)
  if (all.size <= remembered) return
  const [oldest] = all.keys()
  if (oldest !== undefined) all.delete(oldest)
}

/** At a character's end. */
function cut(note: string): string {
  if (Buffer.byteLength(note) <= longestNote) return note
  const bytes = Buffer.from(note).subarray(0, longestNote - 3)
  return `${new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes).replace(/\uFFFD$/, '')}...`
}
