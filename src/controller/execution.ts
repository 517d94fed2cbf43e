import {failureOf, WriteFailure} from './failure.ts'
import type {Ledger} from './ledger.ts'
import {refOf, type ObjectRef} from './live.ts'
import type {Application, Plan, Removal} from './plan.ts'
import type {Writer} from './write.ts'

export interface ExecutionOptions {
  readonly unit: string
  readonly writer: Writer
  readonly ledger: Ledger
  /** Whether the API server has told us that it does not serve the kind of such an object. */
  readonly isMissing: (object: {readonly apiVersion?: string; readonly kind?: string}) => boolean
}

/** Carries out a plan step by step: what a failure keeps from being written is left out from there on. */
export class Execution {
  readonly #options: ExecutionOptions
  readonly #failures = new Map<string, WriteFailure>()
  /** Applied with more than is wanted, since others still named it. */
  readonly #bridges: Application[] = []

  constructor(options: ExecutionOptions) {
    this.#options = options
  }

  /** By the name of the part that they keep from being written. */
  get failures(): ReadonlyMap<string, WriteFailure> {
    return this.#failures
  }

  async apply({apply, remove}: Plan): Promise<void> {
    const {unit, writer, isMissing} = this.#options
    const isAlone = apply.length + remove.length === 1
    for (const application of apply) {
      const {object, parts, named, live} = application
      const before = parts.map((part) => this.#failures.get(part)).find((failure) => failure !== undefined)
      // What comes later in the mesh's order may need what could not be written.
      if (before !== undefined) this.#fail(parts, before)
      else {
        await this.#attempt(parts, async () => {
          if (isMissing(object)) throw notServed(object)
          if (named === undefined || live === undefined || isAlone) await writer.apply(unit, application)
          else if (await writer.bridge(unit, application)) this.#bridges.push(application)
        })
      }
    }
  }

  /** @param needed parts that have to stand first */
  async remove(removal: Removal, needed: readonly string[]): Promise<void> {
    const {writer, isMissing} = this.#options
    const {live} = removal
    if (needed.some((part) => this.#failures.has(part)) || isMissing(live)) return
    await this.#attempt(live.part.split('.'), () => writer.remove(removal))
  }

  /** Nothing names what fell away any more. */
  async finish(): Promise<void> {
    const {unit, writer, ledger} = this.#options
    for (const {live: _before, ...application} of this.#bridges) {
      const {object, parts} = application
      if (parts.some((part) => this.#failures.has(part))) continue
      const live = ledger.get(refOf(object))
      await this.#attempt(parts, () => writer.apply(unit, {...application, ...(live === undefined ? {} : {live})}))
    }
  }

  async #attempt(parts: readonly string[], write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      this.#fail(parts, failureOf(error))
    }
  }

  #fail(parts: readonly string[], failure: WriteFailure): void {
    for (const part of parts) this.#failures.set(part, failure)
  }
}

function notServed({apiVersion = '', kind = ''}: Partial<ObjectRef>): WriteFailure {
  return new WriteFailure('MW6401', `the cluster does not know ${kind} of ${apiVersion}: its CRD is not installed`)
}
