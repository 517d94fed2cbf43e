import {nothingKnown, type Counted, type Reading} from '../metric-source.ts'
import type {Measured} from '../mesh.ts'
import type {Sample} from './answer.ts'
import type {MeshQueries} from './queries.ts'

/** What the queries were answered. */
export interface Answers {
  readonly counts: readonly Sample[]
  readonly durations: readonly Sample[]
  readonly sizes: readonly Sample[]
}

/** Puts the answers of one look together. What nobody counted stays null: a 0 is a series that did not grow. */
export function readingOf(answers: Answers, window: number, service: Counted, queries: MeshQueries): Reading {
  const ofVersion = (version: string | undefined): Measured =>
    measured(
      {
        counts: answers.counts.filter(({labels}) => labels['version'] === version),
        durations: answers.durations.filter(({labels}) => labels['version'] === version),
        sizes: answers.sizes.filter(({labels}) => labels['version'] === version),
      },
      window,
      queries,
    )
  const versions = [...new Set(answers.counts.flatMap(({labels: {version}}) => version ?? []))].toSorted()
  return {
    window,
    ...ofVersion(undefined),
    versions: versions.map((version) => ({
      version: queries.versionOf?.(version, service) ?? version,
      ...ofVersion(version),
    })),
  }
}

function measured({counts, durations, sizes}: Answers, window: number, queries: MeshQueries): Measured {
  if (counts.length === 0) return nothingKnown
  const responses: Record<string, number> = {}
  let [requests, failures] = [0, 0]
  for (const {labels, value} of counts) {
    const ending = queries.ending(labels)
    requests += value
    if (ending.failed) failures += value
    responses[ending.responses] = (responses[ending.responses] ?? 0) + value
  }
  const valued = (samples: readonly Sample[], label: string, wanted: string) =>
    samples.find(({labels}) => labels[label] === wanted)?.value ?? null
  return {
    // Prometheus extends growth to the edges of the window: 9.7 requests are 10.
    requests: Math.round(requests),
    rps: requests / (window / 1000),
    successRate: requests === 0 ? null : (requests - failures) / requests,
    responses: Object.fromEntries(
      Object.entries(responses).flatMap(([name, count]) => (count > 0 ? [[name, Math.round(count)]] : [])),
    ),
    latency: {
      p50: valued(durations, 'quantile', 'p50'),
      p95: valued(durations, 'quantile', 'p95'),
      p99: valued(durations, 'quantile', 'p99'),
    },
    size: {request: whole(valued(sizes, 'of', 'request')), response: whole(valued(sizes, 'of', 'response'))},
  }
}

function whole(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes)
}
