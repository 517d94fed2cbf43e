import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  Fence,
  KubeApi,
  ListOptions,
  ObjectName,
  Page,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './api.ts'
import {pause, type Clock} from './clock.ts'
import {
  FencedError,
  KubeError,
  TooManyRequestsError,
  UnauthorizedError,
  UnreachableError,
  described,
  type Target,
} from './errors.ts'
import {collectionPath, objectPath, query, selectors, versionPath} from './path.ts'
import {decodeEvent, decodeList, decodeObject, decodeResources, lines} from './decode.ts'
import {errorOf} from './status.ts'
import {NotSentError, TimeoutError, type Answer, type Request, type Transport} from './transport.ts'

const answerWithin = 30_000
const pageSize = 500
/** Tries of a call that is answered 429. */
const tries = 5
/** Milliseconds for which an answer about the kinds of a version counts: many watches may ask for their kinds at once. */
const kindsFreshFor = 1_000

export interface HttpKubeApiOptions {
  readonly server: string
  readonly namespace: string
  readonly transport: Transport
  readonly clock: Clock
  /** Told of every call that was answered or failed; status 0 for no answer. */
  readonly onCall?: (target: Target, status: number) => void
}

interface Kinds {
  readonly until: number
  readonly served: Promise<ReadonlySet<string>>
}

/** KubeApi over a transport. */
export class HttpKubeApi implements KubeApi {
  readonly #options: HttpKubeApiOptions
  readonly #fence: Fence | undefined
  readonly #kinds = new Map<string, Kinds>()
  readonly server: string
  readonly namespace: string

  constructor(options: HttpKubeApiOptions, fence?: Fence) {
    this.#options = options
    this.#fence = fence
    this.server = options.server
    this.namespace = options.namespace
  }

  async get(kind: ResourceKind, name: ObjectName, options: CallOptions = {}): Promise<KubeObject> {
    const target = {verb: 'get', kind, ...name} as const
    return this.#object(target, {method: 'GET', path: objectPath(target)}, options)
  }

  async *list(kind: ResourceKind, options: ListOptions = {}): AsyncGenerator<Page> {
    const {namespace, name, limit = pageSize} = options
    const target: Target = {
      verb: 'list',
      kind,
      ...(namespace !== undefined && {namespace}),
      ...(name !== undefined && {name}),
    }
    const path = collectionPath(kind, namespace)
    const headers = options.metadataOnly === true ? {accept: metadataOf('PartialObjectMetadataList')} : {}
    let next: string | undefined
    do {
      const parameters = {...selectors(options), limit: limit === 0 ? undefined : limit, continue: next}
      const request = {method: 'GET', path: `${path}${query(parameters)}`, headers} as const
      const {page, rest} = decodeList(kind, (await this.#call(target, request, options)).body, target)
      yield page
      next = rest
    } while (next !== undefined)
  }

  async watch(kind: ResourceKind, options: WatchOptions): Promise<AsyncIterable<WatchEvent>> {
    const {namespace, name, resourceVersion, timeout, signal} = options
    const target: Target = {
      verb: 'watch',
      kind,
      ...(namespace !== undefined && {namespace}),
      ...(name !== undefined && {name}),
    }
    const path = `${collectionPath(kind, namespace)}${query({
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion,
      timeoutSeconds: Math.max(1, Math.round(timeout / 1_000)),
      ...selectors(options),
    })}`
    const request: Request = {
      method: 'GET',
      path,
      headers: {accept: options.metadataOnly === true ? metadataOf('PartialObjectMetadata') : 'application/json'},
      timeout: options.answerWithin ?? answerWithin,
      ...(signal !== undefined && {signal}),
    }
    const {status, header, body} = await this.#failing(target, signal, () => this.#options.transport.stream(request))
    this.#options.onCall?.(target, status)
    if (status === 200) return this.#events(target, body, signal)
    let text = ''
    for await (const line of lines(body)) text += line
    const error = errorOf(target, status, text, header('retry-after'))
    if (error instanceof UnauthorizedError) this.#options.transport.renewCredentials()
    throw error
  }

  async create(
    kind: ResourceKind,
    object: KubeObject,
    options: WriteOptions & {fieldManager?: string} = {},
  ): Promise<KubeObject> {
    const target = {verb: 'create', kind, ...nameOf(object)} as const
    // Checks the names; a create goes to the collection.
    objectPath(target)
    const path = `${collectionPath(kind, target.namespace)}${query(writeParameters(options))}`
    return this.#object(target, {method: 'POST', path, body: JSON.stringify(object), ...json}, options)
  }

  async apply(kind: ResourceKind, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const target = {verb: 'patch', kind, ...nameOf(object), ...subresourceOf(options)} as const
    const path = `${objectPath(target)}${query({...writeParameters(options), force: options.force === true ? true : undefined})}`
    const headers = {'content-type': 'application/apply-patch+yaml'}
    return this.#object(target, {method: 'PATCH', path, body: JSON.stringify(object), headers}, options)
  }

  async patch(
    kind: ResourceKind,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options: WriteOptions & {readonly fieldManager?: string} = {},
  ): Promise<KubeObject> {
    const target = {verb: 'patch', kind, ...name, ...subresourceOf(options)} as const
    const path = `${objectPath(target)}${query(writeParameters(options))}`
    const headers = {'content-type': 'application/merge-patch+json'}
    return this.#object(target, {method: 'PATCH', path, body: JSON.stringify(patch), headers}, options)
  }

  async delete(kind: ResourceKind, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const {uid, resourceVersion, dryRun} = options
    const target = {verb: 'delete', kind, ...name} as const
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions: {uid, resourceVersion},
      ...(dryRun === true && {dryRun: ['All']}),
    })
    await this.#call(target, {method: 'DELETE', path: objectPath(target), body, ...json}, options)
  }

