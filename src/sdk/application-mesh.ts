import type {ServiceName} from '../intent/intent.ts'
import type {Clients} from './client.ts'
import type {Context, InboundHeaders} from './context.ts'
import type {MeshEmitter} from './emitter.ts'
import {MeshRuleError} from './errors.ts'
import {trafficFragment, type Fragment, type Speaker} from './fragment.ts'
import type {Handle} from './handle.ts'
import type {Reception} from './inbound.ts'
import type {
  CircuitBreakerOptions,
  Inbound,
  InboundRequest,
  Mesh,
  MeshListeners,
  MetricsReport,
  Mode,
  ServiceRegistration,
  TrafficManager,
} from './mesh.ts'
import {serviceNamed} from './names.ts'
import type {Client, Operations, UntypedClient} from './operation.ts'
import type {Registrar} from './registrar.ts'
import {fragmentOfRegistration} from './registration.ts'
import {PlannedReport, type Reports} from './reports.ts'
import type {ServiceFetch} from './service-fetch.ts'
import {PlannedRule} from './traffic.ts'

/** What a mesh is made of. */
export interface Parts {
  readonly mode: Mode
  readonly namespace: string
  readonly identity: Identity
  readonly operations: ReadonlyMap<string, Operations>
  readonly strict: boolean
  readonly context: Context
  readonly emitter: MeshEmitter
  readonly registrar: Registrar
  readonly clients: Clients
  readonly services: ServiceFetch
  readonly reports: Reports
  readonly reception: Reception
  /** Called with the first listener to `metric`. */
  readonly startMetrics: () => void
  readonly close: () => Promise<void>
}

/** Who this application is: what it registered first, else what its options say. */
export class Identity {
  #speaker: Speaker
  #self: ServiceName | undefined

  constructor(speaker: Speaker) {
    this.#speaker = speaker
  }

  get speaker(): Speaker {
    return this.#speaker
  }

  /** Undefined before anything was registered. */
  get self(): ServiceName | undefined {
    return this.#self
  }

  registered(service: ServiceName, version: string): void {
    if (this.#self !== undefined) return
    this.#self = service
    this.#speaker = {name: service.name, version}
  }
}

/** The mesh of one application: what its calls come to, out of parts that do the work. */
export class ApplicationMesh implements Mesh {
  readonly mode: Mode
  readonly namespace: string
  readonly #parts: Parts
  readonly #operations: Map<string, Operations>
  /** Clients are made once: their functions may be compared and remembered. */
  readonly #clients = new Map<string, object>()
  /** Those whose operations were passed, which handlers may do with every request. */
  readonly #given = new WeakMap<Operations, Map<string, object>>()
  #closed: Promise<void> | undefined
  #tellsMetrics = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.mode = parts.mode
    this.namespace = parts.namespace
    this.#operations = new Map(
      [...parts.operations].map(([name, operations]) => [keyOf(this.#named(name)), operations]),
    )
  }

  registerService(registration: ServiceRegistration): Handle {
    const {registrar, identity} = this.#parts
    const fragment = fragmentOfRegistration(registration, this.namespace)
    const handle = registrar.register(fragment)
    identity.registered(fragment.service, registration.version ?? '')
    if (registration.operations !== undefined) {
      this.#operations.set(keyOf(fragment.service), registration.operations)
      this.#clients.delete(keyOf(fragment.service))
    }
    return handle
  }

  getService<O extends Operations>(name: string, operations: O): Client<O>
  getService(name: string): UntypedClient
  getService(name: string, operations?: Operations): object {
    const service = this.#named(name)
    const key = keyOf(service)
    if (operations !== undefined) {
      const given = this.#given.get(operations) ?? new Map<string, object>()
      this.#given.set(operations, given)
      const client = given.get(key) ?? this.#parts.clients.typed(service, operations)
      given.set(key, client)
      return client
    }
    const client = this.#clients.get(key) ?? this.#client(service)
    this.#clients.set(key, client)
    return client
  }

  trafficManager(): TrafficManager {
    const plan = {
      targets: [],
      nameOf: (service: string) => this.#named(service),
      register: (fragment: (speaker: Speaker) => Fragment) => this.#register(fragment),
    }
    return {destination: (service, version) => new PlannedRule(plan).to(service, version)}
  }

  enableCanaryRelease(service: string, version: string, percent: number): Handle {
    const name = this.#named(service)
    return this.#register((speaker) => trafficFragment(speaker, 'canary', name, {canary: {version, percent}}))
  }

  disableCanaryRelease(service: string): Promise<void> {
    return this.#remove('canary', service)
  }

  enableCircuitBreaker(service: string, {threshold, timeout, recovery}: CircuitBreakerOptions): Handle {
    const name = this.#named(service)
    const circuitBreaker = {
      threshold,
      ...(timeout !== undefined && {timeout}),
      ...(recovery !== undefined && {recovery}),
    }
    return this.#register((speaker) => trafficFragment(speaker, 'circuit-breaker', name, {circuitBreaker}))
  }

  disableCircuitBreaker(service: string): Promise<void> {
    return this.#remove('circuit-breaker', service)
  }

  metrics(): MetricsReport {
    const {reports, identity} = this.#parts
    return new PlannedReport(reports, (service, namespace) => {
      const named = service === undefined ? identity.self : this.#named(service)
      if (named === undefined || namespace === undefined) return named
      return serviceNamed(`${named.name}.${namespace}`, this.namespace)
    })
  }

  on<Event extends keyof MeshListeners>(event: Event, listener: MeshListeners[Event]): this {
    this.#parts.emitter.on(event, listener)
    this.#listened(event)
    return this
  }

  once<Event extends keyof MeshListeners>(event: Event, listener: MeshListeners[Event]): this {
    this.#parts.emitter.once(event, listener)
    this.#listened(event)
    return this
  }

  off<Event extends keyof MeshListeners>(event: Event, listener: MeshListeners[Event]): this {
    this.#parts.emitter.off(event, listener)
    return this
  }

  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return this.#parts.services.fetch(input, init)
  }

  headers(): Record<string, string> {
    return this.#parts.context.headers()
  }

  withContext<T>(headers: InboundHeaders, work: () => T): T {
    return this.#parts.context.run(headers, work)
  }

  receive(request: InboundRequest): Inbound {
    return this.#parts.reception.receive(request)
  }

  ready(): Promise<void> {
    return this.#parts.registrar.ready()
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#parts.close())
  }

  #client(service: ServiceName): object {
    const {clients, strict} = this.#parts
    const operations = this.#operations.get(keyOf(service))
    if (operations !== undefined) return clients.typed(service, operations)
    if (!strict) return clients.untyped(service)
    throw new MeshRuleError(
      `getService: no operations of ${service.name} are known, and strict is on; pass them, or name them in the options' operations`,
    )
  }

  #register(fragment: (speaker: Speaker) => Fragment): Handle {
    const {registrar, identity} = this.#parts
    return registrar.register(fragment(identity.speaker))
  }

  async #remove(call: 'canary' | 'circuit-breaker', service: string): Promise<void> {
    const {registrar, identity} = this.#parts
    await registrar.remove(trafficFragment(identity.speaker, call, this.#named(service), {}))
  }

  #listened(event: keyof MeshListeners): void {
    if (event !== 'metric' || this.#tellsMetrics) return
    this.#tellsMetrics = true
    this.#parts.startMetrics()
  }

  #named(service: string): ServiceName {
    return serviceNamed(service, this.namespace)
  }
}

function keyOf({namespace, name}: ServiceName): string {
  return `${namespace}/${name}`
}
