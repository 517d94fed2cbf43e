import type {KubeApi, ObjectName} from '../kube/api.ts'
import {ConflictError, KindMissingError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {bridged} from './bridge.ts'
import {canonical} from './digest.ts'
import {WriteFailure} from './failure.ts'
import {appliedBy, fieldOwners, foreignFields, removalOf, says} from './fields.ts'
import type {Kinds} from './kinds.ts'
import type {Ledger} from './ledger.ts'
import {isCurrent, liveObject, refOf, type LiveObject} from './live.ts'
import {finished, type Application, type Removal} from './plan.ts'
import {managedByLabel, manager} from './stamp.ts'

/** On somebody else's object: it may become ours, if it says the same. */
export const adoptAnnotation = 'meshwright.dev/adopt'

/** Carries out what a plan says of one object, and writes down in the ledger what came of it. */
export class Writer {
  readonly #api: KubeApi
  readonly #kinds: Kinds
  readonly #ledger: Ledger

  constructor(api: KubeApi, kinds: Kinds, ledger: Ledger) {
    this.#api = api
    this.#kinds = kinds
    this.#ledger = ledger
  }

  /** @throws WriteFailure, KubeError */
  async apply(unit: string, application: Application): Promise<void> {
    const kind = this.#kinds.of(application.object)
    const name = nameOf(application.object)
    const live = application.live ?? (await this.#meet(kind, name))
    if (live === undefined) return this.#create(kind, unit, application)
    if (live instanceof Foreign) return this.#join(kind, unit, application, live.object)
    if (live.unit !== unit && live.unit !== '') {
      throw new WriteFailure(
        'MW6402',
        `${shown(kind, name)} is what ${live.unit} needs too; only one of them can have it`,
      )
    }
    if (isCurrent(live, application)) return
    if (live.leaving) throw new WriteFailure('MW6408', `${shown(kind, name)} is being deleted`)
    if (live.mode === 'contribute' && application.mode !== 'contribute') {
      return this.#join(kind, unit, application, await this.#api.get(kind, name))
    }
    if (live.touched && live.mode === 'own') await this.#clean(kind, name, application.object)
    await this.#put(kind, application, {uid: live.uid, force: application.mode !== 'contribute'})
  }

  /**
   * Applies an object with the entries that fall away still in it. Returns whether any does: then it is to be applied
   * again when nothing names them any more.
   *
   * @throws WriteFailure, KubeError
   */
  async bridge(unit: string, application: Application): Promise<boolean> {
    const {object, mode, parts, named = []} = application
    const found = await this.#api.get(this.#kinds.of(object), nameOf(object)).catch(unlessGone)
    const whole = found === undefined ? undefined : bridged(object, found, named)
    if (whole === undefined) await this.apply(unit, application)
    else await this.apply(unit, {...application, ...finished({object: whole, mode}, unit, parts)})
    return whole !== undefined
  }

  /** @throws KubeError */
  async remove({live, how}: Removal): Promise<void> {
    const kind = this.#kinds.of(live)
    const name = {name: live.name, ...(live.namespace === '' ? {} : {namespace: live.namespace})}
    if (how === 'withdraw') await this.#withdraw(kind, name, live.uid)
    else await this.#api.delete(kind, name, {uid: live.uid}).catch(unlessGone)
    this.#ledger.delete(live, live.uid)
  }

  /** What is there under a name of which we know nothing: nothing, ours all the same, or somebody else's. */
  async #meet(kind: ResourceKind, name: ObjectName): Promise<LiveObject | Foreign | undefined> {
    try {
      const object = await this.#api.get(kind, name)
      const live = liveObject(object)
      if (live === undefined) return new Foreign(object)
      if (live.unit !== '') this.#ledger.set(live)
      return live
    } catch (error) {
      if (error instanceof NotFoundError) return undefined
      throw error
    }
  }

  async #create(kind: ResourceKind, unit: string, application: Application): Promise<void> {
    if (application.mode === 'contribute') {
      throw new WriteFailure('MW6408', `${shown(kind, nameOf(application.object))} is gone, and it is not ours to make`)
    }
    const made = await this.#put(kind, application, {force: false})
    // Between our look and our write somebody else has made it: theirs, then, and we take back what we put in.
    if (made?.touched !== true || application.mode === 'share') return
    await this.#withdraw(kind, nameOf(application.object), made.uid)
    this.#ledger.delete(made, made.uid)
    throw new WriteFailure(
      'MW6402',
      `${shown(kind, nameOf(application.object))} was made by somebody else; ${unit} waits`,
    )
  }

  /** Somebody else's object: to be contributed to, to be adopted, or to be left alone. */
  async #join(kind: ResourceKind, unit: string, application: Application, found: KubeObject): Promise<void> {
    const uid = String(found.metadata?.['uid'])
    if (application.mode === 'contribute') {
      await this.#put(kind, application, {uid, force: false})
      return
    }
    if (application.mode === 'share') {
      const desired = {object: application.object, mode: 'contribute' as const}
      await this.#put(kind, {...application, ...finished(desired, unit, application.parts)}, {uid, force: false})
      return
    }
    const name = nameOf(application.object)
    if (found.metadata?.annotations?.[adoptAnnotation] !== 'true') {
      const annotate = `annotate it with ${adoptAnnotation}: "true" to have it adopted where it says the same`
      throw new WriteFailure(
        'MW6402',
        `${shown(kind, name)} belongs to ${ownersOf(found)} and is left alone; ${annotate}`,
      )
    }
    const object = withUid(application.object, uid)
    const would = await this.#api.apply(kind, object, {fieldManager: manager, force: true, dryRun: true})
    if (!agrees(found, would)) {
      const whose = `${shown(kind, name)} of ${ownersOf(found)}`
      throw new WriteFailure('MW6403', `${whose} is to be adopted, but it does not say the same`)
    }
    await this.#put(kind, application, {uid, force: true})
  }

  /**
   * Takes out what others have put into an object that is ours alone, but for what we are about to say again: without
   * that the object might be none.
   */
  async #clean(kind: ResourceKind, name: ObjectName, wanted: KubeObject): Promise<void> {
    const object = await this.#api.get(kind, name)
    const foreign = foreignFields(object, appliedBy(object, manager), manager).filter((path) => !says(wanted, path))
    if (foreign.length === 0) return
    await this.#api.patch(kind, name, removalOf(object, foreign), {fieldManager: manager})
  }

  /**
   * Server-side apply. With a uid only that very object is written to: one that has been deleted, or replaced by
   * somebody else's, is not.
   */
  async #put(
    kind: ResourceKind,
    {object, digest}: Pick<Application, 'object' | 'digest'>,
    {uid, force}: {readonly uid?: string; readonly force: boolean},
  ): Promise<LiveObject | undefined> {
    const sent = uid === undefined ? object : withUid(object, uid)
    const live = liveObject(await this.#api.apply(kind, sent, {fieldManager: manager, force}))
    if (live !== undefined) this.#ledger.set({...live, means: digest})
    return live
  }

  /** Applying nothing gives up every field of ours; others keep theirs. */
  async #withdraw(kind: ResourceKind, {name, namespace}: ObjectName, uid: string): Promise<void> {
    const metadata = {name, ...(namespace === undefined ? {} : {namespace}), uid}
    const nothing = {apiVersion: kind.apiVersion, kind: kind.kind, metadata}
    await this.#api.apply(kind, nothing, {fieldManager: manager, force: false}).catch(unlessGone)
  }
}

