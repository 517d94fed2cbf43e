import {setTimeout as sleep} from 'node:timers/promises'
import {Agent, request} from 'undici'
import type {Retries, RetryCondition, Route, ServiceName, Traffic} from '../../intent/intent.ts'
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

/** What Envoy waits between tries, at most: a random part of 25 ms, doubled with each, up to 250. */
const [backoffBase, backoffMost] = [25, 250]
const gatewayErrors: ReadonlySet<number> = new Set([502, 503, 504])

type Outcome =
  | {readonly kind: 'answer'; readonly answer: Omit<Incoming, 'attempts'>}
  | {readonly kind: 'connect-failure' | 'reset' | 'per-try-timeout'; readonly url: string; readonly cause: unknown}

/** Calls processes of this machine by the rules that the meshes get, as Envoy would follow them. */
export class LocalTransport implements Transport {
  readonly #options: LocalOptions
  readonly #agent = new Agent({keepAliveTimeout: 10_000})
  readonly #ejections: Ejections
  /** Endpoints take turns. */
  readonly #turns = new Map<string, number>()

  constructor(options: LocalOptions) {
    this.#options = options
    this.#ejections = new Ejections(options.now)
  }

  async send(outgoing: Outgoing): Promise<Incoming> {
    const {service, signal} = outgoing
    const traffic = this.#options.trafficOf(service)
    const [path = ''] = outgoing.path.split('?', 1)
    const route = routeOf(traffic?.routes ?? [], {method: outgoing.method, path, headers: outgoing.headers})
    const limit = least(outgoing.timeout, route?.timeout)
    const overall = limit === undefined ? undefined : AbortSignal.timeout(limit)
    const signals = [signal, overall].filter((one) => one !== undefined)
    const stop = signals.length > 0 ? AbortSignal.any(signals) : undefined
    const target = this.#targetOf(service, traffic, route)
    const progress = {attempts: 0, url: ''}
    try {
      return await this.#tryAll(outgoing, target, route?.retries, stop, progress)
    } catch (error) {
      signal?.throwIfAborted()
      if (overall?.aborted === true) throw new NoAnswer('timeout', {...progress, timeout: limit ?? 0, cause: error})
      throw error
    }
  }

  close(): Promise<void> {
    return ended(this.#agent)
  }

  /** The share of a call is drawn once, and its tries stay with it. */
  #targetOf(service: ServiceName, traffic: Traffic | undefined, route: Route | undefined): Target {
    const backend = route === undefined ? undefined : backendOf(route.backends, this.#options.random())
    const to = backend?.service ?? service
    const {subset = ''} = backend ?? {}
    const labels =
      subset === '' ? {} : (traffic?.subsets.find(({name}) => name === subset)?.labels ?? {version: subset})
    return {service: to, version: subset, labels, breaker: traffic?.breaker}
  }

  async #tryAll(
    outgoing: Outgoing,
    target: Target,
    retries: Retries | undefined,
    stop: AbortSignal | undefined,
    progress: {attempts: number; url: string},
  ): Promise<Incoming> {
    for (;;) {
      stop?.throwIfAborted()
      const endpoint = this.#endpointOf(target, progress)
      progress.attempts++
      progress.url = `${endpoint}${outgoing.path}`
      const outcome = await this.#tryOne(outgoing, target, endpoint, retries?.perTryTimeout, stop)
      const again = progress.attempts <= (retries?.attempts ?? 0) && isTriedAgain(outcome, retries?.on ?? [])
      if (!again) {
        if (outcome.kind === 'answer') return {...outcome.answer, attempts: progress.attempts}
        throw new NoAnswer(outcome.kind === 'per-try-timeout' ? 'timeout' : 'connect', {
          ...progress,
          ...(retries?.perTryTimeout !== undefined && {timeout: retries.perTryTimeout}),
          cause: outcome.cause,
        })
      }
      const most = Math.min(backoffBase * (2 ** progress.attempts - 1), backoffMost)
      await sleep(this.#options.random() * most, undefined, stop === undefined ? {} : {signal: stop})
    }
  }

  #endpointOf({service, labels, version}: Target, progress: {attempts: number; url: string}): string {
    const known = this.#options.endpoints.of(service, labels).map(({url}) => url)
    if (known.length === 0) {
      const which = version === '' ? '' : ` of version ${version}`
      const cause = new Error(`no process${which} is known; name it in MESHWRIGHT_SERVICES`)
      throw new NoAnswer('connect', {...progress, cause})
    }
    const available = this.#ejections.available(known)
    const key = `${service.namespace}/${service.name}/${version}`
    const turn = this.#turns.get(key) ?? 0
    this.#turns.set(key, turn + 1)
    const endpoint = available[turn % available.length]
    if (endpoint === undefined) throw new NoAnswer('circuit-open', progress)
    return endpoint
  }

  async #tryOne(
    {method, path, headers, body, binary}: Outgoing,
    {service, version, breaker}: Target,
    endpoint: string,
    perTryTimeout: number | undefined,
    stop: AbortSignal | undefined,
  ): Promise<Outcome> {
    const started = this.#options.now()
    const own = perTryTimeout === undefined ? undefined : AbortSignal.timeout(perTryTimeout)
    const signals = [stop, own].filter((one) => one !== undefined)
    const url = `${endpoint}${path}`
    let status = 0
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method,
        headers,
        body: body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
        ...(signals.length > 0 && {signal: AbortSignal.any(signals)}),
      })
      status = answer.statusCode
      const content = binary === true ? {text: '', bytes: await answer.body.bytes()} : {text: await answer.body.text()}
      return {kind: 'answer', answer: {status, headers: flat(answer.headers), ...content, url}}
    } catch (error) {
      stop?.throwIfAborted()
      status = 0
      if (own?.aborted === true) return {kind: 'per-try-timeout', url, cause: error}
      return {kind: isConnectFailure(error) ? 'connect-failure' : 'reset', url, cause: error}
    } finally {
      // A call that its caller gave up says nothing of the endpoint.
      if (stop?.aborted !== true) {
        if (breaker !== undefined) this.#ejections.record(endpoint, status > 0 && status < 500, breaker)
        this.#options.onTry?.({service, version, url, status, duration: this.#options.now() - started})
      }
    }
  }
}

interface Target {
  readonly service: ServiceName
  readonly version: string
  readonly labels: Readonly<Record<string, string>>
  readonly breaker: Traffic['breaker']
}

/** In Envoy's words (source/common/router/retry_state_impl.cc): 5xx and gateway-error are no answer at all, too. */
function isTriedAgain(outcome: Outcome, on: readonly RetryCondition[]): boolean {
  const asked = (...conditions: RetryCondition[]) => conditions.some((condition) => on.includes(condition))
  if (outcome.kind === 'connect-failure') return asked('5xx', 'gateway-error', 'reset', 'connect-failure')
  if (outcome.kind !== 'answer') return asked('5xx', 'gateway-error', 'reset')
  const {status} = outcome.answer
  if (status === 409) return asked('retriable-4xx')
  return gatewayErrors.has(status) ? asked('5xx', 'gateway-error') : status >= 500 && asked('5xx')
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}
