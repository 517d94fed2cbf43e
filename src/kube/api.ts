import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'

export interface ObjectName {
  readonly name: string
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds until the call is given up; 30,000 where absent. */
  readonly timeout?: number
}

/** Which objects of a kind; all of every namespace where nothing is given. */
export interface Selection {
  readonly namespace?: string
  /** The one object of this name. */
  readonly name?: string
  /** `app=shop,tier!=cache`. */
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Only `metadata` of each object is asked for: no more is sent. */
  readonly metadataOnly?: boolean
}

export interface ListOptions extends CallOptions, Selection {
  /** Objects of one page; 500 where absent, 0 for all at once. */
  readonly limit?: number
}

/** One answer of a list. Every object carries its apiVersion and kind, which Kubernetes leaves out for its own kinds. */
export interface Page {
  readonly items: readonly KubeObject[]
  /** Of the whole list: the same on every page, and where a watch begins. */
  readonly resourceVersion: string
}

export interface WatchOptions extends Selection {
  /** Events after this one. */
  readonly resourceVersion: string
  readonly signal?: AbortSignal
  /** Milliseconds after which the API server ends the stream. */
  readonly timeout: number
  /** Milliseconds to wait for the answer to begin; 30,000 where absent. */
  readonly answerWithin?: number
}

export type WatchEvent =
  | {readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject}
  /** Everything up to this resourceVersion has been sent. */
  | {readonly type: 'BOOKMARK'; readonly resourceVersion: string}

export interface WriteOptions extends CallOptions {
  /** The API server checks, admission webhooks included, and stores nothing. */
  readonly dryRun?: boolean
  /** `status`: of the object, only its status is written. */
  readonly subresource?: 'status'
}

export interface ApplyOptions extends WriteOptions {
  /** Whose fields these are. */
  readonly fieldManager: string
  /** Takes fields over from other managers, where a ConflictError would name them. */
  readonly force?: boolean
}

export interface DeleteOptions extends CallOptions {
  readonly dryRun?: boolean
  /** Only the object with this uid, else a ConflictError. */
  readonly uid?: string
  /** Only if it has not been changed since, else a ConflictError. */
  readonly resourceVersion?: string
}

/** Asked at the very moment a write is sent: false, and it is not. */
export interface Fence {
  holds(): boolean
}

/**
 * The API server, over one connection that is kept. Objects are raw JSON both ways: nothing that a model does not know is
 * lost. Every method rejects with a KubeError (errors.ts), and with `signal.reason` where the signal is aborted.
 *
 * A 429 is tried again after the time it names, a broken connection once where repeating does no harm (everything but
 * create and delete).
 */
export interface KubeApi {
  /** `https://host:port`. */
  readonly server: string
  /** Of the kubeconfig's context, or of the pod; `default` where neither names one. */
  readonly namespace: string
  /** @throws NotFoundError, KindMissingError */
  get(kind: ResourceKind, name: ObjectName, options?: CallOptions): Promise<KubeObject>
  /** Page by page. @throws GoneError where the pages are asked for too slowly: begin again */
  list(kind: ResourceKind, options?: ListOptions): AsyncIterable<Page>
  /**
   * Resolves when the API server has taken the watch; the stream ends with its time and throws what goes wrong, in-stream
   * ERROR events included. @throws GoneError where `resourceVersion` is too old: list again
   */
  watch(kind: ResourceKind, options: WatchOptions): Promise<AsyncIterable<WatchEvent>>
  create(kind: ResourceKind, object: KubeObject, options?: WriteOptions & {fieldManager?: string}): Promise<KubeObject>
  /**
   * Server-side apply: the object's fields become what is said here, and those that this manager said before and says no
   * longer go. Fields that the kind does not have are an InvalidError.
   *
   * @throws ConflictError with the other managers and their fields
   */
  apply(kind: ResourceKind, object: KubeObject, options: ApplyOptions): Promise<KubeObject>
  /** JSON merge patch. With `metadata.resourceVersion` in it: only if the object has not been changed since. */
  patch(
    kind: ResourceKind,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options?: WriteOptions & {readonly fieldManager?: string},
  ): Promise<KubeObject>
  /** Resolves when the object is gone or marked to go (finalizers). @throws NotFoundError */
  delete(kind: ResourceKind, name: ObjectName, options?: DeleteOptions): Promise<void>
  /** Whether the API server serves this kind in this version now: whether its CRD is installed. Asked anew each time. */
  hasKind(kind: ResourceKind, options?: CallOptions): Promise<boolean>
  /**
   * The API server's clock, in milliseconds since 1970, to the second: what is valid for it does not depend on the clock of
   * this machine.
   */
  time(options?: CallOptions): Promise<number>
  /** The same connection, whose writes are refused with a FencedError unless the fence holds as they are sent. */
  fenced(fence: Fence): KubeApi
  /** Ends the connection; calls and streams under way fail. */
  close(): Promise<void>
}

/** The group of `networking.istio.io/v1`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash === -1 ? '' : apiVersion.slice(0, slash)
}

/** `virtualservices.networking.istio.io`, as RBAC and kubectl name it; `services` in the core group. */
export function resourceName({apiVersion, plural}: ResourceKind): string {
  const group = groupOf(apiVersion)
  return group === '' ? plural : `${plural}.${group}`
}
