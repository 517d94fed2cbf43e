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

/** Rule objects by the services that they name beside the one they are about. */
export class Mentions<R extends Rule<unknown>> {
  readonly #byService = new Grid<Set<R>>()
  readonly #named: (rule: R) => readonly ServiceName[]

  constructor(named: (rule: R) => readonly ServiceName[]) {
    this.#named = named
  }

  of(service: ServiceName): Iterable<R> {
    return this.#byService.get(service) ?? []
  }

  isOf(service: ServiceName): boolean {
    return this.#byService.get(service) !== undefined
  }

  names(namespace: string): Iterable<string> {
    return this.#byService.names(namespace)
  }

  namespaces(): Iterable<string> {
    return this.#byService.namespaces()
  }

  /** One version of a rule in the place of another; returns the services that either names. */
  move(before: R | undefined, after: R | undefined): readonly ServiceName[] {
    const [past, present] = [before, after].map((rule) => (rule === undefined ? [] : this.#named(rule)))
    for (const service of past ?? []) {
      const rules = this.#byService.get(service)
      if (before !== undefined) rules?.delete(before)
      if (rules?.size === 0) this.#byService.set(service, undefined)
    }
    for (const service of present ?? []) {
      const rules = this.#byService.get(service) ?? new Set()
      if (after !== undefined) this.#byService.set(service, rules.add(after))
    }
    return [...(past ?? []), ...(present ?? [])]
  }
}