  async hasKind(kind: ResourceKind, {signal, timeout}: CallOptions = {}): Promise<boolean> {
    const {clock} = this.#options
    let known = this.#kinds.get(kind.apiVersion)
    if (known === undefined || clock.monotonic() >= known.until) {
      // Shared: one caller's signal is none of the others' business.
      const served = this.#served(kind, timeout === undefined ? {} : {timeout})
      const entry = {until: clock.monotonic() + kindsFreshFor, served}
      known = entry
      this.#kinds.set(kind.apiVersion, entry)
      served.catch(() => {
        if (this.#kinds.get(kind.apiVersion) === entry) this.#kinds.delete(kind.apiVersion)
      })
    }
    return (await orAborted(known.served, signal)).has(kind.plural)
  }

  async time(options: CallOptions = {}): Promise<number> {
    const target: Target = {verb: 'get', kind: versions}
    const {transport} = this.#options
    const request = {method: 'GET', path: '/version', ...timed(options)} as const
    const {status, body, header} = await this.#failing(target, options.signal, () => transport.call(request))
    // Every answer has it, a refusal too.
    const time = Date.parse(header('date') ?? '')
    if (Number.isNaN(time)) throw errorOf(target, status, body, header('retry-after'))
    return time
  }

  fenced(fence: Fence): KubeApi {
    return new HttpKubeApi(this.#options, fence)
  }

  close(): Promise<void> {
    return this.#options.transport.close()
  }

  async #served(kind: ResourceKind, options: CallOptions): Promise<ReadonlySet<string>> {
    const target: Target = {verb: 'get', kind}
    const {transport} = this.#options
    const request = {method: 'GET', path: versionPath(kind.apiVersion), ...timed(options)} as const
    const {status, body, header} = await this.#failing(target, options.signal, () => transport.call(request))
    // No kind of this version, or none of the group.
    if (status === 404) return new Set()
    if (status !== 200) throw errorOf(target, status, body, header('retry-after'))
    return decodeResources(body, target)
  }

  async #object(target: Target, request: Sent, options: CallOptions): Promise<KubeObject> {
    const {body} = await this.#call(target, request, options)
    return decodeObject(target.kind, body, target)
  }

