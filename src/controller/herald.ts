import type {Clock} from '../kube/clock.ts'
import type {Events} from '../kube/events.ts'
import {ruleKinds} from './kinds.ts'
import type {Change} from './publish.ts'
import type {Tally} from './tally.ts'

/** Events at once, and how many a second beyond: thousands of rules that change together are better told by statuses. */
const burst = 100
const perSecond = 10

/** Tells in Events what has become of rules. */
export class Herald {
  readonly #events: Events
  readonly #tally: Tally
  readonly #clock: Clock
  #tokens = burst
  #counted: number

  constructor(events: Events, tally: Tally, clock: Clock) {
    this.#events = events
    this.#tally = tally
    this.#clock = clock
    this.#counted = clock.monotonic()
  }

  async tell({source, uid, condition}: Change): Promise<void> {
    if (!this.#isAllowed()) {
      this.#tally.droppedEvents++
      return
    }
    const {kind, namespace, name} = source
    const apiVersion = ruleKinds.find((each) => each.kind === kind)?.apiVersion ?? ''
    const isGood = condition.type === 'Approximated' || condition.status === 'True'
    await this.#events.report({
      regarding: {apiVersion, kind, metadata: {name, ...(namespace === '' ? {} : {namespace}), uid}},
      type: isGood ? 'Normal' : 'Warning',
      reason: condition.reason,
      action: condition.type === 'Programmed' ? 'Program' : 'Translate',
      note: condition.message,
    })
  }

  #isAllowed(): boolean {
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#counted) / 1000) * perSecond)
    this.#counted = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
