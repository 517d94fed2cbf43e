import type {InboundHeaders} from './context.ts'
import type {Metric, Trace} from './events.ts'
import type {Handle} from './handle.ts'
import type {Client, MeshServices, Operations, UntypedClient} from './operation.ts'

/** Where rules are applied: in process, or by the mesh of a cluster. */
export type Mode = 'local' | 'cluster'

/** What a service says of itself. */
export interface ServiceRegistration {
  /** The name of its Kubernetes Service: lower-case letters, digits and dashes. */
  readonly name: string
  /** Such as `v1.0.0`; a leading v before a digit does not count. */
  readonly version?: string
  /** Where the service listens, 1 to 65535. */
  readonly port: number
  /** `http` where absent. */
  readonly protocol?: 'http' | 'http2' | 'grpc' | 'tcp'
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, string>>
  /** Where the application answers whether it is well; durations such as `10s`. */
  readonly healthCheck?: {readonly path?: string; readonly interval?: string; readonly timeout?: string}
  /** The contract: what callers in this process get from `getService`. */
  readonly operations?: Operations
}

/** A failure that is tried again, in the words of Envoy. */
export type RetryOn = '5xx' | 'gateway-error' | 'reset' | 'connect-failure' | 'refused-stream' | 'retriable-4xx'

/** What is tried again, and how long each try may take. */
export interface RetryOptions {
  /** The longest that one try may take, such as `1s`. */
  readonly perTryTimeout?: string
  /** Which failures are tried again; by default gateway-error, reset, connect-failure, refused-stream. */
  readonly on?: readonly RetryOn[]
}

/** A rule that is being put together: every step gives a new one, and nothing happens before `register`. */
export interface TrafficRule {
  /** The share in percent of the version named last. What is left goes to the one version without a weight. */
  weight(percent: number): TrafficRule
  /** Another version of the service, or of another service of the same namespace. */
  to(service: string, version: string): TrafficRule
  /** The longest that a call may take with all of its tries, such as `5s`. */
  timeout(timeout: string): TrafficRule
  /** Tries after the first one; 0: none. */
  retries(attempts: number, options?: RetryOptions): TrafficRule
  /**
   * Puts the rule into force, in the place of what this application registered for the service before.
   *
   * @throws MeshRuleError at once, where the rule makes no sense
   */
  register(): Handle
}

/** Begins a rule of traffic. */
export interface TrafficManager {
  /** The service whose traffic the rule is about, and the first version that gets some of it. */
  destination(service: string, version: string): TrafficRule
}

/** When an endpoint is left alone, and for how long. */
export interface CircuitBreakerOptions {
  /** Consecutive failures (5xx, resets, refused connections) of one endpoint after which it gets no more requests. */
  readonly threshold: number
  /** How long the first time, such as `30s`; 30s where absent. */
  readonly timeout?: string
  /** The longest ever; twice `timeout` where absent. */
  readonly recovery?: string
}

