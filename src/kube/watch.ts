import type {KubeObject} from '../mesh/pod.ts'
import type {Selection} from './api.ts'
import type {Clock} from './clock.ts'
import type {KubeError} from './errors.ts'

/** What is told of a kind's objects; one call at a time, in order. A handler that throws ends nothing: see onTrouble. */
export interface WatchHandlers {
  /** A new object, or a new state of one. After a reconnect only what differs is told. */
  onSet(object: KubeObject): void
  /** Gone. Only apiVersion, kind and metadata.{name, namespace, uid} are given. */
  onDelete(object: KubeObject): void
  /** Everything that exists has been told: after the first list, and whenever it is so again after `onStale` or `onMissing`. */
  onSynced(): void
  /** What was told may be out of date since this moment (milliseconds since 1970): the API server does not answer. */
  onStale?(since: number, reason: KubeError): void
  /** The API server does not serve this kind: its CRD is not installed. What was known is told to be gone first. */
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
  /** Milliseconds between failure and the next try: the first, and the most; 500 and 30,000 where absent. */
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
