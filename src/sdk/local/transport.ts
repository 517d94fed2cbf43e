import {setTimeout as sleep} from 'node:timers/promises'
import {Agent, errors, type Dispatcher} from 'undici'
import type {Breaker, Retries, RetryCondition, Route, ServiceName, Traffic} from '../../intent/intent.ts'
import {
  ended,
  flat,
  isConnectFailure,
  NoAnswer,
  type Incoming,
  type Outgoing,
  type Transport,
  type Try,
} from '../transport.ts'
import {Ejections} from './ejection.ts'
import type {Endpoints} from './endpoints.ts'
import {Limits} from './limits.ts'
import {backendOf, routeOf} from './route.ts'

export interface LocalOptions {
  readonly endpoints: Endpoints
  /** What is wanted of calls to a service; looked up for each call. */
  readonly trafficOf: (service: ServiceName) => Traffic | undefined
  /** From 0 to 1; a seeded one makes shares repeatable. */
  readonly random: () => number
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** Told of each try: for metrics and traces. */
  readonly onTry?: (attempt: Try) => void
}

/** What Envoy waits between tries, at most: a random part of 25 ms, twice as much each time, up to 250. */
const [backoffBase, backoffMost] = [25, 250]
/** Milliseconds that the rest of an answer nobody wants may take to arrive, so that its connection can be used again. */
const dumpTime = 1000
const gatewayErrors: ReadonlySet<number> = new Set([502, 503, 504])

/** An answer whose body is still to be read. */
export interface Head {
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly url: string
  readonly attempts: number
}
type Body = Dispatcher.ResponseData['body']

type Outcome<T> =
  | {readonly kind: 'taken'; readonly value: T}
  /** With a status that is tried again. */
  | {readonly kind: 'refused'}
  | Failure

interface Failure {
  readonly kind: 'connect-failure' | 'reset' | 'per-try-timeout'
  readonly cause: unknown
}

/** How far a call has come. */
interface Progress {
  attempts: number
  url: string
  readonly tried: Set<string>
}

/** Calls processes of this machine by the rules that the meshes get, as Envoy would follow them. */
export class LocalTransport implements Transport {
  readonly #options: LocalOptions
  /** As many connections to one endpoint as Envoy makes by default. */
  readonly #agent = new Agent({keepAliveTimeout: 10_000, connections: 1024})
  readonly #ejections: Ejections
  /** Endpoints take turns. */
  readonly #turns = new Map<string, number>()

  constructor(options: LocalOptions) {
    this.#options = options
    this.#ejections = new Ejections(options.now)
  }

  send(outgoing: Outgoing): Promise<Incoming> {
    return this.exchange(outgoing, async ({headers, ...head}, body) => {
      const content = outgoing.binary === true ? {text: '', bytes: await body.bytes()} : {text: await body.text()}
      return {...head, headers: flat(headers), ...content}
    })
  }

  /**
   * The same, where `take` reads the body as it comes. It is called once at most, for the answer that the caller gets; a
   * body that breaks off while it is read is no answer.
   *
   * @throws as send
   */
  async exchange<T>(outgoing: Outgoing, take: (head: Head, body: Body) => Promise<T>): Promise<T> {
    const {service, method, headers, signal} = outgoing
    const traffic = this.#options.trafficOf(service)
    const route = routeOf(traffic?.routes ?? [], {method, path: pathOf(outgoing.path), headers})
    const limits = new Limits(route?.timeout, outgoing.timeout, signal)
    const progress: Progress = {attempts: 0, url: '', tried: new Set()}
    const call: Call<T> = {outgoing, target: this.#targetOf(service, traffic, route), limits, progress, take}
    try {
      return await this.#tryAll(call, route?.retries)
    } catch (error) {
      limits.throwIfEnded(progress, error)
      throw error
    } finally {
      limits.dispose()
    }
  }

  close(): Promise<void> {
    return ended(this.#agent)
  }

  /** The share of a call is drawn once, and its tries stay with it. The breaker is that of the service that gets it. */
  #targetOf(service: ServiceName, traffic: Traffic | undefined, route: Route | undefined): Target {
    const backend = route === undefined ? undefined : backendOf(route.backends, this.#options.random())
    const to = backend?.service ?? service
    const own = to.name === service.name && to.namespace === service.namespace ? traffic : this.#options.trafficOf(to)
    const {subset = ''} = backend ?? {}
    return {
      service: to,
      version: subset,
      labels: subset === '' ? {} : (own?.subsets.find(({name}) => name === subset)?.labels ?? {version: subset}),
      breaker: own?.breaker,
      group: `${to.namespace}/${to.name}/${subset}`,
    }
  }

  async #tryAll<T>(call: Call<T>, retries: Retries | undefined): Promise<T> {
    const {limits, progress, target, outgoing} = call
    const {attempts: most = 0, on = [], perTryTimeout} = retries ?? {}
    for (;;) {
      limits.throwIfEnded(progress)
      const endpoint = this.#endpointOf(target, progress)
      progress.attempts++
      progress.url = `${endpoint}${outgoing.path}`
      progress.tried.add(endpoint)
      const isLast = progress.attempts > most
      const outcome = await this.#tryOne(
        call,
        endpoint,
        perTryTimeout,
        (status) => !isLast && isWorthAnother(status, on),
      )
      if (outcome.kind === 'taken') return outcome.value
      if (outcome.kind !== 'refused' && (isLast || !isWorthAnother(outcome.kind, on))) {
        throw noAnswer(outcome, progress, perTryTimeout)
      }
      const longest = Math.min(backoffBase * 2 ** (progress.attempts - 1), backoffMost)
      const {signal} = limits
      await sleep(this.#options.random() * longest, undefined, signal === undefined ? {} : {signal})
    }
  }

  #endpointOf({service, labels, version, breaker, group}: Target, {tried, ...progress}: Progress): string {
    const known = this.#options.endpoints.of(service, labels).map(({url}) => url)
    if (known.length === 0) {
      const which = version === '' ? '' : ` of version ${version}`
      const cause = new Error(`no process${which} is known; name it in MESHWRIGHT_SERVICES`)
      throw new NoAnswer('connect', {...progress, cause})
    }
    if (breaker === undefined) this.#ejections.forget(group)
    const available = this.#ejections.available(group, known)
    const turn = this.#turns.get(group) ?? 0
    this.#turns.set(group, turn + 1)
    // As Istio has it: another try goes elsewhere, while there is an endpoint that was not asked yet.
    const fresh = tried.size === 0 ? available : available.filter((endpoint) => !tried.has(endpoint))
    const among = fresh.length > 0 ? fresh : available
    const endpoint = among[turn % among.length]
    if (endpoint === undefined) throw new NoAnswer('circuit-open', progress)
    return endpoint
  }

