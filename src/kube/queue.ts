import type {Clock} from './clock.ts'

export interface QueueOptions {
  /** What is done with a key. Rejecting has it done again after a back-off. */
  readonly work: (key: string) => Promise<void>
  /** Keys in work at once; 1 where absent. */
  readonly workers?: number
  /** Milliseconds before the second try, doubled with each further one up to `longest`; 200 and 5,000 where absent. */
  readonly backoff?: {readonly shortest: number; readonly longest: number}
  /** Of all keys together; unlimited where absent. */
  readonly rate?: {readonly perSecond: number; readonly burst: number}
  /** A try has failed; the next one begins in `retryIn` milliseconds. */
  readonly onFailure?: (key: string, error: unknown, retryIn: number) => void
  readonly clock?: Clock
}
