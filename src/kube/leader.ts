import type {Fence} from './api.ts'
import type {Clock} from './clock.ts'

export interface LeaseOptions {
  readonly namespace: string
  readonly name: string
  /** Of this candidate; must differ between all of them, also across restarts. */
  readonly identity: string
  /** Milliseconds after the last renewal at which others may take over; 15,000 where absent. Whole seconds. */
  readonly duration?: number
  /** Milliseconds after the last renewal at which the holder stops by itself; must be less than `duration`; two thirds of it where absent. */
  readonly renewWithin?: number
  /** Milliseconds between tries to acquire or to renew; 2,000 where absent. */
  readonly retry?: number
  readonly clock?: Clock
}

/** One time of being the leader. */
export interface Term extends Fence {
  /** Aborted as soon as the lease is lost or given up. */
  readonly signal: AbortSignal
  /** Whether the lease is still ours at this moment, whatever timers and answers are late. */
  holds(): boolean
}
