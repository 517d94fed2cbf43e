import type {MeshName} from '../../mesh/mesh.ts'
import type {Counted, MetricProbe, MetricSource, Reading} from '../metric-source.ts'
import type {PrometheusClient} from './client.ts'
import {queriesOf} from './queries.ts'
import {readingOf} from './reading.ts'

export interface PrometheusSourceOptions {
  readonly client: PrometheusClient
  /** Asked until it has answered once. */
  readonly mesh: () => Promise<MeshName>
  /** Milliseconds between two scrapes of the sidecars. */
  readonly scrapeInterval: number
}

/** A rate needs two scrapes: one in a window of one scrape is nothing, and four bear that one fails. */
const scrapesInWindow = 4
/** More than any mesh makes of one service, and few enough for a query. */
const mostParts = 100

/** What the sidecars of a mesh counted, as a Prometheus has scraped it. */
export class PrometheusMetrics implements MetricSource {
  readonly #options: PrometheusSourceOptions
  #mesh: Promise<MeshName> | undefined

  constructor(options: PrometheusSourceOptions) {
    this.#options = options
  }

  probe(service: Counted): MetricProbe {
    return {take: (interval, signal) => this.#take(service, interval, signal), close: () => undefined}
  }

  close(): Promise<void> {
    return this.#options.client.close()
  }

  async #take(service: Counted, interval: number, signal: AbortSignal): Promise<Reading> {
    const {client, scrapeInterval} = this.#options
    const queries = queriesOf[await this.#known()]
    const window = Math.max(interval, scrapesInWindow * scrapeInterval)
    const ask = (query: string | undefined) => (query === undefined ? [] : client.query(query, signal))
    const related = await ask(queries.related?.(service, window))
    const parts = related.flatMap(({labels: {part}}) => part ?? []).slice(0, mostParts)
    const subject = {service, window, parts}
    const [counts, durations, sizes] = await Promise.all([
      ask(queries.counts(subject)),
      ask(queries.durations(subject)),
      ask(queries.sizes?.(subject)),
    ])
    return readingOf({counts, durations, sizes}, window, service, queries)
  }

  async #known(): Promise<MeshName> {
    const mesh = (this.#mesh ??= this.#options.mesh())
    try {
      return await mesh
    } catch (error) {
      if (this.#mesh === mesh) this.#mesh = undefined
      throw error
    }
  }
}