  async #tryOne<T>(
    {outgoing, target, limits, progress, take}: Call<T>,
    endpoint: string,
    perTryTimeout: number | undefined,
    isRefused: (status: number) => boolean,
  ): Promise<Outcome<T>> {
    const {service, version, breaker, group} = target
    const {method, path, headers, body: content} = outgoing
    const {url, attempts} = progress
    const started = this.#options.now()
    const judge = (ok: boolean): void => {
      if (breaker !== undefined) this.#ejections.record(group, endpoint, ok, breaker)
    }
    const impatience = perTryTimeout === undefined ? undefined : new AbortController()
    const timer = setTimer(impatience, perTryTimeout)
    const signal = either(limits.signal, impatience?.signal)
    let status = 0
    try {
      const sent = {origin: endpoint, path, method, headers, body: content ?? null, headersTimeout: 0, bodyTimeout: 0}
      const answer = await this.#agent.request({...sent, ...(signal !== undefined && {signal})})
      // What has begun to answer is waited for, as long as the call may take.
      clearTimeout(timer)
      const {statusCode, body} = answer
      judge(statusCode < 500)
      status = statusCode
      if (isRefused(status)) {
        body.dump({limit: 65_536, signal: AbortSignal.timeout(dumpTime)}).catch(() => {})
        return {kind: 'refused'}
      }
      return {kind: 'taken', value: await take({status, headers: answer.headers, url, attempts}, body)}
    } catch (error) {
      if (error instanceof errors.InvalidArgumentError) throw error
      const hadBegun = status > 0
      status = 0
      // A call that its caller gave up says nothing of the endpoint, nor does a body that takes too long.
      const mustEnd = limits.endedBy !== undefined
      if (!mustEnd || (limits.endedBy === 'rule' && !hadBegun)) judge(false)
      if (hadBegun || mustEnd) throw mustEnd ? error : new NoAnswer('connect', {url, attempts, cause: error})
      if (impatience?.signal.aborted === true) return {kind: 'per-try-timeout', cause: error}
      return {kind: isConnectFailure(error) ? 'connect-failure' : 'reset', cause: error}
    } finally {
      clearTimeout(timer)
      if (limits.endedBy !== 'caller') {
        this.#options.onTry?.({service, version, url, status, duration: this.#options.now() - started})
      }
    }
  }
}

/** Where a call goes. */
interface Target {
  readonly service: ServiceName
  readonly version: string
  readonly labels: Readonly<Record<string, string>>
  readonly breaker: Breaker | undefined
  /** What Envoy would call a cluster: a service, or a subset of it. */
  readonly group: string
}

/** A call, and what its tries share. */
interface Call<T> {
  readonly outgoing: Outgoing
  readonly target: Target
  readonly limits: Limits
  readonly progress: Progress
  readonly take: (head: Head, body: Body) => Promise<T>
}

function pathOf(target: string): string {
  const end = target.indexOf('?')
  return end < 0 ? target : target.slice(0, end)
}

function setTimer(controller: AbortController | undefined, milliseconds: number | undefined) {
  return controller === undefined ? undefined : setTimeout(() => controller.abort(), milliseconds)
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one !== undefined && other !== undefined ? AbortSignal.any([one, other]) : (one ?? other)
}

/** In the words of a transport. */
function noAnswer({kind, cause}: Failure, {url, attempts}: Progress, perTryTimeout = 0): NoAnswer {
  if (kind === 'per-try-timeout') return new NoAnswer('timeout', {url, attempts, timeout: perTryTimeout, cause})
  return new NoAnswer('connect', {url, attempts, cause})
}

/** In Envoy's words (source/common/router/retry_state_impl.cc): 5xx and gateway-error are no answer at all, too. */
function isWorthAnother(what: number | Failure['kind'], on: readonly RetryCondition[]): boolean {
  const asked = (...conditions: RetryCondition[]) => conditions.some((condition) => on.includes(condition))
  if (what === 'connect-failure') return asked('5xx', 'gateway-error', 'reset', 'connect-failure')
  if (typeof what !== 'number') return asked('5xx', 'gateway-error', 'reset')
  if (what === 409) return asked('retriable-4xx')
  return gatewayErrors.has(what) ? asked('5xx', 'gateway-error') : what >= 500 && asked('5xx')
}
