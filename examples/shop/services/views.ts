import {clearScreenDown, moveCursor} from 'node:readline'
import {table} from '../../../src/cli/report.ts'
import type {Metric, MetricName, Span} from '../../../src/sdk/index.ts'

/** The spans of one trace as a tree, whoever reported them. */
export function treeOf(spans: readonly Span[]): string {
  const known = new Set(spans.map(({id}) => id))
  const below = Map.groupBy(spans, ({parent}) => (known.has(parent) ? parent : ''))
  const first = Math.min(...spans.map(({start}) => start))
  const lines: string[] = []
  const show = (parent: string, indent: string): void => {
    const children = (below.get(parent) ?? []).toSorted((one, other) => one.start - other.start)
    for (const [index, span] of children.entries()) {
      const isLast = index === children.length - 1
      const mark = parent === '' ? '' : isLast ? '└─ ' : '├─ '
      const what = `${indent}${mark}${span.service}  ${span.name}`
      const when = `+${(span.start - first).toFixed(1)} ms`.padStart(10)
      lines.push(
        `${what.padEnd(68)}${when}${`${span.duration.toFixed(1)} ms`.padStart(10)}${span.error ? '  failed' : ''}`,
      )
      show(span.id, parent === '' ? indent : `${indent}${isLast ? '   ' : '│  '}`)
    }
  }
  show('', '')
  return lines.join('\n')
}

/** The last number of each kind that services reported of themselves and of those they call. */
export class MetricsView {
  readonly #rows = new Map<string, Map<MetricName, number | null>>()

  /** @param seenBy the service that reports */
  take(seenBy: string, {service, version, name, value}: Metric): void {
    const key = [service, version, seenBy].join('\t')
    const row = this.#rows.get(key) ?? new Map<MetricName, number | null>()
    this.#rows.set(key, row.set(name, value))
  }

  /** One line for each who was called, by each of its callers, below a heading. */
  text(): string {
    return table(['SERVICE', 'VERSION', 'SEEN BY', 'REQUESTS', 'RPS', 'SUCCESS', 'P50 MS', 'P95 MS'], this.rows())
  }

  /** What was seen of those who were called, by the callers. */
  rows(): readonly (readonly string[])[] {
    return [...this.#rows]
      .map(([key, row]) => ({key: key.split('\t'), row}))
      .filter(
        ({key: [service, version, seenBy]}) => service !== seenBy && (version !== '' || service !== 'product-service'),
      )
      .toSorted((one, other) => (one.key.join() < other.key.join() ? -1 : 1))
      .map(({key: [service = '', version = '', seenBy = ''], row}) => [
        service,
        version,
        seenBy,
        shown(row.get('requests')),
        shown(row.get('rps'), 1),
        percent(row.get('success_rate')),
        shown(row.get('latency_p50'), 1),
        shown(row.get('latency_p95'), 1),
      ])
  }
}

function shown(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? '-' : value.toFixed(digits)
}

function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : `${(value * 100).toFixed(1)} %`
}

/** Text at the end of a terminal that is written anew in its place. Elsewhere only what it comes to in the end shows. */
export class LiveText {
  readonly #stream: NodeJS.WritableStream & {readonly isTTY?: boolean}
  #lines = 0

  constructor(stream: NodeJS.WritableStream & {readonly isTTY?: boolean}) {
    this.#stream = stream
  }

  show(text: string): void {
    if (this.#stream.isTTY) this.#replace(text)
  }

  /** The last of it, which stays. */
  end(text: string): void {
    this.#replace(text)
    this.#lines = 0
  }

  #replace(text: string): void {
    if (this.#lines > 0) {
      moveCursor(this.#stream, 0, -this.#lines)
      clearScreenDown(this.#stream)
    }
    this.#stream.write(text)
    this.#lines = text.split('\n').length - 1
  }
}
