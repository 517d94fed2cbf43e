import type {KubeApi} from '../kube/api.ts'
import type {KubeError} from '../kube/errors.ts'
import {watchKind, type KindWatchOptions, type Watch} from '../kube/watch.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {factKinds, kindKey, ruleKinds, type Kinds} from './kinds.ts'
import {installedNeeds} from './installed.ts'
import {unitKey} from './stamp.ts'

export interface WatchesHandlers {
  /** A rule, or something that rules are about. */
  readonly onFact: (object: KubeObject) => void
  readonly onFactGone: (object: KubeObject) => void
  /** Something that we may have a part in. */
  readonly onObject: (object: KubeObject) => void
  readonly onObjectGone: (object: KubeObject) => void
  /** What a mesh keeps of its own settings. */
  readonly onInstalled: (object: KubeObject) => void
  readonly onInstalledGone: (object: KubeObject) => void
  /** The first time that everything has been told, and whenever a kind is served, or is not any more. */
  readonly onKnown: () => void
  readonly onStale: (watch: string, since: number, reason: KubeError) => void
  readonly onSynced: (watch: string) => void
  readonly onTrouble: (watch: string, error: unknown, retryIn: number) => void
}

interface Watched {
  readonly watch: Watch
  /** Everything has been told once, or the cluster does not serve the kind. */
  told: boolean
}

/** Watches everything that a controller goes by, for as long as it runs, whether it leads or not. */
export class Watches {
  readonly #watched = new Map<string, Watched>()
  readonly #missing = new Set<string>()
  readonly #handlers: WatchesHandlers
  #known = false

  constructor(api: KubeApi, kinds: Kinds, handlers: WatchesHandlers) {
    this.#handlers = handlers
    const facts = new Set([...ruleKinds, ...factKinds].map(kindKey))
    for (const kind of [...ruleKinds, ...factKinds]) {
      // A Service may be both: what a rule is about, and what we write to.
      const isOurs = kinds.all.some((each) => kindKey(each) === kindKey(kind))
      const {onFact, onFactGone, onObject, onObjectGone} = handlers
      this.#watch(
        api,
        kind,
        {},
        [onFact, ...(isOurs ? [onObject] : [])],
        [onFactGone, ...(isOurs ? [onObjectGone] : [])],
      )
    }
    for (const kind of kinds.all) {
      if (facts.has(kindKey(kind))) continue
      this.#watch(api, kind, {labelSelector: unitKey}, [handlers.onObject], [handlers.onObjectGone])
    }
    for (const {kind, namespace = '', name = ''} of installedNeeds) {
      const key = `${kindKey(kind)} ${namespace}/${name}`
      this.#watch(api, kind, {namespace, name}, [handlers.onInstalled], [handlers.onInstalledGone], key)
    }
  }

  /** Whether the API server does not serve the kind of such an object. */
  isMissing(object: {readonly apiVersion?: string; readonly kind?: string}): boolean {
    return this.#missing.has(kindKey(object))
  }

  /** Everything has been told once. */
  get known(): boolean {
    return this.#known
  }

  /** What has not been told yet. */
  get awaited(): readonly string[] {
    return [...this.#watched].filter(([, {told}]) => !told).map(([key]) => key)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watched.values()].map(({watch}) => watch.stop()))
  }

  #watch(
    api: KubeApi,
    kind: ResourceKind,
    options: KindWatchOptions,
    onSet: readonly ((object: KubeObject) => void)[],
    onDelete: readonly ((object: KubeObject) => void)[],
    key: string = kindKey(kind),
  ): void {
    const {onStale, onSynced, onTrouble} = this.#handlers
    const told = (missing: boolean) => {
      const watched = this.#watched.get(key)
      if (watched !== undefined) watched.told = true
      const isNews = missing !== this.#missing.has(key)
      if (missing) this.#missing.add(key)
      else this.#missing.delete(key)
      onSynced(key)
      this.#tell(isNews)
    }
    const watch = watchKind(api, kind, options, {
      onSet: (object) => {
        for (const tell of onSet) tell(object)
      },
      onDelete: (object) => {
        for (const tell of onDelete) tell(object)
      },
      onSynced: () => told(false),
      onMissing: () => told(true),
      onStale: (since, reason) => onStale(key, since, reason),
      onTrouble: (error, retryIn) => onTrouble(key, error, retryIn),
    })
    this.#watched.set(key, {watch, told: false})
  }

  #tell(isNews: boolean): void {
    const isFirst = !this.#known && this.awaited.length === 0
    if (isFirst) this.#known = true
    if (isFirst || (this.#known && isNews)) this.#handlers.onKnown()
  }
}
