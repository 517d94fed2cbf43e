import type {Clock} from '../kube/clock.ts'
import {milliseconds} from '../rules/value.ts'
import {every} from './clock.ts'
import {MeshClosedError, MeshRuleError} from './errors.ts'
import {metricNames, units, type Metric, type MetricName} from './events.ts'
import type {Measured, MetricsReport, Report, ServiceMetrics} from './mesh.ts'
import type {Counted, MetricProbe, MetricSource} from './metric-source.ts'
import type {ProcessMetrics} from './process-metrics.ts'

/** Milliseconds between two reports where nobody says. */
export const usualInterval = 10_000

/** Reports that run. */
export class Reports {
  readonly #source: MetricSource
  readonly #clock: Clock
  readonly #fail: (error: unknown) => void
  readonly #running = new Set<Report>()
  readonly #closing = new AbortController()

  constructor(source: MetricSource, clock: Clock, fail: (error: unknown) => void) {
    this.#source = source
    this.#clock = clock
    this.#fail = fail
  }

  /** @param interval milliseconds. @throws MeshClosedError */
  start(service: Counted, interval: number, tell: (data: ServiceMetrics) => unknown): Report {
    if (this.#closing.signal.aborted) throw new MeshClosedError()
    const probe = this.#source.probe(service)
    const timer = every(this.#clock, interval, async () => {
      try {
        const data = await this.#look(service, probe, interval)
        if (this.#running.has(report)) await tell(data)
      } catch (error) {
        if (this.#running.has(report)) this.#fail(error)
      }
    })
    const report: Report = {
      stop: () => {
        if (!this.#running.delete(report)) return
        timer.stop()
        probe.close()
      },
    }
    this.#running.add(report)
    return report
  }

  /** Tells one number after the other of each service that received requests in an interval. */
  startEvents(process: ProcessMetrics, interval: number, tell: (metric: Metric) => void): void {
    process.onSeen((service) => {
      if (this.#closing.signal.aborted) return
      this.start(service, interval, ({versions, window, ...all}) => {
        if (all.requests === null || all.requests === 0) return
        for (const measured of [{version: '', ...all}, ...versions]) {
          for (const [name, value] of numbers(measured)) {
            const {name: of, namespace} = service
            tell({service: of, namespace, version: measured.version, name, value, unit: units[name], window})
          }
        }
      })
    })
  }

  async close(): Promise<void> {
    this.#closing.abort(new MeshClosedError())
    for (const report of this.#running) report.stop()
    await this.#source.close?.()
  }

  async #look({name, namespace}: Counted, probe: MetricProbe, interval: number): Promise<ServiceMetrics> {
    const reading = await probe.take(interval, this.#closing.signal)
    return {service: name, namespace, ...reading}
  }
}

function numbers({
  requests,
  rps,
  successRate,
  latency,
  size,
}: Measured): readonly (readonly [MetricName, number | null])[] {
  const values: Readonly<Record<MetricName, number | null>> = {
    requests,
    rps,
    success_rate: successRate,
    latency_p50: latency.p50,
    latency_p95: latency.p95,
    latency_p99: latency.p99,
    request_size: size.request,
    response_size: size.response,
  }
  return metricNames
    .filter((name) => units[name] !== 'bytes' || values[name] !== null)
    .map((name) => [name, values[name]])
}

interface PlannedReportOptions {
  readonly service?: string
  readonly namespace?: string
  readonly interval?: string
}

/** What `metrics()` puts together. */
export class PlannedReport implements MetricsReport {
  readonly #options: PlannedReportOptions
  readonly #reports: Reports
  readonly #counted: (service: string | undefined, namespace: string | undefined) => Counted | undefined

  /** @param counted fills in what was not said; undefined where there is no service to speak of. @throws MeshRuleError */
  constructor(
    reports: Reports,
    counted: (service: string | undefined, namespace: string | undefined) => Counted | undefined,
    options: PlannedReportOptions = {},
  ) {
    this.#reports = reports
    this.#counted = counted
    this.#options = options
  }

  service(service: string): PlannedReport {
    return this.#with({service})
  }

  namespace(namespace: string): PlannedReport {
    return this.#with({namespace})
  }

  interval(interval: string): PlannedReport {
    return this.#with({interval})
  }

  report(tell: (data: ServiceMetrics) => unknown): Report {
    const {service, namespace, interval} = this.#options
    if (typeof tell !== 'function') throw new MeshRuleError('metrics: report needs a function to call back')
    const counted = this.#counted(service, namespace)
    if (counted === undefined) throw new MeshRuleError('metrics: name a service, or register one first')
    const time = interval === undefined ? usualInterval : milliseconds(interval)
    if (time === undefined) {
      throw new MeshRuleError(
        `metrics: interval must be a duration from 1ms to 24h such as 10s, found ${JSON.stringify(interval)}`,
      )
    }
    return this.#reports.start(counted, time, tell)
  }

  #with(change: PlannedReportOptions): PlannedReport {
    return new PlannedReport(this.#reports, this.#counted, {...this.#options, ...change})
  }
}
