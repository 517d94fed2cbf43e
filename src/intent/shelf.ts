import type {ServiceName} from './intent.ts'
import type {Rule} from './rule.ts'

/** Values by namespace and name. */
export class Grid<T> {
  readonly #rows = new Map<string, Map<string, T>>()

  get({namespace, name}: ServiceName): T | undefined {
    return this.#rows.get(namespace)?.get(name)
  }

  /** Names of a namespace. */
  names(namespace: string): Iterable<string> {
    return this.#rows.get(namespace)?.keys() ?? []
  }

  namespaces(): Iterable<string> {
    return this.#rows.keys()
  }

  *values(): Generator<T> {
    for (const row of this.#rows.values()) yield* row.values()
  }

  /** undefined takes the value away. */
  set({namespace, name}: ServiceName, value: T | undefined): void {
    const row = this.#rows.get(namespace) ?? new Map<string, T>()
    if (value === undefined) row.delete(name)
    else row.set(name, value)
    if (row.size === 0) this.#rows.delete(namespace)
    else this.#rows.set(namespace, row)
  }
}

/** Rule objects of one kind, by their own name and by the service that they are about. */
export class Shelf<R extends Rule<unknown>> {
  readonly own = new Grid<R>()
  readonly #about = new Grid<readonly R[]>()

  about(destination: ServiceName): readonly R[] {
    return this.#about.get(destination) ?? []
  }

  /** Names of services of a namespace that there is a rule about. */
  destinations(namespace: string): Iterable<string> {
    return this.#about.names(namespace)
  }

  /** Namespaces of services that there is a rule about. */
  namespaces(): Iterable<string> {
    return this.#about.namespaces()
  }

  put(name: ServiceName, after: R | undefined): void {
    const before = this.own.get(name)
    this.own.set(name, after)
    if (before !== undefined) {
      const others = this.about(before.destination).filter((rule) => rule !== before)
      this.#about.set(before.destination, others.length === 0 ? undefined : others)
    }
    if (after !== undefined) this.#about.set(after.destination, [...this.about(after.destination), after])
  }
}
