import {keyOf, type LiveObject, type ObjectRef} from './live.ts'

/** Everything in the cluster that we have written to, by object and by unit. */
export class Ledger {
  readonly #objects = new Map<string, LiveObject>()
  /** Keys; lists, since a set weighs as much as what is kept of an object. */
  readonly #byUnit = new Map<string, readonly string[]>()

  /**
   * Takes in what was read or written. Returns whether it is news: what a watch tells of our own writes is not, and what
   * is older than what we know is not taken.
   */
  set(object: LiveObject): boolean {
    const key = keyOf(object)
    const before = this.#objects.get(key)
    if (before !== undefined && before.uid === object.uid && object.version < before.version) return false
    const isNews = before === undefined || !saysTheSame(before, object)
    if (before !== undefined && before.unit !== object.unit) this.#leave(before.unit, key)
    // What its fields meant when we applied them, they mean as long as they stay.
    const means = object.means ?? (isNews ? undefined : before.means)
    this.#objects.set(key, means === undefined ? object : {...object, means})
    const ofUnit = this.#byUnit.get(object.unit)
    if (ofUnit?.includes(key) !== true) this.#byUnit.set(object.unit, [...(ofUnit ?? []), key])
    return isNews
  }

  /**
   * Returns what is gone; undefined where we had no part in it, or in another object of the name: news of the old one
   * comes after we have made a new one.
   */
  delete(ref: ObjectRef, uid?: string): LiveObject | undefined {
    const key = keyOf(ref)
    const before = this.#objects.get(key)
    if (before === undefined || (uid !== undefined && uid !== before.uid)) return undefined
    this.#objects.delete(key)
    this.#leave(before.unit, key)
    return before
  }

  get(ref: ObjectRef): LiveObject | undefined {
    return this.#objects.get(keyOf(ref))
  }

  ofUnit(unit: string): readonly LiveObject[] {
    return [...(this.#byUnit.get(unit) ?? [])].flatMap((key) => this.#objects.get(key) ?? [])
  }

  /** Units that have written anything that is still there. */
  units(): Iterable<string> {
    return this.#byUnit.keys()
  }

  get size(): number {
    return this.#objects.size
  }

  #leave(unit: string, key: string): void {
    const left = this.#byUnit.get(unit)?.filter((each) => each !== key) ?? []
    if (left.length === 0) this.#byUnit.delete(unit)
    else this.#byUnit.set(unit, left)
  }
}

function saysTheSame(a: LiveObject, b: LiveObject): boolean {
  return (
    a.uid === b.uid &&
    a.digest === b.digest &&
    a.applied === b.applied &&
    a.unit === b.unit &&
    a.part === b.part &&
    a.mode === b.mode &&
    a.touched === b.touched &&
    a.leaving === b.leaving
  )
}
