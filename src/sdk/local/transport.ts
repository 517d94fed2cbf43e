import {errors} from 'undici'
import type {Breaker, Retries, RetryCondition, Route, ServiceName, Traffic} from '../../intent/intent.ts'
import type {StringMap} from '../../mesh/pod.ts'
import {Connections} from '../connections.ts'
import {isConnectFailure, NoAnswer, type Incoming, type Outgoing, type Transport, type Try} from '../transport.ts'
import {Attempt, type Failed, type Head, type Outcome, type Sink} from '../exchange/attempt.ts'
import {Deadlines} from '../exchange/deadlines.ts'
import {Ejections} from './ejection.ts'
import type {Endpoints} from './endpoints.ts'
import {Limits} from '../exchange/limits.ts'
import {backendOf, routeOf} from './route.ts'
import {answered} from '../exchange/sink.ts'

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
  /** Milliseconds that calls under way have once this is closed; 5,000 where absent. */
  readonly grace?: number
}

/** What Envoy waits between tries, at most: a random part of 25 ms, twice as much each time, up to 250. */
const [backoffBase, backoffMost] = [25, 250]
const gatewayErrors: ReadonlySet<number> = new Set([502, 503, 504])

/** How far a call has come. */
interface Progress {
  attempts: number
  url: string
  readonly tried: string[]
}

const noLabels: StringMap = {}

/** Calls processes of this machine by the rules that the meshes get, as Envoy would follow them. */
export class LocalTransport implements Transport {
  readonly #options: LocalOptions
  /** As many connections to one endpoint as Envoy makes by default. */
  readonly #connections: Connections
  readonly #ejections: Ejections
  readonly #deadlines = new Deadlines()
  readonly #groups = new Map<string, Group>()

  constructor(options: LocalOptions) {
    this.#options = options
    this.#connections = new Connections({most: 1024, ...(options.grace !== undefined && {grace: options.grace})})
    this.#ejections = new Ejections(options.now)
  }

  send(outgoing: Outgoing): Promise<Incoming> {
    return this.exchange(outgoing, (head, _, from) => answered(outgoing, head, from))
  }

  /**
   * The same, where `open` takes the body in as it comes. It is called once at most, for the answer that the caller gets;
   * a body that breaks off is no answer.
   *
   * @throws as send
   */
  exchange<T>(outgoing: Outgoing, open: OpenAnswer<T>): Promise<T> {
    const {service, method, headers, signal} = outgoing
    const {promise, resolve, reject} = Promise.withResolvers<T>()
    const traffic = this.#options.trafficOf(service)
    const route = traffic && routeOf(traffic.routes, {method, path: pathOf(outgoing.path), headers})
    const limits = new Limits(this.#deadlines, route?.timeout, outgoing.timeout, signal)
    const call: Call<T> = {
      outgoing,
      target: this.#targetOf(service, traffic, route),
      retries: route?.retries,
      limits,
      progress: {attempts: 0, url: '', tried: []},
      open,
      answer(value) {
        limits.dispose()
        resolve(value)
      },
      fail: (error) => {
        limits.dispose()
        reject(this.#connections.end ?? error)
      },
    }
    this.#try(call)
    return promise
  }

  async close(): Promise<void> {
    await this.#connections.close()
    this.#deadlines.close()
  }

  /** The share of a call is drawn once, and its tries stay with it. The breaker is that of the service that gets it. */
  #targetOf(service: ServiceName, traffic: Traffic | undefined, route: Route | undefined): Target {
    const backend = route === undefined ? undefined : backendOf(route.backends, this.#options.random())
    const to = backend?.service ?? service
    const own = to.name === service.name && to.namespace === service.namespace ? traffic : this.#options.trafficOf(to)
    const subset = backend?.subset ?? ''
    const labels =
      subset === '' ? noLabels : (own?.subsets.find(({name}) => name === subset)?.labels ?? {version: subset})
    return {service: to, version: subset, breaker: own?.breaker, group: this.#groupOf(to, subset, labels)}
  }

  #groupOf(service: ServiceName, subset: string, labels: StringMap): Group {
    const name = `${service.namespace}/${service.name}/${subset}`
    const known = this.#groups.get(name)
    if (known?.labels === labels) return known
    const urls = this.#options.endpoints.of(service, labels).map(({url}) => url)
    const group = {name, labels, urls, turn: known?.turn ?? 0}
    this.#groups.set(name, group)
    return group
  }

  /** One try of a call, and then the next one or its end. */
  #try<T>(call: Call<T>): void {
    try {
      const {target, limits, progress, outgoing} = call
      limits.throwIfEnded(progress)
      const endpoint = this.#endpointOf(target, progress)
      progress.attempts++
      progress.url = endpoint + outgoing.path
      progress.tried.push(endpoint)
      this.#send(call, endpoint)
    } catch (error) {
      call.fail(error)
    }
  }

  #endpointOf({group, version, breaker}: Target, {tried, url, attempts}: Progress): string {
    const {name, urls} = group
    if (urls.length === 0) {
      const which = version === '' ? '' : ` of version ${version}`
      const cause = new Error(`no process${which} is known; name it in MESHWRIGHT_SERVICES`)
      throw new NoAnswer('connect', {url, attempts, cause})
    }
    if (breaker === undefined) this.#ejections.forget(name)
    const available = this.#ejections.available(name, urls)
    // As Istio has it: another try goes elsewhere, while there is an endpoint that was not asked yet.
    const fresh = tried.length === 0 ? available : available.filter((endpoint) => !tried.includes(endpoint))
    const among = fresh.length > 0 ? fresh : available
    const endpoint = among[group.turn++ % among.length]
    if (endpoint === undefined) throw new NoAnswer('circuit-open', {url, attempts})
    return endpoint
  }

