/** One number about one service, over one interval; null where nothing is known: never 0 for no data. */
export interface Metric {
  readonly service: string
  readonly namespace: string
  /** '' for all versions together. */
  readonly version: string
  readonly name: MetricName
  readonly value: number | null
  readonly unit: 'requests' | 'requests/s' | 'ratio' | 'ms' | 'bytes'
  /** Milliseconds that the value is about. */
  readonly window: number
}

export const metricNames = [
  'requests',
  'rps',
  'success_rate',
  'latency_p50',
  'latency_p95',
  'latency_p99',
  // Told only where the mesh measures them.
  'request_size',
  'response_size',
] as const
/** What a metric counts; latencies are percentiles. */
export type MetricName = (typeof metricNames)[number]

export const units: Readonly<Record<MetricName, Metric['unit']>> = {
  requests: 'requests',
  rps: 'requests/s',
  success_rate: 'ratio',
  latency_p50: 'ms',
  latency_p95: 'ms',
  latency_p99: 'ms',
  request_size: 'bytes',
  response_size: 'bytes',
}

/** One call, or the handling of one request. */
export interface Span {
  readonly id: string
  /** '' for the first one. */
  readonly parent: string
  readonly service: string
  /** `GET /orders/1`. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly start: number
  /** Milliseconds. */
  readonly duration: number
  readonly error: boolean
}

/** A whole trace, once it has gone quiet. */
export interface Trace {
  readonly id: string
  /** Milliseconds from the first start to the last end. */
  readonly duration: number
  readonly rootService: string
  readonly spans: readonly Span[]
  readonly error: boolean
}

export interface MeshEvents {
  metric: [Metric]
  trace: [Trace]
  /** What went wrong in the background: a rule that was not taken, a report that failed. */
  error: [Error]
}
