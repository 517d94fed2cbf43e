import type {Source} from '../intent/origin.ts'
import {shownSource} from '../intent/site.ts'
import type {Report} from './status.ts'

/** The report of one unit. */
interface Single {
  readonly unit: string
  readonly report: Report
}

/** What every unit reports of every source. */
export class StatusBook {
  /** By source. Most have one unit, and a map for each of these would weigh more than all that it holds. */
  readonly #reports = new Map<string, Single | Map<string, Report>>()
  readonly #sourcesOf = new Map<string, readonly string[]>()

  /** Takes the place of all that the unit reported before. Returns the keys of the sources that this concerns. */
  report(unit: string, reports: readonly {readonly source: Source; readonly report: Report}[]): ReadonlySet<string> {
    const keys = reports.map(({source}) => shownSource(source))
    const before = this.#sourcesOf.get(unit) ?? []
    for (const key of before) this.#drop(key, unit)
    for (const {source, report} of reports) this.#put(shownSource(source), {unit, report})
    if (keys.length === 0) this.#sourcesOf.delete(unit)
    else this.#sourcesOf.set(unit, keys)
    return new Set([...before, ...keys])
  }

  reportsOn(source: Source): Iterable<Report> {
    const found = this.#reports.get(shownSource(source))
    if (found === undefined) return []
    return found instanceof Map ? found.values() : [found.report]
  }

  /** Units that report of the source. */
  unitsOf(source: Source): Iterable<string> {
    const found = this.#reports.get(shownSource(source))
    if (found === undefined) return []
    return found instanceof Map ? found.keys() : [found.unit]
  }

  #put(key: string, single: Single): void {
    const found = this.#reports.get(key)
    if (found instanceof Map) found.set(single.unit, single.report)
    else if (found === undefined || found.unit === single.unit) this.#reports.set(key, single)
    else this.#reports.set(key, new Map([found, single].map(({unit, report}) => [unit, report])))
  }

  #drop(key: string, unit: string): void {
    const found = this.#reports.get(key)
    if (!(found instanceof Map)) {
      if (found?.unit === unit) this.#reports.delete(key)
      return
    }
    found.delete(unit)
    if (found.size === 0) this.#reports.delete(key)
  }
}