  #send<T>(call: Call<T>, endpoint: string): void {
    const {outgoing, target, limits, progress, retries} = call
    const {service, version, breaker, group} = target
    const {method, path, headers, body = null} = outgoing
    const {url, attempts} = progress
    const on = retries === undefined || attempts > retries.attempts ? [] : retries.on
    const started = this.#options.now()
    const judge = (ok: boolean): void => {
      if (breaker !== undefined) this.#ejections.record(group.name, endpoint, ok, breaker)
    }
    let status = 0
    const attempt = new Attempt<T>({
      limits,
      deadlines: this.#deadlines,
      perTryTimeout: retries?.perTryTimeout,
      isRefused(given) {
        status = given
        judge(status < 500)
        return on.length > 0 && isWorthAnother(status, on)
      },
      open: (head, resume) => call.open(head, resume, {url, attempts}),
      onOutcome: (outcome) => {
        const failed = outcome.kind === 'failed' || outcome.kind === 'impatient'
        if (failed && outcome.cause instanceof errors.InvalidArgumentError) {
          call.fail(outcome.cause)
          return
        }
        // A call that its caller gave up says nothing of the endpoint, nor does a body that takes too long.
        const {endedBy} = limits
        const isSlow = endedBy === 'caller' || (endedBy === 'rule' && failed && hasBegun(outcome))
        if (failed && !isSlow) judge(false)
        if (endedBy !== 'caller') {
          const duration = this.#options.now() - started
          this.#options.onTry?.({service, version, url, status: failed ? 0 : status, duration})
        }
        this.#goOn(call, outcome)
      },
    })
    const request = {origin: endpoint, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0}
    this.#connections.dispatch(request, attempt)
  }

  #goOn<T>(call: Call<T>, outcome: Outcome<T>): void {
    const {limits, progress, retries} = call
    if (outcome.kind === 'taken') {
      call.answer(outcome.value)
      return
    }
    try {
      limits.throwIfEnded(progress, outcome.kind === 'refused' ? undefined : outcome.cause)
      if (outcome.kind !== 'refused') throwIfLast(outcome, progress, retries)
    } catch (error) {
      call.fail(error)
      return
    }
    const longest = Math.min(backoffBase * 2 ** (progress.attempts - 1), backoffMost)
    void limits.wait(this.#options.random() * longest).then(() => this.#try(call))
  }
}

/** Takes the body of an answer in; with where it came from, and at which try. */
export type OpenAnswer<T> = (
  head: Head,
  resume: () => void,
  from: {readonly url: string; readonly attempts: number},
) => Sink<T>

/** Where a call goes. */
interface Target {
  readonly service: ServiceName
  readonly version: string
  readonly breaker: Breaker | undefined
  readonly group: Group
}

/** What Envoy would call a cluster: a service, or a subset of it. */
interface Group {
  readonly name: string
  readonly labels: StringMap
  readonly urls: readonly string[]
  /** Endpoints take turns. */
  turn: number
}

/** A call, and what its tries share. */
interface Call<T> {
  readonly outgoing: Outgoing
  readonly target: Target
  readonly retries: Retries | undefined
  readonly limits: Limits
  readonly progress: Progress
  readonly open: OpenAnswer<T>
  readonly answer: (value: T) => void
  readonly fail: (error: unknown) => void
}

function pathOf(target: string): string {
  const end = target.indexOf('?')
  return end < 0 ? target : target.slice(0, end)
}

type Failure = 'connect-failure' | 'reset' | 'per-try-timeout' | 'broken-off'

function hasBegun(failed: Failed): boolean {
  return failed.kind === 'failed' && failed.begun
}

function failureOf(failed: Failed): Failure {
  if (failed.kind === 'impatient') return 'per-try-timeout'
  if (failed.begun) return 'broken-off'
  return isConnectFailure(failed.cause) ? 'connect-failure' : 'reset'
}

/** @throws NoAnswer where there is no other try */
function throwIfLast(failed: Failed, {url, attempts}: Progress, retries: Retries | undefined): void {
  const {kind, cause} = failed
  if (retries !== undefined && attempts <= retries.attempts && isWorthAnother(failureOf(failed), retries.on)) return
  if (kind === 'failed') throw new NoAnswer('connect', {url, attempts, cause})
  throw new NoAnswer('timeout', {url, attempts, timeout: retries?.perTryTimeout ?? 0, cause})
}

/** In Envoy's words (source/common/router/retry_state_impl.cc): 5xx and gateway-error are no answer at all, too. */
function isWorthAnother(what: number | Failure, on: readonly RetryCondition[]): boolean {
  const asked = (...conditions: RetryCondition[]) => conditions.some((condition) => on.includes(condition))
  // Its caller has some of the answer already.
  if (what === 'broken-off') return false
  if (what === 'connect-failure') return asked('5xx', 'gateway-error', 'reset', 'connect-failure')
  if (typeof what !== 'number') return asked('5xx', 'gateway-error', 'reset')
  if (what === 409) return asked('retriable-4xx')
  return gatewayErrors.has(what) ? asked('5xx', 'gateway-error') : what >= 500 && asked('5xx')
}
