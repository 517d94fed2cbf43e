import {parseDuration} from '../mesh/go/duration.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {milliseconds} from '../rules/value.ts'
import type {Breaker, Protocol, RetryCondition, ServiceFacts, ServiceName, Traffic} from './intent.ts'
import type {Origin} from './origin.ts'

/** A rule on the traffic of one service, read; whether the cluster has what it names is not asked yet. */
export type TrafficDraft = Omit<Traffic, 'callers'>

export interface Drafted {
  /** Absent where nothing is left of the rule. */
  readonly draft?: TrafficDraft
  readonly problems: readonly RuleFinding[]
}

/** What a draft is made for. */
export interface Drafting {
  readonly service: ServiceName
  /** Absent where nobody knows. */
  readonly facts?: ServiceFacts | undefined
  readonly protocol: Protocol
  /** Versions that the service registered itself with. */
  readonly registered: readonly string[]
}

/** What is tried again where a rule asks for tries and does not say of what: a request that cannot have had an effect twice, mostly. */
export const usualConditions: readonly RetryCondition[] = [
  'gateway-error',
  'reset',
  'connect-failure',
  'refused-stream',
]

const usualEjection = 30_000
const day = 24 * 60 * 60 * 1000

/** Durations are milliseconds; absent ones get what the rule's reference says. */
export function breakerOf(threshold: number, origin: Origin, timeout = usualEjection, recovery?: number): Breaker {
  return {threshold, timeout, recovery: Math.max(timeout, recovery ?? Math.min(2 * timeout, day)), origin}
}

/** A checked duration of a rule in milliseconds. */
export function lasting(text: string): number {
  const whole = milliseconds(text)
  if (whole === undefined) throw new Error(`${text} is not a duration of a rule`)
  return whole
}

/** A duration of a configuration, which may be finer and longer than those of rules. */
export function nearestMillisecond(text: string): number {
  return Math.max(1, Math.round(Number(parseDuration(text) ?? 0n) / 1e6))
}
