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

  /** `duration` in milliseconds; `version`: '' where none is told apart; `status`: 0 where no answer came. */
  record(service: Counted, version: string, duration: number, status: number): void {
    const key = keyOf(service)
    if (!this.#seen.has(key)) {
      this.#seen.add(key)
      for (const tell of this.#onSeen) tell({name: service.name, namespace: service.namespace})
    }
    for (const {all, byVersion} of this.#known.get(key)?.tallies ?? []) {
      all.record(duration, status)
      if (version === '') continue
      const own = byVersion.get(version) ?? new Recorder()
      byVersion.set(version, own)
      own.record(duration, status)
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
        const all = tally.all.take(window)
        const versions = [...tally.byVersion].map(([version, recorder]) => ({version, ...recorder.take(window)}))
        // That nobody asked it yet is no number.
        return {window, ...(this.#seen.has(key) ? all : nothingKnown), versions}
      },
      close: () => {
        known.tallies.delete(tally)
        if (known.tallies.size === 0) this.#known.delete(key)
      },
    }
  }
}

function keyOf({namespace, name}: Counted): string {
  return `${namespace}/${name}`
}
