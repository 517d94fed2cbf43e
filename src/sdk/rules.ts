import type {Fragment} from './fragment.ts'
import type {Applied} from './handle.ts'

/** Where rules are kept: in the cluster, or in process. */
export interface RuleStore {
  /** True where what becomes of a rule is known as soon as it has been put. */
  readonly judgesAtOnce: boolean
  /** @throws MeshError; a `retryable` one is worth another try */
  put(fragment: Fragment): Promise<void>
  /** Takes back what the fragment's manager has said; nothing where it has said nothing. @throws MeshError as put */
  remove(fragment: Fragment): Promise<void>
  /** Settles when what holds of the fragment's object is known. */
  applied(fragment: Fragment, signal: AbortSignal): Promise<Applied>
  close(): Promise<void>
}

/** A store that is made with the first rule. */
export class DeferredStore implements RuleStore {
  readonly judgesAtOnce = false
  readonly #make: () => Promise<RuleStore>
  #made: Promise<RuleStore> | undefined

  constructor(make: () => Promise<RuleStore>) {
    this.#make = make
  }

  async put(fragment: Fragment): Promise<void> {
    await (await this.#store()).put(fragment)
  }

  async remove(fragment: Fragment): Promise<void> {
    await (await this.#store()).remove(fragment)
  }

  async applied(fragment: Fragment, signal: AbortSignal): Promise<Applied> {
    return (await this.#store()).applied(fragment, signal)
  }

  async close(): Promise<void> {
    await (await this.#made)?.close()
  }

  #store(): Promise<RuleStore> {
    return (this.#made ??= this.#make())
  }
}
