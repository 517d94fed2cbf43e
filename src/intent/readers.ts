import type {Fact} from './fact.ts'
import type {Unit} from './unit.ts'

/** Who has read what: of tens of thousands of units most read nothing but what is their own anyway, and cost nothing here. */
export class Readers {
  readonly #byFact = new Map<Fact, Set<Unit>>()
  readonly #byUnit = new Map<Unit, readonly Fact[]>()

  of(fact: Fact): Iterable<Unit> {
    return this.#byFact.get(fact) ?? []
  }

  /** In place of what the unit read before. */
  note(unit: Unit, facts: ReadonlySet<Fact>): void {
    for (const fact of this.#byUnit.get(unit) ?? []) {
      const readers = this.#byFact.get(fact)
      readers?.delete(unit)
      if (readers?.size === 0) this.#byFact.delete(fact)
    }
    for (const fact of facts) {
      const readers = this.#byFact.get(fact)
      if (readers === undefined) this.#byFact.set(fact, new Set([unit]))
      else readers.add(unit)
    }
    if (facts.size === 0) this.#byUnit.delete(unit)
    else this.#byUnit.set(unit, [...facts])
  }
}