/** Somebody else's object has the name that ours would have. */
export function taken(object: KubeObject): WriteFailure {
  const {kind, namespace, name} = refOf(object)
  const annotate = `annotate it with ${adoptAnnotation}: "true" to have it adopted where it says the same`
  const whose = `${shown({kind}, {name, namespace})} belongs to ${ownersOf(object)} and is left alone`
  return new WriteFailure('MW6402', `${whose}; ${annotate}`)
}

/** An object in which we have no part. */
class Foreign {
  readonly object: KubeObject

  constructor(object: KubeObject) {
    this.object = object
  }
}

/** The object is gone, or there is another one of its name by now. */
function unlessGone(error: unknown): void {
  const isAnother = error instanceof ConflictError && error.contested.length === 0
  if (!(error instanceof NotFoundError) && !(error instanceof KindMissingError) && !isAnother) throw error
}

/** Whether adopting the object would change nothing but marks: neither what it says now, nor what others said beside. */
function agrees(found: KubeObject, would: KubeObject): boolean {
  const said = ({apiVersion: _version, metadata: _metadata, status: _status, ...rest}: KubeObject) => canonical(rest)
  return said(found) === said(would) && foreignFields(would, appliedBy(would, manager), manager).length === 0
}

/** Whoever has set anything in the object, and who it says manages it. */
function ownersOf(object: KubeObject): string {
  const managers = [...new Set(fieldOwners(object).map(({manager}) => manager))]
  const label = object.metadata?.labels?.[managedByLabel]
  const said = label === undefined ? '' : ` (${managedByLabel}: ${label})`
  return `${managers.length === 0 ? 'somebody else' : managers.join(', ')}${said}`
}

function withUid(object: KubeObject, uid: string): KubeObject {
  return {...object, metadata: {...object.metadata, uid}}
}

function nameOf({metadata}: KubeObject): ObjectName {
  const {name = '', namespace} = metadata ?? {}
  return {name, ...(namespace === undefined ? {} : {namespace})}
}

function shown({kind}: {readonly kind: string}, {name, namespace = ''}: ObjectName): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}
