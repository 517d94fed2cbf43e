import {sourceKinds, type Source} from '../intent/origin.ts'
import {shownSource} from '../intent/site.ts'
import type {World} from '../intent/world.ts'
import type {KubeApi} from '../kube/api.ts'
import {NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {StatusBook} from './book.ts'
import {ruleKinds} from './kinds.ts'
import {manager} from './stamp.ts'
import {
  pastConditions,
  readStatus,
  statusOf,
  traceOf,
  type Condition,
  type PastCondition,
  type RuleStatus,
  type StatusTrace,
} from './status.ts'

/** What is kept of a rule object: its status is written from the reports of its units. */
interface Known {
  readonly source: Source
  readonly uid: string
  /** Of the status it carries; absent where it has none. */
  readonly status?: StatusTrace
}

/** A condition that is another one now. */
export interface Change {
  readonly source: Source
  readonly uid: string
  readonly condition: Condition
}

export interface PublisherOptions {
  readonly world: World
  readonly book: StatusBook
  /** Units that wait to be reconciled: what they reported may be out of date. */
  readonly pending: () => ReadonlySet<string>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onChange: (change: Change) => Promise<void>
}

/** Writes the statuses of rule objects, where they differ from what the objects carry. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #known = new Map<string, Known>()
  readonly #deferred = new Set<string>()

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Takes in a rule object as the API server has it. Returns its key. */
  learn(object: KubeObject): string | undefined {
    const source = sourceOf(object)
    if (source === undefined) return undefined
    const status = readStatus(object['status'])
    const uid = object.metadata?.['uid']
    this.#known.set(shownSource(source), {
      source,
      uid: typeof uid === 'string' ? uid : '',
      ...(status === undefined ? {} : {status: traceOf(status)}),
    })
    return shownSource(source)
  }

  forget(object: KubeObject): void {
    const source = sourceOf(object)
    if (source === undefined) return
    this.#known.delete(shownSource(source))
    this.#deferred.delete(shownSource(source))
  }

  /** Whose status waits until nothing is pending that it may be about. */
  get deferred(): Iterable<string> {
    return this.#deferred
  }

  keys(): Iterable<string> {
    return this.#known.keys()
  }

  /** @throws KubeError */
  async publish(key: string, api: KubeApi): Promise<void> {
    const known = this.#known.get(key)
    const {world, book, now, onChange} = this.#options
    const generation = known && world.generationOf(known.source)
    if (known === undefined || generation === undefined) return
    if (this.#isPending(known.source)) {
      this.#deferred.add(key)
      return
    }
    this.#deferred.delete(key)
    const before = known.status === undefined ? [] : pastConditions(known.status)
    const time = `${new Date(now()).toISOString().slice(0, 19)}Z`
    const status = statusOf(generation, book.reportsOn(known.source), before, time)
    const trace = traceOf(status)
    if (trace.digest === known.status?.digest) return
    const kind = ruleKinds.find(({kind}) => kind === known.source.kind)
    if (kind === undefined) return
    const {name, namespace} = known.source
    const metadata = {name, ...(namespace === '' ? {} : {namespace}), uid: known.uid}
    const object = {apiVersion: kind.apiVersion, kind: kind.kind, metadata, status}
    try {
      await api.apply(kind, object, {fieldManager: manager, force: true, subresource: 'status'})
    } catch (error) {
      if (error instanceof NotFoundError) return
      throw error
    }
    // The watch tells of it too, but perhaps after the next report.
    if (this.#known.get(key) === known) this.#known.set(key, {...known, status: trace})
    for (const condition of changed(before, status)) {
      await onChange({source: known.source, uid: known.uid, condition})
    }
  }

  /** Its units will say more in a moment. */
  #isPending(source: Source): boolean {
    const pending = this.#options.pending()
    if (pending.size === 0) return false
    // It may be about every unit there is.
    if (source.kind === 'MeshConfig') return true
    const {world, book} = this.#options
    return [...book.unitsOf(source), ...world.unitsOf(source)].some((unit) => pending.has(unit))
  }
}

/** What is worth telling: at first, whether the rule is in force and what speaks against it. */
function changed(before: readonly PastCondition[], after: RuleStatus): readonly Condition[] {
  return after.conditions.filter(({type, status, reason}) => {
    const known = before.find((condition) => condition.type === type)
    if (known !== undefined) return known.status !== status || known.reason !== reason
    return type === 'Programmed' || (type === 'Accepted' ? status === 'False' : status === 'True')
  })
}

function sourceOf({kind, metadata}: KubeObject): Source | undefined {
  const known = sourceKinds.find((each) => each === kind)
  if (known === undefined) return undefined
  return {kind: known, namespace: metadata?.namespace ?? '', name: metadata?.name ?? ''}
}