/** Milliseconds; null where nothing is known. */
export interface Latency {
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** What the requests of one interval were like. Null where nothing is known: never 0 for no data. */
export interface Measured {
  readonly requests: number | null
  /** Per second. */
  readonly rps: number | null
  /** 0 to 1: the share that was answered, and not with a 5xx. */
  readonly successRate: number | null
  readonly latency: Latency
  /** Responses by the class of their code, such as `2xx`; `none` for requests that got none. Only classes that came. */
  readonly responses: Readonly<Record<string, number>> | null
  readonly size: BodySize
}

/** Mean bytes of bodies; null where the mesh does not tell, and in local mode. */
export interface BodySize {
  readonly request: number | null
  readonly response: number | null
}

/** The numbers of one version. */
export interface VersionMetrics extends Measured {
  readonly version: string
}

/** What a report tells of one service, over one interval. */
export interface ServiceMetrics extends Measured {
  readonly service: string
  readonly namespace: string
  /** Milliseconds that the numbers are about. */
  readonly window: number
  /** The same by version, where versions are told apart. */
  readonly versions: readonly VersionMetrics[]
}

/** A report that is being put together: nothing happens before `report`. */
export interface MetricsReport {
  /** The service that received the requests; absent: the one that this application registered. */
  service(name: string): MetricsReport
  namespace(name: string): MetricsReport
  /** The time between two reports, such as `30s`; 10s where absent. */
  interval(interval: string): MetricsReport
  /**
   * Calls back once in each interval, and never again before the last call has ended. What it throws is told to
   * `mesh.on('error')`.
   *
   * @throws MeshRuleError at once, where the interval is none or nobody named a service
   */
  report(tell: (data: ServiceMetrics) => unknown): Report
}

/** A report that runs. It does not keep the process alive. */
export interface Report {
  stop(): void
}

/** A request as it came in, of any framework. */
export interface InboundRequest {
  readonly method: string
  /** The path, with its query or without. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: InboundHeaders
}

/** What a caller is told that may not call. */
export interface Denial {
  readonly status: 403
  readonly body: {readonly error: 'MESH_DENIED'; readonly message: string}
}

/** The handling of one request. */
export interface Inbound {
  /** Set where an AccessPolicy turns the caller away: answer with it and do not run the handler. */
  readonly denied: Denial | undefined
  /** Runs `work`, and whatever it starts, as part of the request. */
  run<T>(work: () => T): T
  /** To be called once, with the status that was answered; 0 where the connection broke before. */
  done(status: number): void
}

/** What `mesh.on` tells, by event. */
export interface MeshListeners {
  /** One number about one service that received requests, once in each interval. */
  metric: (metric: Metric) => void
  /** A whole trace, as this process saw it, once it has gone quiet. */
  trace: (trace: Trace) => void
  /** What went wrong in the background. Nobody listens: it is written to stderr, once each. */
  error: (error: Error) => void
}

/** The mesh, as an application sees it. */
export interface Mesh {
  readonly mode: Mode
  /** Of services that are named without one. */
  readonly namespace: string
  /**
   * Says what this application is. Replicas that say the same change nothing.
   *
   * @throws MeshRuleError where it makes no sense
   */
  registerService(registration: ServiceRegistration): Handle
  /**
   * Calls other services as methods. `name`: `order-service`, or `order-service.shop` in another namespace. The
   * operations are those given here, else in the options, else those of `registerService`; without any, every method is
   * `POST /NAME` and nothing is known of what comes back.
   *
   * @throws MeshRuleError for what is no name of a service; in strict mode where no operations are known
   */
  getService<Name extends keyof MeshServices>(name: Name): Client<MeshServices[Name]>
  getService<O extends Operations>(name: string, operations: O): Client<O>
  getService(name: string): UntypedClient
  trafficManager(): TrafficManager
  /**
   * Sends `percent` of the traffic to `version`, and the rest alike to the others. While it is in force it takes the place
   * of the shares that `trafficManager` gave; timeouts and retries stay.
   *
   * @throws MeshRuleError
   */
  enableCanaryRelease(service: string, version: string, percent: number): Handle
  /** Takes the canary back, whichever replica began it; shares given by `trafficManager` hold again. */
  disableCanaryRelease(service: string): Promise<void>
  /** @throws MeshRuleError */
  enableCircuitBreaker(service: string, options: CircuitBreakerOptions): Handle
  /** Takes the breaker back, whichever replica set it. */
  disableCircuitBreaker(service: string): Promise<void>
  metrics(): MetricsReport
  on<Event extends keyof MeshListeners>(event: Event, listener: MeshListeners[Event]): this
  once<Event extends keyof MeshListeners>(event: Event, listener: MeshListeners[Event]): this
  off<Event extends keyof MeshListeners>(event: Event, listener: MeshListeners[Event]): this
  /**
   * `fetch` for URLs of services (`http://order-service/orders/1`): with the context of the request that is being worked on
   * and, in local mode, by the rules. Other hosts are fetched as ever, and told nothing.
   *
   * Rejects with a MeshError instead of fetch's TypeError where a service gives no answer.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** What a call must carry to belong to the request that is being worked on: for other HTTP clients and for queues. */
  headers(): Record<string, string>
  /** Runs `work` as part of the request that these headers came with: for queues and tests. */
  withContext<T>(headers: InboundHeaders, work: () => T): T
  /** For server adapters: begins the handling of a request. */
  receive(request: InboundRequest): Inbound
  /** Resolves when everything that was registered so far has been taken; rejects with the first MeshError. */
  ready(): Promise<void>
  /** Ends everything: reports, timers, connections. Rules stay in the cluster. May be called again. */
  close(): Promise<void>
}
