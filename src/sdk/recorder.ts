import {createHistogram, type RecordableHistogram} from 'node:perf_hooks'
import type {Measured} from './mesh.ts'
import {noResponse, responseClass} from './response-class.ts'

/** Answers of one service, or of one version of it, since the last look. */
export class Recorder {
  readonly #latencies: RecordableHistogram = createHistogram({highest: 3_600_000_000})
  #responses: Record<string, number> = {}
  #requests = 0
  #failures = 0

  /** `duration` in milliseconds; `status`: 0 where no answer came. A failure is that, or a 5xx. */
  record(duration: number, status: number): void {
    const responses = responseClass(status) ?? noResponse
    this.#requests++
    if (status === 0 || status >= 500) this.#failures++
    this.#responses[responses] = (this.#responses[responses] ?? 0) + 1
    // Microseconds; the histogram holds whole numbers from 1.
    this.#latencies.record(Math.max(1, Math.round(duration * 1000)))
  }

  /** What came since the last call, over `window` milliseconds. Without requests nothing is known but their number. */
  take(window: number): Measured {
    const [requests, failures, responses] = [this.#requests, this.#failures, this.#responses]
    const percentile = (p: number) => (requests === 0 ? null : this.#latencies.percentile(p) / 1000)
    const measured: Measured = {
      requests,
      rps: requests / (window / 1000),
      successRate: requests === 0 ? null : (requests - failures) / requests,
      latency: {p50: percentile(50), p95: percentile(95), p99: percentile(99)},
      responses,
      // Of a body that streams through nobody counts the bytes.
      size: {request: null, response: null},
    }
    this.#requests = 0
    this.#failures = 0
    this.#responses = {}
    this.#latencies.reset()
    return measured
  }
}
