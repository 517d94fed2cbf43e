import {serviceOfHost} from '../intent/host.ts'
import type {Access, ServiceName} from '../intent/intent.ts'
import type {ConnectOptions} from '../kube/client.ts'
import type {Clock} from '../kube/clock.ts'
import type {MeshName} from '../mesh/mesh.ts'
import {Identity, type Parts} from './application-mesh.ts'
import {Clients} from './client.ts'
import {systemClock} from './clock.ts'
import {ClusterTransport} from './cluster/transport.ts'
import {Context, type SpanContext} from './context.ts'
import {MeshEmitter} from './emitter.ts'
import {portFromKubelet, type Environment} from './environment.ts'
import {MeshRuleError} from './errors.ts'
import {Reception} from './inbound.ts'
import {randomFrom} from './local/random.ts'
import {LocalStore} from './local/store.ts'
import {objectsOf} from './local/processes.ts'
import {LocalTransport} from './local/transport.ts'
import {installedOpenTelemetry} from './open-telemetry.ts'
import type {MeshOptions} from './options.ts'
import {ClosableTransport, LocalOutbound} from './outbound.ts'
import {ProcessMetrics} from './process-metrics.ts'
import {PrometheusClient} from './prometheus/client.ts'
import {PrometheusMetrics} from './prometheus/source.ts'
import {Registrar} from './registrar.ts'
import {Reports} from './reports.ts'
import {DeferredStore, type RuleStore} from './rules.ts'
import {ServiceFetch} from './service-fetch.ts'
import {settingsOf, type Settings} from './settings.ts'
import {TracedTransport, type Ended} from './traced.ts'
import {Traces} from './traces.ts'
import type {Transport, Try} from './transport.ts'

/** What a test puts in the place of the machine. */
export interface Surroundings {
  readonly clock?: Clock
  /** In the place of the network and of the cluster. */
  readonly fakes?: {readonly transport: Transport; readonly store: RuleStore}
}

/** Puts the parts of a mesh together. @throws MeshConfigError, MeshRuleError */
export function assemble(
  options: MeshOptions,
  environment: Environment,
  {clock = systemClock, fakes}: Surroundings = {},
): Parts {
  const settings = settingsOf(options, environment)
  const {mode, namespace} = settings
  const emitter = new MeshEmitter()
  const fail = (error: unknown) => emitter.fail(error)
  const {openTelemetry = installedOpenTelemetry()} = options
  const context = new Context(options.propagation, openTelemetry === false ? undefined : openTelemetry)
  const identity = new Identity(settings.speaker)
  const metrics = new ProcessMetrics()
  const traces = new Traces((trace) => emitter.tell('trace', trace), clock)

  const onTry = ({service, version, status, duration}: Try): void => {
    // What arrives here is counted where it arrives.
    if (!isSame(service, identity.self)) metrics.record(service, version, duration, status)
  }
  const ground =
    fakes === undefined
      ? groundOf(settings, {options, environment, clock, onTry, fail})
      : {...fakes, accessOf: () => undefined, isService: () => true}
  const registrar = new Registrar(ground.store, clock, fail)
  const isWatched = () => emitter.listenerCount('trace') > 0
  const onBegin = ({sampled, traceId}: SpanContext): void => {
    if (sampled && isWatched()) traces.begin(traceId)
  }
  const onSpan = ({span, name, start, duration, error}: Ended): void => {
    const {id, parent, traceId, sampled} = span
    // What has begun ends, though nobody listens any more.
    if (!sampled || !(isWatched() || traces.isOpen(traceId))) return
    traces.add(traceId, {id, parent, service: identity.speaker.name, name, start, duration, error})
  }
  const self = () => identity.self ?? {namespace, name: identity.speaker.name}
  const local = new LocalOutbound(ground.transport, {rulesUnderWay: () => registrar.underWay, caller: self})
  const transport = new ClosableTransport(
    new TracedTransport(mode === 'local' ? local : ground.transport, {
      context,
      clock,
      named: mode === 'local',
      isWatched,
      onBegin,
      onSpan,
    }),
  )
  const source = options.metrics ?? prometheusFor(settings, {options, environment, fail}) ?? metrics
  const reports = new Reports(source, clock, fail)
  return {
    mode,
    namespace,
    identity,
    operations: new Map(Object.entries(options.operations ?? {})),
    strict: options.strict ?? false,
    context,
    emitter,
    registrar,
    clients: new Clients(transport, context),
    services: new ServiceFetch({context, transport, serviceAt: (url) => serviceAt(url, namespace, ground.isService)}),
    reports,
    reception: new Reception({
      context,
      clock,
      namespace,
      self: () => identity.self,
      accessOf: ground.accessOf,
      onBegin,
      onEnd(ended, status) {
        onSpan(ended)
        const {self, speaker} = identity
        if (self !== undefined) metrics.record(self, speaker.version, ended.duration, status)
      },
    }),
    startMetrics: () =>
      reports.startEvents(metrics, settings.metricInterval, (metric) => emitter.tell('metric', metric)),
    async close() {
      registrar.close()
      await reports.close()
      traces.flush()
      await transport.close()
      await ground.store.close()
    },
  }
}

