import {Agent, errors} from 'undici'
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
import {Attempt, type Head, type Outcome, type Sink} from './attempt.ts'
import {Ejections} from './ejection.ts'
import type {Endpoints} from './endpoints.ts'
import {Limits} from './limits.ts'
import {backendOf, routeOf} from './route.ts'
import {gathered, textOf} from './sink.ts'

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
const gatewayErrors: ReadonlySet<number> = new Set([502, 503, 504])

/** How far a call has come. */
interface Progress {
  attempts: number
  url: string
  readonly tried: string[]
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
    return this.exchange(outgoing, ({status, headers}, _, {url, attempts}) =>
      gathered((bytes) => {
        const content = outgoing.binary === true ? {text: '', bytes: new Uint8Array(bytes)} : {text: textOf(bytes)}
        return {status, headers: flat(headers), ...content, url, attempts}
      }),
    )
  }

  /**
   * The same, where `open` takes the body in as it comes. It is called once at most, for the answer that the caller gets;
   * a body that breaks off is no answer.
   *
   * @throws as send
   */
  async exchange<T>(outgoing: Outgoing, open: OpenAnswer<T>): Promise<T> {
    const {service, method, headers, signal} = outgoing
    const traffic = this.#options.trafficOf(service)
    const route = routeOf(traffic?.routes ?? [], {method, path: pathOf(outgoing.path), headers})
    const limits = new Limits(route?.timeout, outgoing.timeout, signal)
    const progress: Progress = {attempts: 0, url: '', tried: []}
    const call: Call<T> = {outgoing, target: this.#targetOf(service, traffic, route), limits, progress, open}
    try {
      return await this.#tryAll(call, route?.retries)
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
      progress.tried.push(endpoint)
      const isLast = progress.attempts > most
      const outcome = await this.#tryOne(call, endpoint, perTryTimeout, isLast ? [] : on)
      if (outcome.kind === 'taken') return outcome.value
      limits.throwIfEnded(progress, outcome.kind === 'refused' ? undefined : outcome.cause)
      if (outcome.kind !== 'refused' && (isLast || !isWorthAnother(failureOf(outcome), on))) {
        throw noAnswer(outcome, progress, perTryTimeout)
      }
      const longest = Math.min(backoffBase * 2 ** (progress.attempts - 1), backoffMost)
      await limits.wait(this.#options.random() * longest)
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
    const fresh = tried.length === 0 ? available : available.filter((endpoint) => !tried.includes(endpoint))
    const among = fresh.length > 0 ? fresh : available
    const endpoint = among[turn % among.length]
    if (endpoint === undefined) throw new NoAnswer('circuit-open', progress)
    return endpoint
  }

  async #tryOne<T>(
    {outgoing, target, limits, progress, open}: Call<T>,
    endpoint: string,
    perTryTimeout: number | undefined,
    on: readonly RetryCondition[],
  ): Promise<Outcome<T>> {
    const {service, version, breaker, group} = target
    const {method, path, headers, body = null} = outgoing
    const {url, attempts} = progress
    const started = this.#options.now()
    const judge = (ok: boolean): void => {
      if (breaker !== undefined) this.#ejections.record(group, endpoint, ok, breaker)
    }
    let status = 0
    const attempt = new Attempt<T>({
      limits,
      perTryTimeout,
      isRefused(given) {
        status = given
        judge(status < 500)
        return on.length > 0 && isWorthAnother(status, on)
      },
      open: (head, resume) => open(head, resume, {url, attempts}),
    })
    const sent = {origin: endpoint, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0}
    this.#agent.dispatch(sent, attempt)
    const outcome = await attempt.outcome
    const failed = outcome.kind === 'failed' || outcome.kind === 'impatient'
    if (outcome.kind === 'failed') {
      if (outcome.cause instanceof errors.InvalidArgumentError) throw outcome.cause
      // A call that its caller gave up says nothing of the endpoint, nor does a body that takes too long.
      if (limits.endedBy === undefined || (limits.endedBy === 'rule' && !outcome.begun)) judge(false)
    } else if (failed) judge(false)
    if (limits.endedBy !== 'caller') {
      const duration = this.#options.now() - started
      this.#options.onTry?.({service, version, url, status: failed ? 0 : status, duration})
    }
    return outcome
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
  readonly open: OpenAnswer<T>
}

function pathOf(target: string): string {
  const end = target.indexOf('?')
  return end < 0 ? target : target.slice(0, end)
}

type Failed = Extract<Outcome<unknown>, {readonly cause: Error}>
type Failure = 'connect-failure' | 'reset' | 'per-try-timeout' | 'broken-off'

function failureOf(failed: Failed): Failure {
  if (failed.kind === 'impatient') return 'per-try-timeout'
  if (failed.begun) return 'broken-off'
  return isConnectFailure(failed.cause) ? 'connect-failure' : 'reset'
}

/** In the words of a transport. */
function noAnswer({kind, cause}: Failed, {url, attempts}: Progress, perTryTimeout = 0): NoAnswer {
  if (kind === 'impatient') return new NoAnswer('timeout', {url, attempts, timeout: perTryTimeout, cause})
  return new NoAnswer('connect', {url, attempts, cause})
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
