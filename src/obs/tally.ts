import type {MeshName} from '../mesh/mesh.ts'

/** A set of labels that none but ourselves choose, and how often it came. */
export interface DecisionCount {
  readonly mesh: MeshName
  readonly decision: string
  readonly code: string
  count: number
}

/**
 * What the process counts, in plain numbers: adding one is all that a request pays. `src/obs/metrics.ts` shows them to
 * Prometheus when it asks.
 */
export class Tally {
  readonly #decisions = new Map<string, DecisionCount>()
  /** Called with the seconds that an answer took, where somebody collects them. */
  observe: ((seconds: number) => void) | undefined
  /** Requests turned away with 429. */
  sheds = 0
  /** How often configuration and objects were put into force; 1 after the start. */
  generation = 0
  configurationErrors = 0
  lastReloadSuccessful = true
  /** Watches of the cluster that are out of touch, and since when, in seconds since 1970. */
  readonly staleSince = new Map<string, number>()
  certificateErrors = 0
  /** Seconds since 1970. */
  certificateExpiry = 0

  decided(mesh: MeshName, decision: string, code: string, seconds: number): void {
    const key = `${mesh} ${decision} ${code}`
    const known = this.#decisions.get(key)
    if (known === undefined) this.#decisions.set(key, {mesh, decision, code, count: 1})
    else known.count++
    this.observe?.(seconds)
  }

  get decisions(): Iterable<DecisionCount> {
    return this.#decisions.values()
  }
}
