import type {Measured, VersionMetrics} from './mesh.ts'

/** A service whose requests are counted. */
export interface Counted {
  readonly name: string
  readonly namespace: string
}

/** What one look found. */
export interface Reading extends Measured {
  /** Milliseconds that the numbers are about: what was asked for, or more where the source needs more. */
  readonly window: number
  readonly versions: readonly VersionMetrics[]
}

/** Looks at one service, again and again. */
export interface MetricProbe {
  /** What came in the last `interval` milliseconds, or more. Rejects where it cannot be known. */
  take(interval: number, signal: AbortSignal): Promise<Reading>
  close(): void
}

/** Where numbers come from: what this process saw, or a metrics server. */
export interface MetricSource {
  probe(service: Counted): MetricProbe
  close?(): Promise<void>
}

/** Of a service that nobody knows anything of. */
export const nothingKnown: Measured = {
  requests: null,
  rps: null,
  successRate: null,
  latency: {p50: null, p95: null, p99: null},
  responses: null,
  size: {request: null, response: null},
}
