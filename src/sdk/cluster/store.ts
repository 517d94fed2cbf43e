import {setTimeout as sleep} from 'node:timers/promises'
import type {KubeApi} from '../../kube/api.ts'
import {ConflictError, InvalidError, NotFoundError} from '../../kube/errors.ts'
import type {KubeObject} from '../../mesh/pod.ts'
import type {ResourceKind} from '../../mesh/resource.ts'
import type {Values} from '../../mesh/values.ts'
import {isAnotherVersion, managerFor, type Fragment} from '../fragment.ts'
import type {Applied} from '../handle.ts'
import {withoutShares} from '../precedence.ts'
import type {RuleStore} from '../rules.ts'
import {claimantsOf, claimsOf, requiredField} from './claims.ts'
import {told} from './failure.ts'
import {notProgrammed, patience, verdictOf} from './verdict.ts'

const apiVersion = 'meshwright.dev/v1alpha1'
const kinds: Readonly<Record<Fragment['kind'], ResourceKind>> = {
  MeshService: {apiVersion, kind: 'MeshService', plural: 'meshservices', namespaced: true},
  TrafficPolicy: {apiVersion, kind: 'TrafficPolicy', plural: 'trafficpolicies', namespaced: true},
}

/** Milliseconds between looks at a status. */
const [firstLook, laterLook] = [100, 1000]
/** How often a removal begins anew because somebody else wrote meanwhile. */
const mostRemovals = 5

/**
 * Writes neutral objects by server-side apply, each fragment under its own field manager: replicas that say the same change
 * nothing, and what somebody else has said otherwise is a conflict that is told, never overwritten. Only what another
 * version of the same application has said in the same call gives way: the one that started last is the one that runs.
 */
export class ClusterStore implements RuleStore {
  readonly judgesAtOnce = false
  readonly #connect: () => Promise<KubeApi>
  #connection: Promise<KubeApi> | undefined

  /** @param connect called with the first rule, and again after it has failed */
  constructor(connect: () => Promise<KubeApi>) {
    this.#connect = connect
  }

  async put(fragment: Fragment): Promise<void> {
    try {
      await this.#apply(fragment, fragment.manager)
    } catch (error) {
      if (!(error instanceof ConflictError) && !(error instanceof InvalidError)) throw told(fragment, error)
      await this.#told(fragment, () => this.#settle(fragment, error))
    }
  }

