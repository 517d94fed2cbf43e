import type {Source} from '../intent/origin.ts'
import {shownSource} from '../intent/site.ts'
import type {Report} from './status.ts'

/** What every unit reports of every source. */
export class StatusBook {
  /** By source, then by unit. */
  readonly #reports = new Map<string, Map<string, Report>>()
  readonly #sourcesOf = new Map<string, readonly string[]>()

  /** Takes the place of all that the unit reported before. Returns the keys of the sources that this concerns. */
  report(unit: string, reports: readonly {readonly source: Source; readonly report: Report}[]): ReadonlySet<string> {
    const keys = reports.map(({source}) => shownSource(source))
    const before = this.#sourcesOf.get(unit) ?? []
    for (const key of before) {
      const ofSource = this.#reports.get(key)
      ofSource?.delete(unit)
      if (ofSource?.size === 0) this.#reports.delete(key)
    }
    for (const {source, report} of reports) {
      const key = shownSource(source)
      const ofSource = this.#reports.get(key)
      if (ofSource === undefined) this.#reports.set(key, new Map([[unit, report]]))
      else ofSource.set(unit, report)
    }
    if (keys.length === 0) this.#sourcesOf.delete(unit)
    else this.#sourcesOf.set(unit, keys)
    return new Set([...before, ...keys])
  }

  reportsOn(source: Source): Iterable<Report> {
    return this.#reports.get(shownSource(source))?.values() ?? []
  }

  /** Units that report of the source. */
  unitsOf(source: Source): Iterable<string> {
    return this.#reports.get(shownSource(source))?.keys() ?? []
  }
}
