import type {Admission} from '../admission/answer.ts'
import {ClusterState, keyOf, meshConfigs, namespaces, type InCluster} from '../admission/cluster-state.ts'
import {failurePolicyOf} from '../admission/failure.ts'
import {trimmed} from '../admission/cluster-cache.ts'
import {Reviewer, type AdmissionState} from '../admission/review.ts'
import {Shapes} from '../admission/shape.ts'
import type {Choice} from '../admission/state.ts'
import type {LoadedConfiguration} from '../config/load.ts'
import type {KubeApi} from '../kube/api.ts'
import {watchKind, type Watch} from '../kube/watch.ts'
import type {Need} from '../mesh/resource.ts'
import type {Log} from '../obs/log.ts'
import type {Tally} from '../obs/tally.ts'
import type {Loaded} from './webhook-admission.ts'

interface Watched {
  readonly need: Need
  readonly watch: Watch
  /** All that there is has been told, or the cluster does not serve the kind. */
  listed: boolean
}

/** Milliseconds in which changes gather: a Helm upgrade touches several objects of one mesh. */
const settle = 50

/** Makes what answers reviews out of what a cluster says, for as long as it says something new. */
export class ClusterLoader {
  readonly #api: KubeApi
  readonly #state: ClusterState
  readonly #ownNamespace: string
  readonly #log: Log
  readonly #tally: Tally
  readonly #onLoad: (loaded: Loaded) => unknown
  readonly #shapes = new Shapes()
  readonly #reviewer = new Reviewer()
  readonly #watched = new Map<string, Watched>()
  #settling: NodeJS.Timeout | undefined
  #stopped = false
  #told = ''

  constructor(
    api: KubeApi,
    {choice, files, ownNamespace}: {choice: Choice; files: LoadedConfiguration; ownNamespace: string},
    {log, tally}: {log: Log; tally: Tally},
    onLoad: (loaded: Loaded) => unknown,
  ) {
    this.#api = api
    this.#state = new ClusterState(choice, files)
    this.#ownNamespace = ownNamespace
    this.#log = log
    this.#tally = tally
    this.#onLoad = onLoad
    for (const kind of [namespaces, meshConfigs]) this.#watch({kind})
  }

  /** The configuration files have changed. */
  useFiles(files: LoadedConfiguration): void {
    this.#state.useFiles(files)
    this.#settle()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#settling)
    await Promise.all([...this.#watched.values()].map(({watch}) => watch.stop()))
  }

  #watch(need: Need): void {
    const {kind, namespace, name, metadataOnly} = need
    const key = keyOf(need)
    const listed = () => {
      const watched = this.#watched.get(key)
      if (watched !== undefined) watched.listed = true
      this.#tally.staleSince.delete(key)
      this.#settle()
    }
    const watch = watchKind(
      this.#api,
      kind,
      {
        ...(namespace !== undefined && {namespace}),
        ...(name !== undefined && {name}),
        ...(metadataOnly !== undefined && {metadataOnly}),
        // A MeshConfig is read whole; of the others the state keeps what it needs.
        ...(kind !== meshConfigs && {trim: (object) => trimmed(need, object)}),
      },
      {
        onSet: (object) => {
          if (this.#state.set(need, object)) this.#settle()
        },
        onDelete: (object) => {
          if (this.#state.delete(need, object)) this.#settle()
        },
        onSynced: listed,
        onMissing: listed,
        onStale: (since, reason) => {
          this.#tally.staleSince.set(key, since / 1000)
          this.#log.warn(
            {code: 'MW5103', watch: key, since: new Date(since).toISOString(), reason: reason.message},
            'stale',
          )
        },
        onTrouble: (error, retryIn) => {
          const reason = error instanceof Error ? error.message : String(error)
          this.#log.warn({code: 'MW5103', watch: key, retryIn, reason}, 'a watch failed and is tried again')
        },
      },
    )
    this.#watched.set(key, {need, watch, listed: false})
  }

  #settle(): void {
    if (this.#stopped) return
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined
      this.#follow()
    }, settle)
  }

  /** Watches what the configurations need now, and once all of it is known, puts into force what follows. */
  #follow(): void {
    const bases = [namespaces, meshConfigs].map((kind) => this.#watched.get(keyOf({kind})))
    if (bases.some((base) => base?.listed !== true)) return
    const needed = new Map(
      [{kind: namespaces}, {kind: meshConfigs}, ...this.#state.needs()].map((need) => [keyOf(need), need]),
    )
    for (const [key, {watch}] of this.#watched) {
      if (needed.has(key)) continue
      this.#watched.delete(key)
      this.#tally.staleSince.delete(key)
      void watch.stop()
    }
    for (const [key, need] of needed) if (!this.#watched.has(key)) this.#watch(need)
    if ([...this.#watched.values()].some(({listed}) => !listed)) return

    const {inForce, problems} = this.#state.judge()
    // The same problems again are no news, whatever else has changed.
    const told = problems.join('\n')
    if (problems.length > 0 && told !== this.#told) this.#onLoad({ok: false, problems})
    this.#told = told
    if (inForce !== undefined) this.#onLoad({ok: true, inForce: this.#inForce(inForce)})
  }

  #inForce({findings, ...governing}: InCluster): Extract<Loaded, {ok: true}>['inForce'] {
    const state: AdmissionState = {
      ...governing,
      objects: this.#state.cache,
      shapes: this.#shapes,
      ownNamespace: this.#ownNamespace,
    }
    const {base, environments} = governing
    const admission: Admission = {
      mesh: base.mesh,
      failurePolicy: (body) => failurePolicyOf(body, state),
      review: (body, excess) => this.#reviewer.review(body, state, excess),
    }
    return {admission, environments: [...environments.keys()], findings}
  }
}