  /** Any success; tried again where that does no harm. */
  async #call(target: Target, sent: Sent, options: CallOptions): Promise<Answer<string>> {
    const {transport, clock, onCall} = this.#options
    const isWrite = sent.method !== 'GET'
    const request: Request = {
      ...sent,
      ...timed(options),
      ...(isWrite && this.#fence !== undefined && {fence: this.#fence}),
    }
    const repeatable = target.verb !== 'create' && target.verb !== 'delete'
    let [reconnects, renewals] = [repeatable ? 1 : 0, 1]
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#failing(target, options.signal, () => transport.call(request))
        onCall?.(target, answer.status)
        if (answer.status < 300) return answer
        throw errorOf(target, answer.status, answer.body, answer.header('retry-after'))
      } catch (error) {
        if (error instanceof TooManyRequestsError && attempt < tries) {
          await pause(clock, error.retryAfter, options.signal ?? never)
          options.signal?.throwIfAborted()
        } else if (error instanceof UnreachableError && error.broken && reconnects-- > 0) continue
        else if (error instanceof UnauthorizedError && renewals-- > 0) transport.renewCredentials()
        else throw error
      }
    }
  }

  /** Has what goes wrong below HTTP said in our words; an abort stays what the caller gave as its reason. */
  async #failing<T>(target: Target, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (error instanceof KubeError) throw error
      if (error instanceof NotSentError) {
        throw new FencedError(`${target.verb} ${described(target)} was not sent: the lease is lost`, target, 0)
      }
      this.#options.onCall?.(target, 0)
      throw unreachable(target, error)
    }
  }

  async *#events(
    target: Target,
    body: AsyncIterable<Buffer>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WatchEvent> {
    try {
      for await (const line of lines(body)) yield decodeEvent(target, line)
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      throw error instanceof KubeError ? error : unreachable(target, error)
    }
  }
}

/** Not a kind that is served: what `/version` is called in an error. */
const versions: ResourceKind = {apiVersion: 'v1', kind: 'Version', plural: 'version', namespaced: false}

type Sent = Pick<Request, 'method' | 'path' | 'headers' | 'body'>

const json = {headers: {'content-type': 'application/json'}} as const
const never = new AbortController().signal

async function orAborted<T>(answer: Promise<T>, signal: AbortSignal = never): Promise<T> {
  signal.throwIfAborted()
  const {promise: aborted, reject} = Promise.withResolvers<never>()
  const listener = (): void => reject(signal.reason)
  signal.addEventListener('abort', listener, {once: true})
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', listener)
  }
}

function metadataOf(kind: string): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`
}

function timed({signal, timeout = answerWithin}: CallOptions): Pick<Request, 'signal' | 'timeout'> {
  return {timeout, ...(signal !== undefined && {signal})}
}

function nameOf({metadata}: KubeObject): {name: string; namespace?: string} {
  const {name = '', namespace} = metadata ?? {}
  return {name, ...(namespace !== undefined && {namespace})}
}

function subresourceOf({subresource}: WriteOptions): Pick<Target, 'subresource'> {
  return subresource === undefined ? {} : {subresource}
}

function writeParameters(options: WriteOptions & {readonly fieldManager?: string}): Record<string, string | undefined> {
  return {
    fieldManager: options.fieldManager,
    dryRun: options.dryRun === true ? 'All' : undefined,
    // The default only warns of a field that the kind does not have, and drops it.
    fieldValidation: 'Strict',
  }
}

function unreachable(target: Target, error: unknown): UnreachableError {
  const {message, code} =
    error instanceof Error ? {message: error.message, code: codeOf(error)} : {message: String(error), code: ''}
  const broken = !(error instanceof TimeoutError) && brokenConnection.has(code)
  return new UnreachableError(
    `cannot ${target.verb} ${described(target)}: the API server cannot be reached (${message || code})`,
    target,
    broken,
    error,
  )
}

/** Node's and undici's codes of a connection that ended while it was used. */
const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_INFO', 'ERR_HTTP2_STREAM_ERROR'])

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
