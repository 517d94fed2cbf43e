import {createHistogram, type RecordableHistogram} from 'node:perf_hooks'
import type {MetricName} from './events.ts'

/** What one interval held of one service, or of one version of it. */
export type Summary = Readonly<Record<MetricName, number | null>>

/** Answers of one service since the last look. */
export class Recorder {
  readonly #latencies: RecordableHistogram = createHistogram({highest: 3_600_000_000})
  #requests = 0
  #failures = 0

  /** `duration` in milliseconds; a failure is a 5xx or no answer. */
  record(duration: number, ok: boolean): void {
    this.#requests++
    if (!ok) this.#failures++
    // Microseconds; the histogram holds whole numbers from 1.
    this.#latencies.record(Math.max(1, Math.round(duration * 1000)))
  }

  /** What came since the last call, over `window` milliseconds. Without requests nothing is known but their number. */
  take(window: number): Summary {
    const [requests, failures] = [this.#requests, this.#failures]
    const percentile = (p: number) => (requests === 0 ? null : this.#latencies.percentile(p) / 1000)
    const summary: Summary = {
      requests,
      rps: requests / (window / 1000),
      success_rate: requests === 0 ? null : (requests - failures) / requests,
      latency_p50: percentile(50),
      latency_p95: percentile(95),
      latency_p99: percentile(99),
    }
    this.#requests = 0
    this.#failures = 0
    this.#latencies.reset()
    return summary
  }
}