/** Where rules are kept and calls go. */
interface Ground {
  readonly store: RuleStore
  readonly transport: Transport
  readonly accessOf: (service: ServiceName) => Access | undefined
  /** Whether a host that could be the name of a service is one. */
  readonly isService: (service: ServiceName, host: string) => boolean
}

interface Around {
  readonly options: MeshOptions
  readonly environment: Environment
  readonly clock: Clock
  readonly onTry: (attempt: Try) => void
  readonly fail: (error: unknown) => void
}

function groundOf(settings: Settings, around: Around): Ground {
  return settings.mode === 'local' ? localGround(settings, around) : clusterGround(settings, around)
}

function localGround(settings: Settings, {options, environment, clock, onTry, fail}: Around): Ground {
  const {configuration, environment: name, namespace, rules} = settings
  const endpoints = environment.isPod
    ? settings.endpoints.or((service) => originOf(service, undefined, settings, environment))
    : settings.endpoints
  const store = new LocalStore(configuration, name, [...objectsOf(settings.endpoints, namespace), ...rules])
  // Listeners come after the mesh.
  setImmediate(() => {
    for (const problem of store.problems()) fail(new MeshRuleError(problem))
  })
  const transport = new LocalTransport({
    endpoints,
    trafficOf: (service) => store.trafficOf(service),
    random: randomFrom(options.seed),
    now: () => clock.monotonic(),
    onTry,
  })
  return {
    store,
    transport,
    accessOf: (service) => store.accessOf(service),
    isService: (service) => endpoints.of(service).length > 0,
  }
}

function clusterGround(settings: Settings, {options, environment, clock, onTry}: Around): Ground {
  const store = new DeferredStore(async () => {
    // Only now: whoever runs on a laptop never loads a Kubernetes client.
    const [{ClusterStore}, {connect}] = await Promise.all([import('./cluster/store.ts'), import('../kube/client.ts')])
    return new ClusterStore(() => connect(clusterOf(options, environment)))
  })
  const transport = new ClusterTransport({
    originOf: (service, port) => originOf(service, port, settings, environment),
    now: () => clock.monotonic(),
    onTry,
  })
  return {
    store,
    transport,
    accessOf: () => undefined,
    isService: (service, host) => {
      if (settings.endpoints.of(service).length > 0 || host.includes('.svc')) return true
      // example.com could be the service example of the namespace com: only names that cannot be elsewhere are ours.
      return host !== 'localhost' && (!host.includes('.') || host === `${service.name}.${settings.namespace}`)
    },
  }
}

/** Which cluster is meant, and who calls it. */
function clusterOf({kubeconfig, context}: MeshOptions, {variables}: Environment): ConnectOptions {
  return {
    env: variables,
    ...(kubeconfig !== undefined && {kubeconfig}),
    ...(context !== undefined && {context}),
  }
}

/** The Prometheus that somebody named. Of whose sidecars it tells, the cluster is asked where nobody says. */
function prometheusFor(
  {prometheus, mode, namespace}: Settings,
  {options, environment, fail}: Pick<Around, 'options' | 'environment' | 'fail'>,
): PrometheusMetrics | undefined {
  if (prometheus === undefined) return undefined
  const {mesh: known, scrapeInterval} = prometheus
  const mesh = async (): Promise<MeshName> => {
    if (known !== undefined || mode === 'local') return known ?? 'istio'
    const [{meshOfCluster}, {connect}] = await Promise.all([
      import('./cluster/mesh-of-cluster.ts'),
      import('../kube/client.ts'),
    ])
    return meshOfCluster(() => connect(clusterOf(options, environment)), namespace, fail)
  }
  return new PrometheusMetrics({client: new PrometheusClient(prometheus), mesh, scrapeInterval})
}

/** Where a service is in the cluster: by Kubernetes' DNS, where nobody says otherwise. */
function originOf(
  service: ServiceName,
  port: number | undefined,
  {endpoints, namespace}: Settings,
  {variables}: Environment,
): string {
  const [known] = endpoints.of(service)
  if (known !== undefined) return known.url
  const fromKubelet = service.namespace === namespace ? portFromKubelet(variables, service.name) : undefined
  return `http://${service.name}.${service.namespace}:${port ?? fromKubelet ?? 80}`
}

function serviceAt(url: URL, home: string, isService: Ground['isService']): ServiceName | undefined {
  const {protocol, hostname} = url
  const service = protocol === 'http:' ? serviceOfHost(hostname, home) : undefined
  return service !== undefined && isService(service, hostname) ? service : undefined
}

function isSame(one: ServiceName, other: ServiceName | undefined): boolean {
  return one.name === other?.name && one.namespace === other.namespace
}
