/** What the controller counts, in plain numbers; `metrics.ts` shows them to Prometheus when it asks. */
export class Tally {
  /** By verb and kind: `apply VirtualService`. */
  readonly writes = new Map<string, number>()
  /** By code. */
  readonly failures = new Map<string, number>()
  /** By what is watched: since when it may be out of date, in seconds since 1970. */
  readonly staleSince = new Map<string, number>()
  reconciles = 0
  /** Of units that were as they should be. */
  unchanged = 0
  /** Told to nobody, for there were too many at a time. */
  droppedEvents = 0
  leads = false
  /** Called with the seconds that a reconcile took, where somebody collects them. */
  observe: ((seconds: number) => void) | undefined

  wrote(verb: string, kind: string): void {
    count(this.writes, `${verb} ${kind}`)
  }

  reconciled(writes: number, seconds: number): void {
    this.reconciles++
    if (writes === 0) this.unchanged++
    this.observe?.(seconds)
  }

  failed(code: string): void {
    count(this.failures, code)
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
