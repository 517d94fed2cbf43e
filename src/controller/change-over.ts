import type {Built} from '../intent/built.ts'
import type {ServiceIntent, ServiceName} from '../intent/intent.ts'
import {meshUnit, pathOf, reconciledBy, serviceUnit} from '../intent/unit.ts'

export interface ChangeOverOptions {
  /** Units that wait to be reconciled, or are in work. */
  readonly pending: () => ReadonlySet<string>
  /** Whether the cluster holds all that a unit wants now. */
  readonly isInPlace: (unit: string) => boolean
}

/**
 * A unit that has moved to another mesh gives up what it has of the old one when the new one's objects stand, and not only
 * its own: Consul keeps with the caller what the others keep with the service called, and what holds for a namespace, or
 * for the mesh as a whole, goes last.
 */
export class ChangeOver {
  readonly #options: ChangeOverOptions
  /** Units that wait, by the unit that they wait for. */
  readonly #waiting = new Map<string, Set<string>>()

  constructor(options: ChangeOverOptions) {
    this.#options = options
  }

  /** A unit that is to come first; undefined where all is ready. */
  before({unit, wanted}: Built): string | undefined {
    const {pending, isInPlace} = this.#options
    const about = reconciledBy(unit)
    if (about.kind === 'service') {
      const partners = wanted?.kind === 'service' ? partnersIn(wanted.intent) : []
      return partners.map(serviceUnit).find((partner) => partner !== unit && !isInPlace(partner))
    }
    const services = about.kind === 'namespace' ? `service/${pathOf(about.namespace)}/` : ''
    // Whatever came last: the others are done by then, mostly.
    return [...pending()].findLast((other) => other !== meshUnit && other !== unit && other.startsWith(services))
  }

  wait(unit: string, first: string): void {
    const waiting = this.#waiting.get(first)
    if (waiting === undefined) this.#waiting.set(first, new Set([unit]))
    else waiting.add(unit)
  }

  /** Units that waited for this one, and wait no longer. */
  take(unit: string): readonly string[] {
    const waiting = this.#waiting.get(unit)
    this.#waiting.delete(unit)
    return [...(waiting ?? [])]
  }
}

/** Services whose breaker this one keeps on some mesh, and services that may keep the breaker of this one. */
function partnersIn({calls, traffic}: ServiceIntent): readonly ServiceName[] {
  const callers = traffic?.breaker === undefined ? [] : traffic.callers.filter(({reachable}) => reachable)
  return [...calls.map(({destination}) => destination), ...callers.map(({service}) => service)]
}