  /** The object goes with the last who says anything in it. */
  async remove(fragment: Fragment): Promise<void> {
    await this.#told(fragment, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#takeBack(fragment)
        } catch (error) {
          const isLate = error instanceof ConflictError && error.contested.length === 0
          if (!isLate || attempt === mostRemovals) throw error
        }
      }
    })
  }

  /**
   * Looks at the status that the controller writes until it is about what was put.
   *
   * @throws MeshRuleError where it is refused, or where the same keeps it from being in force for half a minute
   */
  async applied(fragment: Fragment, signal: AbortSignal): Promise<Applied> {
    let [because, since] = ['', performance.now()]
    for (let wait = firstLook; ; wait = Math.min(wait * 2, laterLook)) {
      const object = await this.#told(fragment, () => this.#get(fragment, signal))
      const verdict = verdictOf(object, fragment)
      if (verdict.kind === 'applied') return verdict.applied
      const now = performance.now()
      if (verdict.because !== because) [because, since] = [verdict.because, now]
      // Without a reason it is the controller that is waited for, for as long as the caller likes.
      if (because !== '' && now - since >= patience) throw notProgrammed(fragment, because)
      await sleep(wait, undefined, {signal})
    }
  }

  async close(): Promise<void> {
    const api = await this.#connection?.catch(() => undefined)
    await api?.close()
  }

  async #api(): Promise<KubeApi> {
    const connection = (this.#connection ??= this.#connect())
    try {
      return await connection
    } catch (error) {
      if (this.#connection === connection) this.#connection = undefined
      throw error
    }
  }

  async #get({kind, service}: Fragment, signal?: AbortSignal): Promise<KubeObject> {
    const api = await this.#api()
    return api.get(kinds[kind], service, signal === undefined ? {} : {signal})
  }

  #apply(fragment: Fragment, fieldManager: string, {force = false} = {}): Promise<void> {
    return this.#write(fragment, fragment.spec, fieldManager, force)
  }

  /** @param spec absent: nothing is said of it */
  async #write(
    {kind, service}: Fragment,
    spec: Values | undefined,
    fieldManager: string,
    force = false,
  ): Promise<void> {
    const api = await this.#api()
    const object = {apiVersion, kind, metadata: {...service}, ...(spec !== undefined && {spec})}
    await api.apply(kinds[kind], object, {fieldManager, ...(force && {force})})
  }

  /** What the API server refused, where only this application stands in its own way. */
  async #settle(fragment: Fragment, error: ConflictError | InvalidError): Promise<void> {
    const strangers =
      error instanceof ConflictError ? error.contested.filter(({manager}) => !isOwn(manager, fragment)) : []
    if (strangers.length > 0) throw error
    const object = await this.#found(fragment)
    if (object === undefined) throw error
    const managers = [...claimsOf(object).keys()]
    const others = fragment.call === 'register' ? [] : managers.filter((manager) => isAnotherVersion(manager, fragment))
    const isRegistered = fragment.call === 'register' && managers.some((manager) => isAnotherVersion(manager, fragment))
    // A canary that another replica began: the shares step back, as they would beside one of this process.
    const canary = {...fragment, call: 'canary' as const, manager: managerFor(fragment, 'canary')}
    const besideCanary = managers.some((manager) => manager === canary.manager || isAnotherVersion(manager, canary))
    const wanted = fragment.call === 'split' && besideCanary ? withoutShares(fragment) : fragment
    if (others.length === 0 && wanted === fragment && !isRegistered) throw error
    // So that no request meets half a rule, the last of the others comes to say the same, and only then nothing. Those
    // before it have said what it has: the object held all of it.
    const last = others.pop()
    for (const other of others) await this.#withdraw(fragment, other)
    if (last !== undefined) await this.#apply(wanted, last, {force: true})
    await this.#apply(wanted, fragment.manager, {force: true})
    if (last !== undefined) await this.#withdraw(wanted, last)
  }

  async #takeBack(fragment: Fragment): Promise<void> {
    const object = await this.#found(fragment)
    if (object === undefined || !claimsOf(object).has(fragment.manager)) return
    const others = claimantsOf(object).filter((manager) => manager !== fragment.manager)
    if (others.length > 0) {
      await this.#withdraw(fragment, fragment.manager, object)
      return
    }
    const {uid, resourceVersion} = object.metadata ?? {}
    const api = await this.#api()
    await api
      .delete(kinds[fragment.kind], fragment.service, {
        ...(typeof uid === 'string' && {uid}),
        ...(typeof resourceVersion === 'string' && {resourceVersion}),
      })
      .catch((error: unknown) => {
        if (!(error instanceof NotFoundError)) throw error
      })
  }

  /** Gives up what a manager has said, but for what the kind requires and nobody else says. */
  async #withdraw(fragment: Fragment, manager: string, known?: KubeObject): Promise<void> {
    const object = known ?? (await this.#found(fragment))
    if (object === undefined) return
    const required = requiredField[fragment.kind]
    const isSaid = claimantsOf(object, required).some((other) => other !== manager)
    await this.#write(fragment, isSaid ? undefined : {[required]: fragment.spec[required]}, manager)
  }

  async #found(fragment: Fragment): Promise<KubeObject | undefined> {
    try {
      return await this.#get(fragment)
    } catch (error) {
      if (error instanceof NotFoundError) return undefined
      throw error
    }
  }

  async #told<T>(fragment: Fragment, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw told(fragment, error)
    }
  }
}

function isOwn(manager: string, fragment: Fragment): boolean {
  return manager === fragment.manager || isAnotherVersion(manager, fragment)
}
