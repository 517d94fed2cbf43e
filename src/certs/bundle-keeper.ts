import type {KubeApi} from '../kube/api.ts'
import type {Clock} from '../kube/clock.ts'
import type {Events} from '../kube/events.ts'
import {manager} from '../controller/stamp.ts'
import type {CertificateTally} from '../obs/certificate-tally.ts'
import type {Log} from '../obs/log.ts'
import {textOf, type Trusted} from './bundle.ts'
import {Pace} from './pace.ts'
import {bundleManagers, bundlePatch, isServing, readRegistration, registrations} from './registration.ts'
import type {ServedState} from './rotation.ts'
import type {WatchedObject} from './watched.ts'

export interface BundleKeeperOptions {
  readonly api: KubeApi
  readonly registration: WatchedObject
  readonly events: Events
  readonly log: Log
  readonly tally: CertificateTally
  readonly clock: Clock
}

/** Milliseconds between two complaints about the same fight in the log. */
const complainEvery = 60_000

/** Keeps `caBundle` of a registration as it has to be, and tells who does not leave it so. */
export class BundleKeeper {
  readonly #options: BundleKeeperOptions
  readonly #pace = new Pace()
  /** The bundle that was last seen in its place. */
  #served = ''
  #complained = -Infinity

  constructor(options: BundleKeeperOptions) {
    this.#options = options
  }

  /** What the API server is told now; `unchangedFor` measures how long the key has been the same. */
  served(unchangedFor: (key: string) => number): ServedState {
    const {object} = this.#options.registration
    const state = readRegistration(object)
    const key = JSON.stringify([state.registered, state.uniform, textOf(state.trusted)])
    return {...state, unchangedFor: unchangedFor(key)}
  }

  /**
   * Writes the bundle where it is not in place. Returns 0, or the milliseconds after which it may be written again.
   *
   * @throws KubeError, among them ConflictError where the registration has changed meanwhile
   */
  async keep(bundle: readonly Trusted[]): Promise<number> {
    const {api, registration, log, tally, clock} = this.#options
    const {object, name} = registration
    if (object === undefined) return 0
    const wanted = textOf(bundle)
    if (isServing(object, bundle)) {
      this.#served = wanted
      return 0
    }
    const now = clock.monotonic()
    if (this.#served === wanted) await this.#overwritten(now)
    this.#served = ''
    const wait = this.#pace.wait(now)
    if (wait > 0) return wait
    const patch = bundlePatch(object, bundle)
    if (patch === undefined) return 0
    this.#pace.wrote(now)
    registration.wrote(await api.patch(registrations, {name}, patch, {fieldManager: manager}))
    tally.repairs++
    log.info({registration: name, authorities: bundle.length}, 'caBundle written')
    return 0
  }

  async #overwritten(now: number): Promise<void> {
    const {registration, events, log, tally} = this.#options
    const {object, name} = registration
    if (object === undefined) return
    const managers = bundleManagers(object, manager)
    const by = managers.length === 0 ? 'somebody' : managers.join(', ')
    for (const each of managers.length === 0 ? ['unknown'] : managers) tally.overwritten(each)
    if (!this.#pace.isContested(now)) {
      log.warn({registration: name, by}, 'caBundle was overwritten')
      return
    }
    if (now - this.#complained >= complainEvery) {
      this.#complained = now
      log.error({code: 'MW6501', registration: name, by}, 'caBundle is overwritten again and again')
    }
    const note = `MW6501 caBundle is overwritten again and again by ${by}; it is put right ten times a minute at most`
    await events.report({regarding: object, type: 'Warning', reason: 'CABundleContested', action: 'Repair', note})
  }
}
