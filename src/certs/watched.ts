import type {KubeApi} from '../kube/api.ts'
import {watchKind, type Watch} from '../kube/watch.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'

export interface WatchedHandlers {
  /** It is another one, or known again. */
  readonly onChange: () => void
  readonly onTrouble: (error: unknown, retryIn: number) => void
}

/** One object, as it was last told, or as it was answered when we wrote it. */
export class WatchedObject {
  readonly kind: ResourceKind
  readonly name: string
  readonly namespace: string | undefined
  readonly #watch: Watch
  #object: KubeObject | undefined

  constructor(
    api: KubeApi,
    kind: ResourceKind,
    {name, namespace}: {readonly name: string; readonly namespace?: string},
    {onChange, onTrouble}: WatchedHandlers,
  ) {
    this.kind = kind
    this.name = name
    this.namespace = namespace
    const tell = (object: KubeObject | undefined) => {
      this.#object = object
      onChange()
    }
    this.#watch = watchKind(
      api,
      kind,
      {name, ...(namespace !== undefined && {namespace}), silence: 90_000},
      {onSet: tell, onDelete: () => tell(undefined), onSynced: onChange, onTrouble},
    )
  }

  /** Undefined where there is none, or as long as it is not known. */
  get object(): KubeObject | undefined {
    return this.#object
  }

  /** What it is has been told, and is not out of date as far as can be told. */
  get isKnown(): boolean {
    return this.#watch.state === 'synced'
  }

  /** As it is now that we have written it: the watch tells of it a little later. */
  wrote(object: KubeObject): void {
    this.#object = object
  }

  stop(): Promise<void> {
    return this.#watch.stop()
  }
}
