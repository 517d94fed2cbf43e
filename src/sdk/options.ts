import type {MeshConfiguration} from './configuration.ts'
import type {OpenTelemetry, Propagation} from './context.ts'
import type {Mode} from './mesh.ts'
import type {MetricSource} from './metric-source.ts'
import type {MeshServices, Operations} from './operation.ts'

/** Where a process of a service listens. */
export interface ServiceEndpoint {
  /** `http://127.0.0.1:3001`. */
  readonly url: string
  readonly version?: string
  /** As its pod would have them. */
  readonly labels?: Readonly<Record<string, string>>
}

/** A URL, a port (of this machine, or of the service in the cluster), or several processes. */
export type ServiceLocation = string | number | ServiceEndpoint | readonly (string | ServiceEndpoint)[]

/** How metrics of the mesh are read. */
export interface PrometheusOptions {
  /** Where its HTTP API is, such as `http://prometheus.istio-system:9090`; else MESHWRIGHT_PROMETHEUS. */
  readonly url?: string
  /** Whose sidecars it scrapes; else MESHWRIGHT_MESH, the configuration's `mesh.type`, the cluster's MeshConfig, istio. */
  readonly mesh?: 'istio' | 'linkerd' | 'consul'
  /** Sent with every query: `{authorization: 'Bearer ...'}`. */
  readonly headers?: Readonly<Record<string, string>>
  /** For one query; 10s where absent. */
  readonly timeout?: string
  /** How often sidecars are scraped; 15s where absent. Reports are about no less than four scrapes. */
  readonly scrapeInterval?: string
}

/** Everything has a default: the environment's variables, then the place where the process runs. */
export interface MeshOptions {
  /** `local` or `cluster`; else MESHWRIGHT_MODE, else `cluster` where there is one and `enableBypass` is not set. */
  readonly mode?: Mode
  /** What this application is called until it registers; else MESHWRIGHT_SERVICE, OTEL_SERVICE_NAME. */
  readonly service?: string
  /** Else MESHWRIGHT_VERSION. */
  readonly version?: string
  /** Else MESHWRIGHT_NAMESPACE, the pod's, `default`. */
  readonly namespace?: string
  /** A configuration, or the paths of files, later ones over earlier ones; else MESHWRIGHT_CONFIG. */
  readonly configuration?: MeshConfiguration | string | readonly string[]
  /** An environment of the configuration; else MESHWRIGHT_ENV, else NODE_ENV where the configuration has it. */
  readonly environment?: string
  /** Rules are applied in process, cluster or not; else the configuration's `mesh.trafficManagement.enableBypass`. */
  readonly enableBypass?: boolean
  /** Where services are, or the path of a file (YAML or JSON) that says so; else MESHWRIGHT_SERVICES. */
  readonly services?: string | Readonly<Record<string, ServiceLocation>>
  /** Local mode: rule objects (AccessPolicy, TrafficPolicy), or the paths of files of them; else MESHWRIGHT_RULES. */
  readonly rules?: readonly (string | object)[]
  /** Contracts by service: what `getService(NAME)` calls. */
  readonly operations?: {readonly [Name in keyof MeshServices]?: MeshServices[Name]} & Readonly<
    Record<string, Operations>
  >
  /** A service without operations is an error instead of a client whose types nobody knows. */
  readonly strict?: boolean
  /** Headers that go on from inbound requests to outbound calls, beside the usual ones. */
  readonly propagation?: Propagation
  /** `@opentelemetry/api`, by default where it is installed; false: never. */
  readonly openTelemetry?: OpenTelemetry | false
  /** Where metrics come from; by default the Prometheus that is named, else what this process saw itself. */
  readonly metrics?: MetricSource
  /** The Prometheus that scrapes the mesh's sidecars, or its URL; else MESHWRIGHT_PROMETHEUS. */
  readonly prometheus?: string | PrometheusOptions
  /** Time between two `metric` events, such as `10s`. */
  readonly metricInterval?: string
  /** Local mode: makes shares repeatable. */
  readonly seed?: number
  readonly kubeconfig?: string
  readonly context?: string
}
