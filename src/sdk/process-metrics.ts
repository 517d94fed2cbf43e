import type {Measured} from './mesh.ts'
import {nothingKnown, type Counted, type MetricProbe, type MetricSource} from './metric-source.ts'
import {Recorder} from './recorder.ts'

/** Requests of one service since the last look, all together and by version. */
interface Tally {
  readonly all: Recorder
  readonly byVersion: Map<string, Recorder>
}

interface Known {
  readonly service: Counted
  readonly tallies: Set<Tally>
}

/**
 * What this process saw itself. It counts tries and not calls, since that is what the meshes' own metrics of a destination
 * count: a call that was answered at the third try is three requests, two of them failures.
 */
export class ProcessMetrics implements MetricSource {
  readonly #known = new Map<string, Known>()
  readonly #seen = new Set<string>()
  readonly #onSeen = new Set<(service: Counted) => void>()

  /** `duration` in milliseconds; `version`: '' where none is told apart. */
  record(service: Counted, version: string, duration: number, ok: boolean): void {
    const key = keyOf(service)
    if (!this.#seen.has(key)) {
      this.#seen.add(key)
      for (const tell of this.#onSeen) tell({name: service.name, namespace: service.namespace})
    }
    for (const {all, byVersion} of this.#known.get(key)?.tallies ?? []) {
      all.record(duration, ok)
      if (version === '') continue
      const own = byVersion.get(version) ?? new Recorder()
      byVersion.set(version, own)
      own.record(duration, ok)
    }
  }

  /** Calls back for each service when its first request is seen, and at once for those seen already. */
  onSeen(tell: (service: Counted) => void): void {
    this.#onSeen.add(tell)
    for (const key of this.#seen) {
      const [namespace = '', name = ''] = key.split('/')
      tell({name, namespace})
    }
  }

  probe(service: Counted): MetricProbe {
    const key = keyOf(service)
    const tally: Tally = {all: new Recorder(), byVersion: new Map()}
    const known = this.#known.get(key) ?? {service, tallies: new Set()}
    this.#known.set(key, known)
    known.tallies.add(tally)
    return {
      take: async (window) => {
        const all = measured(tally.all, window)
        const versions = [...tally.byVersion].map(([version, recorder]) => ({version, ...measured(recorder, window)}))
        // That nobody asked it yet is no number.
        return {...(this.#seen.has(key) ? all : nothingKnown), versions}
      },
      close: () => {
        known.tallies.delete(tally)
        if (known.tallies.size === 0) this.#known.delete(key)
      },
    }
  }
}

function measured(recorder: Recorder, window: number): Measured {
  const {requests, rps, success_rate, latency_p50, latency_p95, latency_p99} = recorder.take(window)
  return {requests, rps, successRate: success_rate, latency: {p50: latency_p50, p95: latency_p95, p99: latency_p99}}
}

function keyOf({namespace, name}: Counted): string {
  return `${namespace}/${name}`
}
